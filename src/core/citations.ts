/**
 * A call's webhook and its citations: whether they go out together, apart, or not at all. One state machine; plain data
 * in, the decision out. Never both the combined webhook and the separate one: a hold ends once, and what ends it says
 * where citations go from then on.
 */
import type { LogStatus } from "./webhook-log.ts";

/** What a log's first status depends on. */
export interface FirstConditions {
  hasUrl: boolean;
  /** Its endpoint is. */
  isDisabled: boolean;
  wanted: boolean;
  delayed: boolean;
  completed: boolean;
}

/** A log's first status is that of the first row whose conditions hold, else `pending`. Data, since one INSERT decides by them too. */
export const FIRST_STATUSES: readonly { status: LogStatus; when: Partial<FirstConditions> }[] = [
  { status: "no_webhook", when: { hasUrl: false } },
  { status: "disabled", when: { isDisabled: true } },
  { status: "held", when: { wanted: true, delayed: true, completed: true } },
];

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

/** What becomes of citations that are posted. */
export function takeCitations(call: CitedCall, { digest, isEmpty }: CitationsPost): CitationsDecision {
  if (call.accepted !== null) return call.accepted === digest ? "repeated" : "conflict";
  if (call.webhook === "held") return isEmpty ? "release" : "combine";
  return call.webhook === "decided" && call.wanted && !isEmpty ? "separate" : "keep";
}
