/**
 * Handles one batch of messages: one read, each call's object makes its attempt, one write of all results, then the
 * follow-up messages. It gets functions instead of an environment, so it runs under any runtime. It returns what
 * happens to each message and acks none itself. What an attempt means is decided in `core`.
 */
import { admit } from "../core/endpoint.ts";
import { judgeMessage } from "../core/message.ts";
import { withoutQuery } from "../core/target.ts";
import { type AttemptKey, attemptKeyText } from "../core/webhook-log.ts";
import type { EndpointKey } from "../record/endpoints.ts";
import type { Written } from "../record/results.ts";
import type { BatchRules, BatchVerbs } from "./context.ts";
import { followUp } from "./follow-up.ts";
import { handleMessage, type Judged } from "./handle.ts";
import {
  changesOf,
  endpointsOf,
  endpointText,
  operationalWebhooksOf,
  operationalWebhooksOfFaults,
  waitingAt,
} from "./health.ts";
import type { Handled } from "./outcome.ts";
import { isLimited, paceAll, unpaced } from "./pace.ts";
import { again, type Settlement } from "./settlement.ts";

const UNREADABLE_SECONDS = 5;
const UNDECIDED_SECONDS = 5;
/** By then the write was tried for 5 s. The attempt is still in its object's memory, which lasts some 10 s. */
const UNWRITABLE_SECONDS = 2;
/** An attempt whose call could not be parked because its log or endpoint changed since the read is judged again. */
const CHANGED_SECONDS = 1;

/** Handles each key once, even if several messages name it. Returns what happens to each message. */
export async function deliverBatch(
  keys: readonly AttemptKey[],
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<(key: AttemptKey) => Settlement> {
  return settleAll(await handleAll(eachOnce(keys), rules, verbs), rules, verbs);
}

export const eachOnce = (keys: readonly AttemptKey[]): AttemptKey[] => [
  ...new Map(keys.map((key) => [attemptKeyText(key), key])).values(),
];

/** Writes the results, sends the follow-up messages, and returns what happens to each message. */
export async function settleAll(
  handled: readonly Handled[],
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<(key: AttemptKey) => Settlement> {
  const settled = await writeAll(handled, rules, verbs);
  const settlements = new Map(settled.map(({ key, settlement }) => [attemptKeyText(key), settlement]));
  // An undecided message comes back. If it were acked, its attempt would wait for the sweep.
  return (key) => settlements.get(attemptKeyText(key)) ?? again(UNDECIDED_SECONDS);
}

async function handleAll(
  keys: readonly AttemptKey[],
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<Handled[]> {
  if (keys.length === 0) return [];
  let judged: Judged[];
  const now = verbs.now();
  try {
    judged = await judgeAll(keys, { verbs, now });
  } catch (error) {
    console.error("A batch could not be read; its messages come back.", error);
    return keys.map((key) => ({ key, settlement: again(UNREADABLE_SECONDS) }));
  }
  const mayAttempt = await verbs.takesWrites();
  const pacing = mayAttempt ? paceAll(judged, verbs).catch(unpaced) : null;
  const handled = judged.map(async (message) => {
    // The others don't wait until those of endpoints with a rate have their turns.
    const admission =
      pacing !== null && isLimited(message) ? await (await pacing)(message) : message.admission;
    return handleMessage({ ...message, admission }, { rules, verbs, now, mayAttempt });
  });
  return Promise.all(handled);
}

/** Reads the logs, and decides which attempts are due, and which calls are parked. */
async function judgeAll(
  keys: readonly AttemptKey[],
  { verbs, now }: { verbs: BatchVerbs; now: number },
): Promise<Judged[]> {
  const logs = await verbs.read(keys);
  return keys.map((key, index): Judged => {
    const log = logs[index];
    const verdict = judgeMessage(key, log, now);
    const send_type = verdict.kind === "send" ? log?.send_type : null;
    return { key, log, verdict, admission: log && send_type ? admit({ ...log, key, send_type }) : "send" };
  });
}

/** Writes the results, follows up on what took effect, and returns the settlements that then hold. */
async function writeAll(
  handled: readonly Handled[],
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<Handled[]> {
  const writes = handled.flatMap(({ write }) => write ?? []);
  if (writes.length === 0) return [...handled];
  const outcomes = writes.flatMap((write) => (write.kind === "result" ? [write] : []));
  const parked = handled.flatMap(({ key, write }) =>
    write?.kind === "parking" ? [{ key, log: write.log }] : [],
  );
  const faulted = writes.flatMap((write) => (write.kind === "fault" ? [write] : []));
  const context = { rules, now: verbs.now(), newId: verbs.newId };
  const observed = endpointsOf(outcomes);
  const endpoints = changesOf(observed, context);
  let written: Written;
  try {
    const waiting = await waitingAt({ observed, endpoints }, verbs);
    written = await verbs.write({
      results: outcomes.map(({ result }) => result),
      losses: writes.flatMap((write) => (write.kind === "loss" ? [write.loss] : [])),
      faults: faulted.map(({ fault }) => fault),
      slots: writes.flatMap((write) => (write.kind === "slot" ? [write.slot] : [])),
      parked: parked.flatMap(({ key, log }) => (log.is_suspended ? [] : [key])),
      suspended: parked.flatMap(({ key, log }) => (log.is_suspended ? [key] : [])),
      parking: parkingOf(writes),
      endpoints,
      operationalWebhooks: [
        ...operationalWebhooksOf({ outcomes, observed, endpoints, waiting }, context),
        ...operationalWebhooksOfFaults(faulted, context),
      ],
      now: context.now,
    });
  } catch (error) {
    console.error("A batch's results could not be written; its messages come back.", error);
    return handled.map((message) =>
      message.write === undefined ? message : { ...message, settlement: again(UNWRITABLE_SECONDS) },
    );
  }
  const moved = new Set(written.moved.map(attemptKeyText));
  const unappended = new Set(written.unappended.map(attemptKeyText));
  await followUp({ handled, moved, written, observed, endpoints }, rules, verbs);
  return handled.map((message) => {
    if (unappended.has(attemptKeyText(message.key)))
      return { ...message, settlement: again(UNWRITABLE_SECONDS) };
    const isStillDue = message.write?.kind === "parking" && !moved.has(attemptKeyText(message.key));
    return isStillDue ? { ...message, settlement: again(CHANGED_SECONDS) } : message;
  });
}

/** The endpoints at which calls are parked by these writes, each once, and which are to wake for them. */
function parkingOf(writes: readonly NonNullable<Handled["write"]>[]): EndpointKey[] {
  const logs = writes.flatMap((write) => {
    const isParking =
      (write.kind === "parking" && !write.log.is_suspended) ||
      (write.kind === "result" && write.result.next.parked !== null);
    return isParking ? [write.log] : [];
  });
  const keys = logs.map(({ user_id, url }) => ({ user_id, url: withoutQuery(url ?? "") }));
  return [...new Map(keys.map((key) => [endpointText(key), key])).values()];
}
