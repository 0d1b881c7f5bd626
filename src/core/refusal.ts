/** Which calls can be sent again, or for the first time by hand, and why others can't. Pure. */
import type { LogState } from "./webhook-log.ts";

export type RefusalReason = "not_found" | "no_webhook" | "webhook_exists";

/** Why a resend refuses this log, or null where it does not. */
export const resendRefusal = (log: Pick<LogState, "url"> | undefined): RefusalReason | null =>
  log === undefined ? "not_found" : log.url === null ? "no_webhook" : null;

/** Why a create refuses this log, or null where it does not. */
export const createRefusal = (log: Pick<LogState, "url"> | undefined): RefusalReason | null =>
  log === undefined ? "not_found" : log.url !== null ? "webhook_exists" : null;

/**
 * Whether a resend starts a delivery of its own. Where the current one has not made its first attempt yet,
 * that attempt is still to come and serves the resend too.
 */
export const startsDelivery = (log: Pick<LogState, "attempts">): boolean => log.attempts > 0;
