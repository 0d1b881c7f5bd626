/**
 * An endpoint's health: what an org's URL has shown lately, and which attempts go to it. Plain data in, the next state
 * and what is to be told of it out; no I/O, no clock. An endpoint that never failed has no state at all.
 */
import {
  type AttemptEntry,
  type AttemptKey,
  attemptKeyText,
  OPERATIONAL_EVENT,
  type SendType,
} from "./webhook-log.ts";

/** Failures in a row after which an endpoint is degraded. */
const DEGRADED_AFTER_FAILURES = 5;
/** It is disabled when every attempt failed for this long, */
const DISABLED_AFTER_MS = 5 * 86_400_000;
/** unless all of the failures before lie close together: two bad moments, days apart, are no proof. */
const FAILURES_SPAN_MS = 12 * 3_600_000;
/** What is put off comes up again after this long, or after its schedule's step where that is longer. */
const DEFER_MS = 300_000;
/** A probe holds its lease for the attempt's timeout and as long again as its message may need to come back. */
const PROBE_MARGIN_MS = 10_000;

export type EndpointState = "active" | "degraded" | "disabled";

/** What the record keeps of an endpoint. Times are milliseconds since the epoch; failures count since the last success. */
export interface EndpointHealth {
  state: EndpointState;
  reason: string | null;
  consecutive_failures: number;
  first_failure_at: number | null;
  last_failure_at: number | null;
  /** The last success after a failure, or the enabling: what was sent before it counts no more. */
  recovered_at: number | null;
  last_success_at: number | null;
  disabled_at: number | null;
}

/** The state as read, with the attempt that may be made while degraded. */
export interface Endpoint extends EndpointHealth {
  version: string;
  probe: string | null;
  probe_until: number | null;
}

const UNKNOWN: EndpointHealth = {
  state: "active",
  reason: null,
  consecutive_failures: 0,
  first_failure_at: null,
  last_failure_at: null,
  recovered_at: null,
  last_success_at: null,
  disabled_at: null,
};

/**
 * What an attempt says about its endpoint. An answer such as 404, 429, or 503 with `Retry-After` is about the call: it
 * is no success, and it does not count towards degraded. An attempt that was cut off on our side, or by our resolver, says nothing.
 */
type HealthSignal = "success" | "failure" | "refusal" | "gone" | "none";

function healthSignalOf({ error, response_code, response_headers }: AttemptEntry): HealthSignal {
  if (error === null) return "success";
  if (error === "interrupted" || error === "resolver") return "none";
  if (response_code === 410) return "gone";
  if (error === "blocked_url") return "refusal";
  const isThrottle = response_code === 503 && response_headers["retry-after"] !== undefined;
  const isAnswer = response_code !== null && response_code >= 300 && response_code < 500;
  return isThrottle || isAnswer ? "refusal" : "failure";
}

/** The endpoint after a batch's attempts, or null where nothing is to be written: always so for healthy traffic. */
export function afterOutcomes(
  before: EndpointHealth | null,
  entries: readonly AttemptEntry[],
  now: number,
): EndpointHealth | null {
  const health = before ?? UNKNOWN;
  if (health.state === "disabled") return null;
  const since = health.recovered_at ?? Number.NEGATIVE_INFINITY;
  const failed = entries.filter((entry) => entry.sent_at >= since && isFailed(entry));
  const gone = failed.find((entry) => healthSignalOf(entry) === "gone");
  if (gone !== undefined) return disabled(withFailures(health, failed), "gone", now);
  if (entries.some((entry) => healthSignalOf(entry) === "success")) return recovered(health, now);
  if (failed.length === 0) return null;
  const after = withFailures(health, failed);
  if (hasFailedForDays(health, after)) return disabled(after, "failing_for_5_days", now);
  if (health.state === "degraded" || after.consecutive_failures < DEGRADED_AFTER_FAILURES) return after;
  return { ...after, state: "degraded", reason: failed.at(-1)?.error ?? null };
}

const isFailed = (entry: AttemptEntry): boolean => !["success", "none"].includes(healthSignalOf(entry));

function withFailures(health: EndpointHealth, failed: readonly AttemptEntry[]): EndpointHealth {
  const times = failed.map(({ sent_at }) => sent_at);
  return {
    ...health,
    consecutive_failures:
      health.consecutive_failures + failed.filter((entry) => healthSignalOf(entry) === "failure").length,
    first_failure_at: health.first_failure_at ?? Math.min(...times),
    last_failure_at: Math.max(health.last_failure_at ?? 0, ...times),
  };
}

function hasFailedForDays(
  before: EndpointHealth,
  { first_failure_at, last_failure_at }: EndpointHealth,
): boolean {
  const first = first_failure_at ?? 0;
  return (
    (last_failure_at ?? 0) - first >= DISABLED_AFTER_MS &&
    (before.last_failure_at ?? 0) - first >= FAILURES_SPAN_MS
  );
}

const disabled = (health: EndpointHealth, reason: string, now: number): EndpointHealth => ({
  ...health,
  state: "disabled",
  reason,
  disabled_at: now,
});

function recovered(health: EndpointHealth, now: number): EndpointHealth | null {
  const isEnabledSince = (health.recovered_at ?? 0) > (health.last_success_at ?? 0);
  if (health.first_failure_at === null && !isEnabledSince) return null;
  return { ...UNKNOWN, recovered_at: now, last_success_at: now };
}

/** What is told of an endpoint that has changed its state. */
export function endpointEvent(
  before: EndpointHealth | null,
  after: EndpointHealth,
): "endpoint.degraded" | "endpoint.disabled" | "endpoint.recovered" | null {
  const from = before?.state ?? "active";
  if (after.state === from) return null;
  return after.state === "active" ? "endpoint.recovered" : `endpoint.${after.state}`;
}

/** What becomes of a due attempt to an endpoint: `probe` is sent by the one that gets the lease, the others are put off. */
export type Admission = "send" | "probe" | "defer" | "disable";

/**
 * Deliveries by hand, the last attempt of a schedule, and what tells an operator of all this are sent to a degraded
 * endpoint too.
 */
export function admit(input: {
  endpoint: Endpoint | null;
  key: AttemptKey;
  send_type: SendType;
  attemptLimit: number;
  now: number;
}): Admission {
  const { endpoint, key, now } = input;
  if (endpoint === null || endpoint.state === "active" || key.event === OPERATIONAL_EVENT) return "send";
  if (endpoint.state === "disabled") return "disable";
  if (input.send_type !== "spawn" || key.attempt >= input.attemptLimit) return "send";
  if (endpoint.probe_until === null || endpoint.probe_until <= now) return "probe";
  return endpoint.probe === attemptKeyText(key) ? "send" : "defer";
}

/** Until when a probe begun now keeps the others off. */
export const probeUntil = (now: number, deliveryTimeoutMs: number): number =>
  now + deliveryTimeoutMs + PROBE_MARGIN_MS;

/** When an attempt that was put off comes up again. */
export const deferUntil = (now: number, stepMs: number | undefined): number =>
  now + Math.max(DEFER_MS, stepMs ?? 0);
