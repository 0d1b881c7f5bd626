/**
 * Messages that their lane gave up on: what the consumer could not process, however often it was asked. Where the record
 * has them due still and nobody knows them made, each log notes the round and why, and is taken up again; after a
 * bounded number of rounds it fails. Makes no attempt.
 */
import { judgeMessage } from "../core/message.ts";
import type { AttemptKey } from "../core/webhook-log.ts";
import { eachOnce, settleAll } from "./batch.ts";
import type { BatchRules, BatchVerbs } from "./context.ts";
import { type Handled, handleMessage, noteRound } from "./handle.ts";
import { ACK, type Settlement } from "./settlement.ts";

/** Returns what becomes of each message. Rejects where the record can't be read: all of them then come back. */
export async function recordDeadLetters(
  keys: readonly AttemptKey[],
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<(key: AttemptKey) => Settlement> {
  const unique = eachOnce(keys);
  const logs = await verbs.read(unique);
  const context = { rules, verbs, now: verbs.now() };
  const handled = unique.map(async (key, index): Promise<Handled> => {
    const log = logs[index];
    const verdict = judgeMessage(key, log, context.now);
    if (verdict.kind === "early") return { key, settlement: ACK };
    if (verdict.kind !== "send" || log === undefined)
      return handleMessage({ key, log, verdict, admission: "send" }, context);
    return noteRound(key, log, { reason: "dead_letter", context });
  });
  return settleAll(await Promise.all(handled), rules, verbs);
}
