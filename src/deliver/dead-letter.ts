/**
 * Messages that their lane gave up on: what the consumer could not process, however often it was asked. The record has
 * them due still. Each log notes the round and why, and is taken up again; after a bounded number of rounds it fails.
 */
import { judgeMessage } from "../core/message.ts";
import type { AttemptKey } from "../core/webhook-log.ts";
import { type BatchRules, type BatchVerbs, type Settlement, settleAll } from "./batch.ts";
import { ACK, faultOf, type Handled } from "./handle.ts";

/** Returns what becomes of each message. Rejects where the record can't be read: all of them then come back. */
export async function recordDeadLetters(
  keys: readonly AttemptKey[],
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<(key: AttemptKey) => Settlement> {
  const logs = await verbs.read(keys);
  const now = verbs.now();
  const faulted = keys.flatMap((key, index): Handled[] => {
    const log = logs[index];
    if (log === undefined || judgeMessage(key, log, now).kind !== "send") return [];
    const fault = faultOf(key, log, { reason: "dead_letter", rules, now });
    return [{ key, settlement: ACK, write: { kind: "fault", fault, log } }];
  });
  return settleAll(faulted, rules, verbs);
}
