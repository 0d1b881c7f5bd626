/**
 * Handles messages that their lane gave up on because the consumer could not process them. If the attempt is still
 * due and its object does not know it, the log records the round and its reason, and the attempt is tried again
 * later. After a bounded number of rounds the delivery fails. Makes no attempt itself.
 */
import { judgeMessage } from "../core/message.ts";
import type { AttemptKey } from "../core/webhook-log.ts";
import { eachOnce, settleAll } from "./batch.ts";
import type { BatchRules, BatchVerbs } from "./context.ts";
import { handleMessage, recordFault } from "./handle.ts";
import type { Handled } from "./outcome.ts";
import { ACK, type Settlement } from "./settlement.ts";

/** Returns what happens to each message. Rejects if the record can't be read; then all messages come back. */
export async function recordDeadLetters(
  keys: readonly AttemptKey[],
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<(key: AttemptKey) => Settlement> {
  const unique = eachOnce(keys);
  const logs = await verbs.read(unique);
  const context = { rules, verbs, now: verbs.now(), mayAttempt: false };
  const handled = unique.map(async (key, index): Promise<Handled> => {
    const log = logs[index];
    const verdict = judgeMessage(key, log, context.now);
    if (verdict.kind === "early") return { key, settlement: ACK };
    if (verdict.kind !== "send" || log === undefined)
      return handleMessage({ key, log, verdict, admission: "send" }, context);
    return recordFault(key, log, { reason: "dead_letter", context });
  });
  return settleAll(await Promise.all(handled), rules, verbs);
}
