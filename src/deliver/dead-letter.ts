/**
 * Messages that their lane gave up on: what the consumer could not process, however often it was asked. The record has
 * them due still. Each log notes the round and why, and is taken up again; after a bounded number of rounds it fails.
 */
import { judgeMessage } from "../core/message.ts";
import { type AttemptKey, attemptKeyText } from "../core/webhook-log.ts";
import { NOTHING } from "../record/results.ts";
import type { BatchRules, BatchVerbs } from "./batch.ts";
import { faultOf } from "./handle.ts";
import { faultNoticesOf } from "./health.ts";

/** Rejects where the record is away: the dead letters then come back. */
export async function recordDeadLetters(
  keys: readonly AttemptKey[],
  rules: BatchRules,
  verbs: Pick<BatchVerbs, "read" | "write" | "enqueue" | "now" | "newId">,
): Promise<void> {
  const logs = await verbs.read(keys);
  const now = verbs.now();
  const faulted = keys.flatMap((key, index) => {
    const log = logs[index];
    if (log === undefined || judgeMessage(key, log, now).kind !== "send") return [];
    return [{ fault: faultOf(key, log, { reason: "dead_letter", rules, now }), log }];
  });
  if (faulted.length === 0) return;
  const faults = faulted.map(({ fault }) => fault);
  const notices = faultNoticesOf(faulted, { rules, now, newId: verbs.newId });
  const { moved, notified } = await verbs.write({ ...NOTHING, faults, notices });
  const isMoved = new Set(moved.map(attemptKeyText));
  const again = faults.flatMap(({ key, next: { next_attempt_at: at } }) =>
    at === null || !isMoved.has(attemptKeyText(key))
      ? []
      : [{ key, delaySeconds: Math.ceil((at - now) / 1_000) }],
  );
  const successors = [...again, ...notified.map((key) => ({ key, delaySeconds: 0 }))];
  await verbs.enqueue(successors).catch((error: unknown) => {
    console.warn("The queue did not take what follows from dead letters; the sweep will.", error);
  });
}
