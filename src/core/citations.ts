/**
 * A call's webhook and its citations: whether they go out together, apart, or not at all. One state machine; plain data
 * in, the decision out. Never both the combined webhook and the separate one: a hold ends once, and what ends it says
 * where citations go from then on.
 */
import { EARLY_TOLERANCE_MS } from "./message.ts";
import type { LogState, LogStatus } from "./webhook-log.ts";

/** What a call's log is first, `isDisabled` being its endpoint. The insert of a report decides by the same table. */
export function firstStatus(report: {
  url: string | null;
  isDisabled: boolean;
  wanted: boolean;
  delayed: boolean;
  completed: boolean;
}): Extract<LogStatus, "no_webhook" | "disabled" | "held" | "pending"> {
  if (report.url === null) return "no_webhook";
  if (report.isDisabled) return "disabled";
  return report.wanted && report.delayed && report.completed ? "held" : "pending";
}

/** A call as its citations find it. */
export interface CitedCall {
  /** `none`: it has no URL. `held`: it waits for them. `decided`: what its webhook holds is fixed, sent or not. */
  webhook: "none" | "held" | "decided";
  wanted: boolean;
  /** The digest of the citations accepted before, if any were: a call has its citations once. */
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
  /** There are none: nobody is to wait for them, and nothing is to be told. */
  isEmpty: boolean;
}

/**
 * - `combine`: the hold ends, and the one webhook carries them.
 * - `release`: the hold ends, and the plain payload goes.
 * - `separate`: they go as an event of their own.
 * - `keep`: they are stored with the call, and nothing is sent.
 * - `repeated`: they were accepted before. `conflict`: others were.
 */
export type CitationsDecision = "combine" | "release" | "separate" | "keep" | "repeated" | "conflict";

export function judgeCitations(call: CitedCall, { digest, isEmpty }: CitationsPost): CitationsDecision {
  if (call.accepted !== null) return call.accepted === digest ? "repeated" : "conflict";
  if (call.webhook === "held") return isEmpty ? "release" : "combine";
  return call.webhook === "decided" && call.wanted && !isEmpty ? "separate" : "keep";
}

/** The call after the decision. */
export function afterCitations(
  call: CitedCall,
  { digest }: CitationsPost,
  decision: CitationsDecision,
): CitedCall {
  if (decision === "repeated" || decision === "conflict") return call;
  return { ...call, accepted: digest, webhook: call.webhook === "held" ? "decided" : call.webhook };
}

/** Whether a held log's time is over: the batch that finds it so releases it, and sends the plain payload. */
export const isHoldOver = (log: Pick<LogState, "status" | "next_attempt_at">, now: number): boolean =>
  log.status === "held" && log.next_attempt_at !== null && log.next_attempt_at <= now + EARLY_TOLERANCE_MS;

/** The call after a batch has opened with its log. */
export const afterHold = (call: CitedCall): CitedCall =>
  call.webhook === "held" ? { ...call, webhook: "decided" } : call;
