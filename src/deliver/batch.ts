/**
 * One batch of messages: one read → each call's object makes the attempt → one write of all results → successors.
 * Receives its verbs instead of an environment, so it runs under any runtime. Decides nothing about acks itself but
 * what becomes of each message; an attempt's meaning is decided in `core`.
 */
import { judgeMessage } from "../core/message.ts";
import type { SigningSecrets } from "../core/signing-secret.ts";
import { afterAttempt, nextSentAt, type RetryRules } from "../core/transition.ts";
import { type AttemptEntry, type AttemptKey, attemptKeyText } from "../core/webhook-log.ts";
import type { DueLog, Result } from "../record/results.ts";
import type { AttemptJob, Reply } from "./job.ts";

export interface BatchVerbs {
  /** The log of each key, in their order. Rejects where the record is away. */
  read: (keys: readonly AttemptKey[]) => Promise<(DueLog | undefined)[]>;
  /** The signing secrets of the log's org, or null where none can be had. */
  openSecrets: (log: DueLog) => Promise<SigningSecrets | null>;
  /** Rejects where the call's object was lost before it answered. */
  attempt: (job: AttemptJob) => Promise<Reply>;
  /** Asks the call's object for an attempt it may have made, and makes none. Rejects where the object was lost. */
  recall: (key: AttemptKey) => Promise<Reply>;
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
/** A payload that did not fit the batch's read: the next batch has room for it. */
const UNREAD_SECONDS = 0;
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
  const unique = [...new Map(keys.map((key) => [attemptKeyText(key), key])).values()];
  const handled = await attemptAll(unique, rules, verbs);
  const written = await writeAll(handled, verbs);
  for (const { key, settlement, result, lost } of handled) {
    const holds = written || (result === undefined && lost === undefined);
    settlements.set(attemptKeyText(key), holds ? settlement : again(RECORD_AWAY_SECONDS));
  }
  return (key) => settlements.get(attemptKeyText(key)) ?? ACK;
}

async function attemptAll(
  keys: readonly AttemptKey[],
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<Handled[]> {
  if (keys.length === 0) return [];
  let logs: (DueLog | undefined)[];
  try {
    logs = await verbs.read(keys);
  } catch (error) {
    console.error("A batch could not be read; its messages come back.", error);
    return keys.map((key) => ({ key, settlement: again(RECORD_AWAY_SECONDS) }));
  }
  const now = verbs.now();
  return Promise.all(keys.map((key, index) => handleKey(key, logs[index], { rules, verbs, now })));
}

interface Means {
  rules: BatchRules;
  verbs: BatchVerbs;
  now: number;
}

/** A log whose attempt can be made now. */
type ReadyLog = DueLog & { url: string; payload: string; send_type: NonNullable<DueLog["send_type"]> };

async function handleKey(key: AttemptKey, log: DueLog | undefined, means: Means): Promise<Handled> {
  const due = judgeMessage(key, log, means.now);
  if (due.kind === "early") return { key, settlement: again(due.delaySeconds) };
  if (due.kind === "replaced") return recallReplaced(key, means);
  if (due.kind === "stale" || !log?.url || !log.send_type) return { key, settlement: ACK };
  if (log.payload === null) return { key, settlement: again(UNREAD_SECONDS) };
  return makeDue(key, { ...log, url: log.url, payload: log.payload, send_type: log.send_type }, means);
}

/** An attempt that was under way when its delivery was replaced still belongs into the log's history. */
async function recallReplaced(key: AttemptKey, means: Means): Promise<Handled> {
  const reply = await means.verbs.recall(key).catch(() => null);
  if (reply === null) return { key, settlement: again(LOST_SECONDS) };
  if (reply.kind === "under_way") return { key, settlement: again(UNDER_WAY_SECONDS) };
  if (reply.kind === "superseded") return { key, settlement: ACK };
  return { key, settlement: ACK, result: resultOf(key, reply.entry, means) };
}

async function makeDue(key: AttemptKey, log: ReadyLog, means: Means): Promise<Handled> {
  const { rules, verbs } = means;
  const secrets = await verbs.openSecrets(log);
  if (secrets === null) {
    console.error(`No usable signing secret for org ${log.user_id}: its webhooks wait.`);
    return { key, settlement: again(NO_SECRET_SECONDS) };
  }
  const { delivery_ordinal, send_type, webhook_id, url, payload, last_sent_at } = log;
  const { deliveryTimeoutMs: timeoutMs } = rules;
  const job = {
    key,
    delivery_ordinal,
    send_type,
    webhook_id,
    url,
    payload,
    secrets,
    last_sent_at,
    timeoutMs,
  };
  const reply = await verbs.attempt(job).catch((error: unknown) => ({ kind: "lost", error }) as const);
  switch (reply.kind) {
    case "made":
      return { key, settlement: ACK, result: resultOf(key, reply.entry, means) };
    case "superseded":
      return { key, settlement: ACK };
    case "under_way":
      return { key, settlement: again(UNDER_WAY_SECONDS) };
    case "lost":
      console.warn(`The object of call ${key.call_id} was lost during attempt ${key.attempt}.`, reply.error);
      if (log.losses < LOST_REPEATS) return { key, settlement: again(LOST_SECONDS), lost: true };
      return { key, settlement: ACK, result: resultOf(key, interrupted(log, verbs.now()), means) };
  }
}

function resultOf(key: AttemptKey, entry: AttemptEntry, { rules, verbs }: Means): Result {
  const next = afterAttempt({ entry, attempt: key.attempt, rules, now: verbs.now(), random: verbs.random() });
  return { key, entry, next };
}

/** The entry of an attempt of which nobody can say any more how it went. */
const interrupted = (log: ReadyLog, now: number): AttemptEntry => ({
  send_type: log.send_type,
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
  const now = verbs.now();
  const successors = results.flatMap(({ key, next: { next_attempt_at } }) => {
    if (next_attempt_at === null || !moved.has(attemptKeyText(key))) return [];
    const delaySeconds = Math.max(0, Math.ceil((next_attempt_at - now) / 1_000));
    return [{ key: { ...key, attempt: key.attempt + 1 }, delaySeconds }];
  });
  try {
    if (successors.length > 0) await verbs.enqueue(successors);
  } catch (error) {
    console.warn("The queue did not take a batch's retries; the sweep will.", error);
  }
  return true;
}
