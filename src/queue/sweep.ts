/**
 * What the cron does: enqueues again what is late in the record, because no queue message is relied on; makes due what
 * waited for an endpoint; removes what is old; seals secrets again; and says what it did. Each part has its turn whatever
 * became of those before it.
 */
import type { AttemptKey } from "../core/webhook-log.ts";

export interface SweepVerbs {
  /** Up to `limit` late logs: the attempt each waits for. */
  readOverdue: (limit: number) => Promise<AttemptKey[]>;
  /** Has late logs come up again later. */
  claim: (keys: AttemptKey[]) => Promise<void>;
  /** Makes up to `limit` logs due that waited for an endpoint, and returns the attempt each waits for. */
  release: (limit: number) => Promise<AttemptKey[]>;
  enqueue: (keys: AttemptKey[]) => Promise<void>;
  /** Removes old logs; returns how many. */
  remove: () => Promise<number>;
  /** What there is to say of signing secrets that were sealed again; null where there is nothing. */
  reencrypt: () => Promise<object | null>;
  readLateness: () => Promise<object>;
  print: (line: object) => void;
}

/** What one round takes: a read, a send and a write. */
const ROUND_LIMIT_LOGS = 100;
/** What one sweep takes at most; the next one goes on. */
const ROUNDS = 100;

/** Rejects where a part failed, once all have had their turn. */
export async function sweep(verbs: SweepVerbs): Promise<void> {
  const counts = { swept: 0, released: 0, removed: 0 };
  const failures: { part: string; error: unknown }[] = [];
  const take = (part: string, work: () => Promise<void>) =>
    work().catch((error: unknown) => void failures.push({ part, error }));

  await take("sweep", () => enqueueOverdue(verbs, counts));
  await take("release", () => enqueueReleased(verbs, counts));
  await take("removal", async () => {
    counts.removed = await verbs.remove();
  });
  await take("reencrypt", async () => {
    const reencrypted = await verbs.reencrypt();
    if (reencrypted !== null) verbs.print({ event: "reencrypt", ...reencrypted });
  });
  if (counts.swept + counts.released + counts.removed + failures.length === 0) return;
  let lateness = {};
  await take("lateness", async () => {
    lateness = await verbs.readLateness();
  });
  const [first] = failures;
  verbs.print({ event: "sweep", ...counts, ...lateness, ...(first && { error: describe(failures) }) });
  if (first !== undefined) throw first.error;
}

async function enqueueOverdue(verbs: SweepVerbs, counts: { swept: number }): Promise<void> {
  for await (const keys of inRounds(verbs.readOverdue)) {
    // Claimed only then: what the queue did not take is for the next sweep, and what it gets twice does no harm.
    await verbs.enqueue(keys);
    counts.swept += keys.length;
    await verbs.claim(keys);
  }
}

async function enqueueReleased(verbs: SweepVerbs, counts: { released: number }): Promise<void> {
  for await (const keys of inRounds(verbs.release)) {
    counts.released += keys.length; // they are due from now on: where the queue does not take them, they are late soon
    await verbs.enqueue(keys);
  }
}

const describe = (failures: readonly { part: string; error: unknown }[]): string =>
  failures
    .map(({ part, error }) => `${part}: ${error instanceof Error ? error.message : String(error)}`)
    .join("; ");

/** What is there to take, a round at a time, until there is no more; each is done with before the next is taken. */
async function* inRounds(take: (limit: number) => Promise<AttemptKey[]>): AsyncGenerator<AttemptKey[]> {
  for (let round = 0; round < ROUNDS; round++) {
    const keys = await take(ROUND_LIMIT_LOGS);
    if (keys.length > 0) yield keys;
    if (keys.length < ROUND_LIMIT_LOGS) return;
  }
}
