/** Which calls can be resent or created, and why the others can't. Pure. */
import type { Parking } from "./endpoint.ts";
import type { LogState } from "./webhook-log.ts";

/** A log as a manual send reads it, with its endpoint's state whether it is parked or not. */
export interface SendableLog extends LogState, Parking {
  /** The size of its payload and of its attempts, as they are stored and sent. */
  answer_bytes: number;
  /** When its content was erased; null if it can be sent again. */
  payload_erased_at: number | null;
}

export type RefusalReason =
  | "not_found"
  | "no_webhook"
  | "webhook_exists"
  | "held"
  | "payload_erased"
  | "endpoint_disabled";

/** Why a resend refuses this log, or null if it does not. */
export function resendRefusal(
  log: Pick<SendableLog, "url" | "status" | "endpoint_state" | "payload_erased_at"> | undefined,
): RefusalReason | null {
  if (log === undefined) return "not_found";
  if (log.url === null) return "no_webhook";
  if (log.status === "held") return "held";
  if (log.payload_erased_at !== null) return "payload_erased";
  return log.endpoint_state === "disabled" ? "endpoint_disabled" : null;
}

/** Why a create refuses this log, or null if it does not. */
export function createRefusal(
  log: Pick<SendableLog, "url" | "payload_erased_at"> | undefined,
  { endpointDisabled }: { endpointDisabled: boolean },
): RefusalReason | null {
  if (log === undefined) return "not_found";
  if (log.url !== null) return "webhook_exists";
  if (log.payload_erased_at !== null) return "payload_erased"; // kept citations of a call that was delivered
  return endpointDisabled ? "endpoint_disabled" : null;
}

/**
 * Whether a resend starts a new delivery. If the current delivery has not made its first attempt yet, the resend
 * joins it. A parked delivery is not joined: a resend does not wait for the endpoint.
 */
export const startsDelivery = (log: Pick<SendableLog, "attempts" | "next_attempt_at" | "parked">): boolean =>
  log.attempts > 0 || log.next_attempt_at === null || log.parked !== null;
