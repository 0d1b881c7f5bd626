/**
 * An endpoint's health, and which attempts are made while it is bad. Plain data in; the next state and the event to
 * report out. No I/O, no clock. An endpoint that never failed has no state.
 */
import type { EndpointSettings } from "./endpoint-settings.ts";
import {
  type AttemptEntry,
  type AttemptKey,
  attemptKeyText,
  OPERATIONAL_EVENT,
  type SendType,
} from "./webhook-log.ts";

/** Failures in a row after which an endpoint is degraded. */
const DEGRADED_AFTER_FAILURES = 5;
/** An endpoint is disabled if every attempt failed for this long, */
const DISABLED_AFTER_MS = 5 * 86_400_000;
/** and the failures before the last one span at least this long: two bad moments, days apart, prove nothing. */
const FAILURES_SPAN_MS = 12 * 3_600_000;
/** A deferred attempt is due again after this long, or after its schedule's step if that is longer. */
const DEFER_MS = 300_000;
/** A probe's lease lasts for the attempt's timeout and this margin, in which its message may come back. */
const PROBE_MARGIN_MS = 10_000;

export type EndpointState = "active" | "degraded" | "disabled";

/**
 * An endpoint as the record keeps it. Times are milliseconds since the epoch. Failures are counted since the last
 * success.
 */
export interface EndpointHealth {
  state: EndpointState;
  reason: string | null;
  consecutive_failures: number;
  first_failure_at: number | null;
  last_failure_at: number | null;
  /** The time of the last success after a failure, or of the enabling. Failures sent before it no longer count. */
  recovered_at: number | null;
  last_success_at: number | null;
  disabled_at: number | null;
}

/** The state as read, with the attempt that holds the probe's lease, and what its owner has set. */
export interface Endpoint extends EndpointHealth {
  settings: EndpointSettings;
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
 * What an attempt says about its endpoint. A response such as 404, 429, or 503 with `Retry-After` concerns the call:
 * it is no success and does not count towards degraded. Trouble of our own (a lost object, the resolver) says
 * nothing.
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

/**
 * The endpoint after a batch's attempts, or null if there is nothing to write. Healthy traffic never has anything to
 * write.
 */
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

/** The event to report for a change of an endpoint's state. */
export function endpointEvent(
  before: EndpointHealth | null,
  after: EndpointHealth,
): "endpoint.degraded" | "endpoint.disabled" | "endpoint.recovered" | null {
  const from = before?.state ?? "active";
  if (after.state === from) return null;
  return after.state === "active" ? "endpoint.recovered" : `endpoint.${after.state}`;
}

/** What happens to a due attempt. The attempt that gets the lease is sent as the `probe`; the others are deferred. */
export type Admission = "send" | "probe" | "defer" | "disable";

/** Manual sends, the last attempt of a schedule and operational webhooks go to a degraded endpoint too. */
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

/** When the lease of a probe that begins now ends. */
export const probeUntil = (now: number, deliveryTimeoutMs: number): number =>
  now + deliveryTimeoutMs + PROBE_MARGIN_MS;

/** When a deferred attempt is due again. */
export const deferUntil = (now: number, stepMs: number | undefined): number =>
  now + Math.max(DEFER_MS, stepMs ?? 0);
