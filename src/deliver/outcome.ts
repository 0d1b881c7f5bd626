/** How the handling of a message ends: what is to be written for it, and what happens to it. It writes nothing itself. */
import type { AttemptReply } from "../call/attempt-request.ts";
import { withSettings } from "../core/endpoint-settings.ts";
import { afterAttempt, nextSentAt } from "../core/transition.ts";
import { type AttemptEntry, type AttemptKey, OPERATIONAL_EVENT } from "../core/webhook-log.ts";
import type { LoadedLog } from "../record/batch-read.ts";
import type { Fault, Loss, Result, Slot } from "../record/results.ts";
import type { BatchContext } from "./context.ts";
import { ACK, type Settlement } from "./settlement.ts";

/** A message whose attempt is under way comes back after this long, or sooner if the attempt must have ended by then. */
const UNDER_WAY_SECONDS = 3;

/** What has to be written before the message's settlement holds. */
type ToWrite =
  | { kind: "result"; result: Result; log: LoadedLog }
  | { kind: "loss"; loss: Loss }
  | { kind: "fault"; fault: Fault; log: LoadedLog }
  | { kind: "parking"; log: LoadedLog }
  | { kind: "slot"; slot: Slot };

export interface Handled {
  key: AttemptKey;
  settlement: Settlement;
  write?: ToWrite;
}

/** A log that has a delivery. */
export type DecidedLog = LoadedLog & { send_type: NonNullable<LoadedLog["send_type"]> };

export const underWay = ({ leftMs }: Extract<AttemptReply, { kind: "under_way" }>): Settlement => {
  const leftSeconds = Math.max(1, Math.ceil((leftMs ?? Number.POSITIVE_INFINITY) / 1_000));
  return { kind: "under_way", delaySeconds: Math.min(leftSeconds, UNDER_WAY_SECONDS) };
};

/** The attempt was made: it is recorded, with what follows from it for its log. */
export function recorded(
  key: AttemptKey,
  log: LoadedLog,
  { entry, context: { rules, verbs } }: { entry: AttemptEntry; context: BatchContext },
): Handled {
  const schedule = log.is_test
    ? { ...rules, retryScheduleMs: [] }
    : withSettings(rules, log.endpoint?.settings);
  const moment = { now: verbs.now(), random: verbs.random() };
  const next = afterAttempt({ entry, attempt: key.attempt, log, rules: schedule, ...moment });
  const erases = log.erases === 1 && next.status === "delivered" && key.event !== OPERATIONAL_EVENT;
  const result = {
    ...{ key, entry, next },
    ...(erases && { erases: 1 as const }),
    ...(log.is_full === 1 && { isFull: true as const }),
  };
  return { key, settlement: ACK, write: { kind: "result", result, log } };
}

/** The entry of an attempt whose outcome is unknown for good. */
export const interrupted = (log: DecidedLog, now: number): AttemptEntry => ({
  send_type: log.send_type,
  sent_at: nextSentAt(now, log.last_sent_at),
  response_code: null,
  response_ms: 0,
  error: "interrupted",
  ...(log.url !== null && { request_url: log.url }),
  request_headers: {},
  response_headers: {},
  response_body: "",
});
