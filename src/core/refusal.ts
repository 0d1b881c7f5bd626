/** Which calls can be sent again, or for the first time by hand, and why others can't. Pure. */
import type { EndpointState } from "./endpoint.ts";
import type { LogState } from "./webhook-log.ts";

/** A log as a manual send looks at it. */
export interface SendableLog extends LogState {
  /** 1 where it waits until its endpoint recovers or is enabled. */
  parked: 1 | null;
  /** Of the log's endpoint; null where that never failed. */
  endpoint_state: EndpointState | null;
}

export type RefusalReason = "not_found" | "no_webhook" | "webhook_exists" | "held" | "endpoint_disabled";

/** Why a resend refuses this log, or null where it does not. */
export function resendRefusal(
  log: Pick<SendableLog, "url" | "status" | "endpoint_state"> | undefined,
): RefusalReason | null {
  if (log === undefined) return "not_found";
  if (log.url === null) return "no_webhook";
  if (log.status === "held") return "held";
  return log.endpoint_state === "disabled" ? "endpoint_disabled" : null;
}

/** Why a create refuses this log, or null where it does not. */
export function createRefusal(
  log: Pick<SendableLog, "url"> | undefined,
  { endpointDisabled }: { endpointDisabled: boolean },
): RefusalReason | null {
  if (log === undefined) return "not_found";
  if (log.url !== null) return "webhook_exists";
  return endpointDisabled ? "endpoint_disabled" : null;
}

/**
 * Whether a resend starts a delivery of its own. Where the current one has its first attempt still to come, that
 * serves the resend too; unless it waits for its endpoint, which a resend does not.
 */
export const startsDelivery = (log: Pick<SendableLog, "attempts" | "next_attempt_at" | "parked">): boolean =>
  log.attempts > 0 || log.next_attempt_at === null || log.parked !== null;
