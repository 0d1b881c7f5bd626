/**
 * The cron's work. It enqueues late logs and late endpoints again (no queue message is relied on), removes old logs,
 * old rows of the audit and endpoints that are long well, erases what is to be erased, re-encrypts secrets, and reports
 * what it did. Each part runs even if an earlier one failed; only, nothing is
 * enqueued while the record takes no writes.
 */
import type { AttemptKey } from "../core/webhook-log.ts";
import type { EndpointKey } from "../record/endpoints.ts";

export interface SweepVerbs {
  /** Rejects if the record takes no writes. */
  tryWrite: () => Promise<void>;
  /** The size of the database in bytes. */
  readSize: () => Promise<number>;
  /** Walks on over the logs by one step, and marks the first attempts that are late. */
  walk: () => Promise<{ isAtEnd: boolean }>;
  /** Up to `limit` late logs: the attempt each waits for. */
  readOverdue: (limit: number) => Promise<AttemptKey[]>;
  /** Moves the time at which the sweep takes these logs again. */
  claim: (keys: AttemptKey[]) => Promise<void>;
  enqueue: (keys: AttemptKey[]) => Promise<void>;
  /** Lets endpoints of an unsuspended org wake, a step of them; false if there are none left. */
  wakeUnsuspended: () => Promise<boolean>;
  /** Up to `limit` endpoints that should have woken. */
  readLateWakes: (limit: number) => Promise<EndpointKey[]>;
  enqueueWakes: (endpoints: EndpointKey[]) => Promise<void>;
  /** Removes old logs; returns how many. */
  remove: () => Promise<number>;
  /** Forgets endpoints without settings that are long well; returns how many. */
  forget: () => Promise<number>;
  /** Removes what is left of calls that were erased long ago, old idempotency keys, and sessions that have ended. */
  removeExpired: () => Promise<void>;
  /** Erases the content of delivered calls whose orgs want that; returns how many logs lost it. */
  eraseContents: () => Promise<number>;
  /** Goes on erasing an org that is to be erased; returns how many are gone. */
  eraseOrg: () => Promise<number>;
  /** Removes old rows of the audit; returns how many. */
  removeActs: () => Promise<number>;
  /** Goes on counting what orgs store. */
  countUsage: () => Promise<void>;
  /** What to report about re-encrypted signing secrets; null for nothing. */
  reencrypt: () => Promise<object | null>;
  readLateness: () => Promise<object>;
  print: (line: object) => void;
}

/** How many endpoints one sweep wakes. The next sweep goes on with those that are latest then. */
const WAKE_LIMIT = 1_000;

/** The size of one round: a read, a send and a write. */
const ROUND_LIMIT_LOGS = 100;
/** The rounds of one sweep. The next sweep goes on. */
const ROUNDS = 100;

/**
 * The steps of the walk in one sweep: more than what is reported in a minute. A step is up to six queries, and D1 takes
 * 1,000 of one invocation, of which the rounds below need up to 400.
 */
const WALK_STEPS = 60;

/** Rejects if a part failed, after all parts have run. */
export async function sweep(verbs: SweepVerbs): Promise<void> {
  const counts = { swept: 0, woken: 0, removed: 0, forgotten: 0, erased: 0, acts_removed: 0, orgs_erased: 0 };
  const failures: { part: string; error: unknown }[] = [];
  const take = (part: string, work: () => Promise<void>) =>
    work().catch((error: unknown) => void failures.push({ part, error }));

  await take("trial write", verbs.tryWrite);
  const takesWrites = failures.length === 0;
  if (takesWrites) {
    await take("walk", () => walkOn(verbs));
    await take("sweep", () => enqueueOverdue(verbs, counts));
    await take("unsuspended", () => wakeOn(verbs));
    await take("wake", async () => {
      const late = await verbs.readLateWakes(WAKE_LIMIT);
      if (late.length > 0) await verbs.enqueueWakes(late);
      counts.woken = late.length;
    });
  }
  await take("removal", async () => {
    counts.removed = await verbs.remove();
  });
  await take("forgetting", async () => {
    counts.forgotten = await verbs.forget();
  });
  await take("erasure", async () => {
    counts.erased = await verbs.eraseContents();
    await verbs.removeExpired();
  });
  await take("erasure of orgs", async () => {
    counts.orgs_erased = await verbs.eraseOrg();
  });
  await take("audit", async () => {
    counts.acts_removed = await verbs.removeActs();
  });
  await take("usage", verbs.countUsage);
  await take("reencrypt", async () => {
    const reencrypted = await verbs.reencrypt();
    if (reencrypted !== null) verbs.print({ event: "reencrypt", ...reencrypted });
  });
  if (Object.values(counts).every((count) => count === 0) && failures.length === 0) return;
  let lateness = {};
  await take("lateness", async () => {
    lateness = await verbs.readLateness();
  });
  const size = takesWrites ? {} : { database_bytes: await verbs.readSize().catch(() => null) };
  const [first] = failures;
  verbs.print({
    event: "sweep",
    ...counts,
    ...lateness,
    ...size,
    ...(first && { error: describe(failures) }),
  });
  if (first !== undefined) throw first.error;
}

async function walkOn(verbs: SweepVerbs): Promise<void> {
  for (let step = 0; step < WALK_STEPS; step++) if ((await verbs.walk()).isAtEnd) return;
}

/** How many steps one sweep makes for unsuspended orgs. */
const UNSUSPENDED_STEPS = 5;

/** Their messages are those of late wakes, a sweep later: an operator's request has made the first step already. */
async function wakeOn(verbs: SweepVerbs): Promise<void> {
  for (let step = 0; step < UNSUSPENDED_STEPS; step++) if (!(await verbs.wakeUnsuspended())) return;
}

async function enqueueOverdue(verbs: SweepVerbs, counts: { swept: number }): Promise<void> {
  for await (const keys of inRounds(verbs.readOverdue)) {
    // Claimed only after the send: what the queue did not take is left for the next sweep, and a repeated message
    // does no harm.
    await verbs.enqueue(keys);
    counts.swept += keys.length;
    await verbs.claim(keys);
  }
}

const describe = (failures: readonly { part: string; error: unknown }[]): string =>
  failures
    .map(({ part, error }) => `${part}: ${error instanceof Error ? error.message : String(error)}`)
    .join("; ");

/** Takes rounds until nothing is left. Each round is finished before the next is taken. */
async function* inRounds(take: (limit: number) => Promise<AttemptKey[]>): AsyncGenerator<AttemptKey[]> {
  for (let round = 0; round < ROUNDS; round++) {
    const keys = await take(ROUND_LIMIT_LOGS);
    if (keys.length > 0) yield keys;
    if (keys.length < ROUND_LIMIT_LOGS) return;
  }
}
