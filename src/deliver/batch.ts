/**
 * One batch of messages: one read → each call's object makes the attempt → one write of all results → successors.
 * Receives its verbs instead of an environment, so it runs under any runtime. Decides nothing about acks itself but
 * what becomes of each message; an attempt's meaning is decided in `core`.
 */
import { judgeMessage } from "../core/message.ts";
import { afterAttempt, nextSentAt, type RetryRules } from "../core/transition.ts";
import { type AttemptEntry, type AttemptKey, attemptKeyText } from "../core/webhook-log.ts";
import type { DueLog, Result } from "../record/results.ts";
import type { AttemptJob, Reply } from "./job.ts";

export interface BatchVerbs {
  /** The log of each key, in their order. Rejects where the record is away. */
  read: (keys: readonly AttemptKey[]) => Promise<(DueLog | undefined)[]>;
  /** The signing secret of the log's org, or null where it can't be had. */
  openSecret: (log: DueLog) => Promise<string | null>;
  /** Rejects where the call's object was lost before it answered. */
  attempt: (job: AttemptJob) => Promise<Reply>;
  /** Writes all in one transaction and returns the keys whose log moved on. Rejects where the record is away. */
  write: (writing: { results: Result[]; losses: AttemptKey[] }) => Promise<AttemptKey[]>;
  /** Sends successors. May fail: the schedule in the record stands without them. */
  enqueue: (successors: { key: AttemptKey; delaySeconds: number }[]) => Promise<void>;
  now: () => number;
  random: () => number;
}

export interface BatchRules extends RetryRules {
  deliveryTimeoutMs: number;
}

/** What becomes of a message: it is done with, or comes back after a while. */
export type Settlement = { kind: "ack" } | { kind: "retry"; delaySeconds: number };

const ACK: Settlement = { kind: "ack" };
const again = (delaySeconds: number): Settlement => ({ kind: "retry", delaySeconds });

/** A message whose attempt is under way comes back to join it. */
const UNDER_WAY_SECONDS = 3;
/** Soon enough to find the attempt in the memory of its object, which is kept for some 10 s. */
const RECORD_AWAY_SECONDS = 5;
/** An attempt whose object was lost is made again this much later, this many times, and then recorded as interrupted. */
const LOST_SECONDS = 5;
const LOST_REPEATS = 2;
/** An org without a usable signing secret waits for its operator. */
const NO_SECRET_SECONDS = 60;

/** What a batch did for one key. `result` and `lost` are to be written before `settlement` holds. */
interface Handled {
  key: AttemptKey;
  settlement: Settlement;
  result?: Result;
  lost?: true;
}

