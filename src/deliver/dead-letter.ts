/**
 * Messages that their lane gave up on: what the consumer could not process, however often it was asked. Where the record
 * has them due still and nobody knows them made, each log notes the round and why, and is taken up again; after a
 * bounded number of rounds it fails. Makes no attempt.
 */
import { judgeMessage } from "../core/message.ts";
import type { AttemptKey } from "../core/webhook-log.ts";
import { type BatchRules, type BatchVerbs, eachOnce, type Settlement, settleAll } from "./batch.ts";
import { ACK, type Handled, handleMessage, noteRound } from "./handle.ts";

/** Returns what becomes of each message. Rejects where the record can't be read: all of them then come back. */
export async function recordDeadLetters(
  keys: readonly AttemptKey[],
  rules: BatchRules,
  verbs: BatchVerbs,
): Promise<(key: AttemptKey) => Settlement> {
  const unique = eachOnce(keys);
  const logs = await verbs.read(unique);
  const means = { rules, verbs, now: verbs.now() };
  const handled = unique.map(async (key, index): Promise<Handled> => {
    const log = logs[index];
    const due = judgeMessage(key, log, means.now);
    if (due.kind === "early") return { key, settlement: ACK };
    if (due.kind !== "send" || log === undefined)
      return handleMessage({ key, log, due, admission: "send" }, means);
    return noteRound(key, log, { reason: "dead_letter", means });
  });
  return settleAll(await Promise.all(handled), rules, verbs);
}
