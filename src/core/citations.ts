/**
 * Decides whether a call's webhook and its citations go out together, apart, or not at all. Plain data in, the
 * decision out. The combined and the separate webhook are never both sent: a hold ends once, and how it ends decides
 * where citations go from then on.
 */
import type { LogStatus } from "./webhook-log.ts";

/** The conditions that decide how a log begins. */
export interface FirstConditions {
  hasUrl: boolean;
  /** The endpoint is disabled. */
  isDisabled: boolean;
  /** The endpoint is paused, or degraded with a time to wake: other calls are parked at it already. */
  isParking: boolean;
  wanted: boolean;
  delayed: boolean;
  completed: boolean;
}

/**
 * A log begins as the first row says whose conditions hold, else `pending`. It is data because the INSERT of a report
 * is generated from it. `parked`: it waits for its endpoint.
 */
export const FIRST_STATES: readonly {
  state: Extract<LogStatus, "no_webhook" | "held"> | "parked";
  when: Partial<FirstConditions>;
}[] = [
  { state: "no_webhook", when: { hasUrl: false } },
  { state: "parked", when: { isDisabled: true } },
  { state: "held", when: { wanted: true, delayed: true, completed: true } },
  { state: "parked", when: { isParking: true } },
];

/** The state of a call when its citations arrive. */
export interface CitedCall {
  /**
   * - `none`: the call has no URL.
   * - `held`: its webhook waits for the citations.
   * - `decided`: the content of its webhook is fixed, whether it was sent or not.
   */
  webhook: "none" | "held" | "decided";
  wanted: boolean;
  /** The digest of the citations that were accepted before, if any. A call's citations are accepted once. */
  accepted: string | null;
}

export const citedCallOf = (log: {
  status: LogStatus;
  url: string | null;
  wants_citations: 1 | null;
  accepted: string | null;
}): CitedCall => ({
  webhook: log.status === "held" ? "held" : log.url === null ? "none" : "decided",
  wanted: log.wants_citations === 1,
  accepted: log.accepted,
});

export interface CitationsPost {
  digest: string;
  /** There are no citations: the hold ends, and nothing is sent for them. */
  isEmpty: boolean;
}

/**
 * - `combine`: the hold ends, and one webhook carries payload and citations.
 * - `release`: the hold ends, and the plain payload is sent.
 * - `separate`: the citations are sent as an event of their own.
 * - `keep`: the citations are stored, and nothing is sent.
 * - `repeated`: the same citations were accepted before.
 * - `conflict`: other citations were accepted before.
 */
export type CitationsDecision = "combine" | "release" | "separate" | "keep" | "repeated" | "conflict";

/** Decides what happens to posted citations. */
export function decideCitations(call: CitedCall, { digest, isEmpty }: CitationsPost): CitationsDecision {
  if (call.accepted !== null) return call.accepted === digest ? "repeated" : "conflict";
  if (call.webhook === "held") return isEmpty ? "release" : "combine";
  return call.webhook === "decided" && call.wanted && !isEmpty ? "separate" : "keep";
}