/** Handles every key once, however often it is named, and returns what becomes of its messages. */
export async function deliverBatch(
  keys: readonly AttemptKey[],
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<(key: AttemptKey) => Settlement> {
  const settlements = new Map<string, Settlement>();
  const handled: Handled[] = [];
  try {
    let rest = [...new Map(keys.map((key) => [attemptKeyText(key), key])).values()];
    while (rest.length > 0) {
      const { ready, settled, unread } = sortOut(rest, await verbs.read(rest), verbs.now());
      const made = ready.map(({ key, log }) => handleOne(key, log, { rules, verbs }));
      handled.push(...settled, ...(await Promise.all(made)));
      rest = unread;
    }
  } catch (error) {
    console.error("A batch could not be read; what it did read goes on.", error);
  }
  const written = await writeAll(handled, verbs);
  for (const { key, settlement, result, lost } of handled) {
    const holds = written || (result === undefined && lost === undefined);
    settlements.set(attemptKeyText(key), holds ? settlement : again(RECORD_AWAY_SECONDS));
  }
  return (key) => settlements.get(attemptKeyText(key)) ?? again(RECORD_AWAY_SECONDS);
}

/** A log whose attempt can be made now. */
type ReadyLog = DueLog & { url: string; payload: string; send_type: NonNullable<DueLog["send_type"]> };

/** Which attempts are to be made, which messages are settled already, and whose payloads did not fit this read. */
function sortOut(keys: readonly AttemptKey[], logs: readonly (DueLog | undefined)[], now: number) {
  const ready: { key: AttemptKey; log: ReadyLog }[] = [];
  const settled: Handled[] = [];
  const unread: AttemptKey[] = [];
  for (const [index, key] of keys.entries()) {
    const log = logs[index];
    const due = judgeMessage(key, log, now);
    if (due.kind === "early") settled.push({ key, settlement: again(due.delaySeconds) });
    else if (due.kind === "stale" || !log?.url || !log.send_type) settled.push({ key, settlement: ACK });
    else if (log.payload === null) unread.push(key);
    else ready.push({ key, log: { ...log, url: log.url, payload: log.payload, send_type: log.send_type } });
  }
  return { ready, settled, unread };
}

async function handleOne(
  key: AttemptKey,
  log: ReadyLog,
  { rules, verbs }: { rules: BatchRules; verbs: BatchVerbs },
): Promise<Handled> {
  const secret = await verbs.openSecret(log);
  if (secret === null) {
    console.error(`No usable signing secret for org ${log.user_id}: its webhooks wait.`);
    return { key, settlement: again(NO_SECRET_SECONDS) };
  }
  const { delivery_ordinal, send_type, webhook_id, url, payload, last_sent_at } = log;
  const { deliveryTimeoutMs: timeoutMs } = rules;
  const job = { key, delivery_ordinal, send_type, webhook_id, url, payload, secret, last_sent_at, timeoutMs };
  const reply = await verbs.attempt(job).catch((error: unknown) => ({ kind: "lost", error }) as const);
  switch (reply.kind) {
    case "made":
      return { key, settlement: ACK, result: resultOf(key, log, reply.entry, { rules, verbs }) };
    case "superseded":
      return { key, settlement: ACK };
    case "under_way":
      return { key, settlement: again(UNDER_WAY_SECONDS) };
    case "lost":
      console.warn(`The object of call ${key.call_id} was lost during attempt ${key.attempt}.`, reply.error);
      if (log.losses < LOST_REPEATS) return { key, settlement: again(LOST_SECONDS), lost: true };
      return {
        key,
        settlement: ACK,
        result: resultOf(key, log, interrupted(log, verbs.now()), { rules, verbs }),
      };
  }
}

function resultOf(
  key: AttemptKey,
  log: ReadyLog,
  entry: AttemptEntry,
  { rules, verbs }: { rules: BatchRules; verbs: BatchVerbs },
): Result {
  const next = afterAttempt({ entry, attempt: key.attempt, rules, now: verbs.now(), random: verbs.random() });
  return { key, send_type: log.send_type, entry, next };
}

/** The entry of an attempt of which nobody can say any more how it went. */
const interrupted = (log: ReadyLog, now: number): AttemptEntry => ({
  sent_at: nextSentAt(now, log.last_sent_at),
  response_code: null,
  response_ms: 0,
  error: "interrupted",
  request_headers: {},
  response_headers: {},
  response_body: "",
});

/** Writes what there is to write and sends the successors of what took effect. False where the record is away. */
async function writeAll(handled: readonly Handled[], verbs: BatchVerbs): Promise<boolean> {
  const results = handled.flatMap(({ result }) => result ?? []);
  const losses = handled.flatMap(({ key, lost }) => (lost ? [key] : []));
  if (results.length + losses.length === 0) return true;
  let moved: Set<string>;
  try {
    moved = new Set((await verbs.write({ results, losses })).map(attemptKeyText));
  } catch (error) {
    console.error("A batch's results could not be written; its messages come back.", error);
    return false;
  }
  const successors = results.flatMap(({ key, next: { delaySeconds } }) => {
    if (delaySeconds === null || !moved.has(attemptKeyText(key))) return [];
    return [{ key: { ...key, attempt: key.attempt + 1 }, delaySeconds }];
  });
  try {
    if (successors.length > 0) await verbs.enqueue(successors);
  } catch (error) {
    console.warn("The queue did not take a batch's retries; the sweep will.", error);
  }
  return true;
}
