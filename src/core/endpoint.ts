/**
 * An endpoint's health, which attempts are made while it is bad, and when those that wait are. Plain data in; the next
 * state and the event to report out. No I/O, no clock. An endpoint that never failed has no state.
 */
import type { EndpointSettings } from "./endpoint-settings.ts";
import {
  type AttemptEntry,
  type AttemptKey,
  attemptKeyText,
  type LogState,
  OPERATIONAL_EVENT,
  type SendType,
} from "./webhook-log.ts";

/** Failures in a row after which an endpoint is degraded. */
const DEGRADED_AFTER_FAILURES = 5;
/** An endpoint is disabled if every attempt failed for this long, */
const DISABLED_AFTER_MS = 5 * 86_400_000;
/** and the failures before the last one span at least this long: two bad moments, days apart, prove nothing. */
const FAILURES_SPAN_MS = 12 * 3_600_000;
/** The wait before a degraded endpoint's 1st, 2nd, … probe; the last one goes on. */
const PROBE_WAITS_MS = [15_000, 30_000, 60_000, 120_000, 300_000] as const;
/** No other probe follows within a probe's timeout and this margin, in which its message may come back. */
const PROBE_MARGIN_MS = 10_000;
/** A success that makes an endpoint active releases this many calls, and so does each wake while any are left. */
export const RELEASED_AT_ONCE = 10;
/** Each further success releases this many. */
export const RELEASED_BY_SUCCESS = 2;
/** How long an active endpoint at which calls are still parked sleeps. */
export const RELEASE_EVERY_MS = 10_000;
/** The wait before the first probe. */
export const FIRST_PROBE_MS = PROBE_WAITS_MS[0];

export const ENDPOINT_STATES = ["active", "degraded", "disabled", "paused"] as const;
export type EndpointState = (typeof ENDPOINT_STATES)[number];

/**
 * An endpoint as the record keeps it. Times are milliseconds since the epoch. Failures are counted since the last
 * success.
 */
export interface EndpointHealth {
  state: EndpointState;
  /** Why it is not active. */
  reason: "failing" | "gone" | "paused" | null;
  consecutive_failures: number;
  first_failure_at: number | null;
  last_failure_at: number | null;
  last_error: AttemptEntry["error"];
  /** The time of the last success after a failure, or of the enabling. Failures sent before it no longer count. */
  recovered_at: number | null;
  last_success_at: number | null;
  disabled_at: number | null;
}

/** The state as read, when and by which attempt it is probed, and what its owner has set. */
export interface Endpoint extends EndpointHealth {
  settings: EndpointSettings;
  version: string;
  /** The attempt that is made although the endpoint is degraded, and until when no other one is. */
  probe: string | null;
  probe_until: number | null;
  /** How many probes were made since it is degraded, and when the next one is. */
  probes: number;
  next_probe_at: number | null;
  /** When it wakes, to probe or to release calls. Never null while a call is parked at it and it is active or degraded. */
  wake_at: number | null;
  /** The last slot that was given to a call that waits for its rate. */
  next_slot_at: number | null;
}

const UNKNOWN: EndpointHealth = {
  state: "active",
  reason: null,
  consecutive_failures: 0,
  first_failure_at: null,
  last_failure_at: null,
  last_error: null,
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
  if (health.state === "disabled" || health.state === "paused") return null;
  const since = health.recovered_at ?? Number.NEGATIVE_INFINITY;
  const failed = entries.filter((entry) => entry.sent_at >= since && isFailed(entry));
  const gone = failed.find((entry) => healthSignalOf(entry) === "gone");
  if (gone !== undefined) return disabled(withFailures(health, failed), "gone", now);
  if (entries.some((entry) => healthSignalOf(entry) === "success")) return recovered(health, now);
  if (failed.length === 0) return null;
  const after = withFailures(health, failed);
  if (hasFailedForDays(health, after)) return disabled(after, "failing", now);
  if (health.state === "degraded" || after.consecutive_failures < DEGRADED_AFTER_FAILURES) return after;
  return { ...after, state: "degraded", reason: "failing" };
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
    last_error: failed.at(-1)?.error ?? health.last_error,
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

const disabled = (health: EndpointHealth, reason: "failing" | "gone", now: number): EndpointHealth => ({
  ...health,
  state: "disabled",
  reason,
  disabled_at: now,
});

function recovered(health: EndpointHealth, now: number): EndpointHealth | null {
  const isEnabledSince = (health.recovered_at ?? 0) > (health.last_success_at ?? 0);
  if (health.first_failure_at === null && !isEnabledSince) return null;
  const { last_failure_at, last_error } = health;
  return { ...UNKNOWN, last_failure_at, last_error, recovered_at: now, last_success_at: now };
}

export type EndpointEvent =
  | "endpoint.degraded"
  | "endpoint.disabled"
  | "endpoint.recovered"
  | "endpoint.paused";

/** The event to report for a change of an endpoint's state. */
export function endpointEvent(before: EndpointHealth | null, after: EndpointHealth): EndpointEvent | null {
  const from = before?.state ?? "active";
  if (after.state === from) return null;
  return after.state === "active" ? "endpoint.recovered" : `endpoint.${after.state}`;
}

/** The reason of a call that was parked because its org is suspended. */
export const ORG_SUSPENDED = "org_suspended";

/**
 * Whether a due attempt is made, or its call is parked until its endpoint takes calls. A degraded or paused endpoint
 * gets the first attempt of a manual send, a degraded one its probe too, and any endpoint tests. Nothing is sent for a
 * suspended org.
 */
export function admit(input: {
  endpoint: Endpoint | null;
  key: AttemptKey;
  send_type: SendType;
  is_test?: 1 | null;
  is_suspended: 0 | 1;
}): "send" | "park" {
  const { endpoint, key, send_type, is_test, is_suspended } = input;
  if (is_suspended) return "park";
  if (is_test || endpoint === null || endpoint.state === "active" || key.event === OPERATIONAL_EVENT)
    return "send";
  if (endpoint.state === "disabled") return "park";
  if (send_type !== "spawn" && key.attempt === 1) return "send";
  return endpoint.state === "degraded" && endpoint.probe === attemptKeyText(key) ? "send" : "park";
}

/** What an endpoint does when it wakes: how many of the oldest waiting calls it releases, and when it wakes again. */
export type Waking =
  | { kind: "probe"; probes: number; probe_until: number; wake_at: number }
  | { kind: "release"; limit: number; wake_at: number };

/** A degraded endpoint is probed by one call; an active one releases some. */
export function waking(input: {
  state: "active" | "degraded";
  probes: number;
  timeoutMs: number;
  now: number;
}): Waking {
  const { state, now } = input;
  if (state === "active")
    return { kind: "release", limit: RELEASED_AT_ONCE, wake_at: now + RELEASE_EVERY_MS };
  const probes = input.probes + 1;
  const probe_until = now + input.timeoutMs + PROBE_MARGIN_MS;
  const waitMs = PROBE_WAITS_MS[probes] ?? PROBE_WAITS_MS[4];
  return { kind: "probe", probes, probe_until, wake_at: Math.max(now + waitMs, probe_until) };
}

/** Whether a log waits for its endpoint, and what state the endpoint then is in; null if it has no row. */
export interface Parking {
  /** Its place among those that wait: when it was last attempted, created, or put behind the others. Null: not parked. */
  parked: number | null;
  endpoint_state: EndpointState | null;
}

/**
 * The status and the reason that a log is shown with. A parked one says only that it is: the rest is its endpoint's, so
 * that nothing rewrites all of them when that changes. At an endpoint that is active again it still has its turn to come:
 * then it shows why it was parked.
 */
export function shownState<Log extends Parking & Pick<LogState, "status" | "reason" | "attempts">>({
  parked,
  endpoint_state,
  ...log
}: Log): Pick<LogState, "status" | "reason"> {
  if (parked === null) return { status: log.status, reason: log.reason };
  if (endpoint_state === "disabled") return { status: "disabled", reason: "endpoint_disabled" };
  const status = log.attempts === 0 ? "pending" : "retrying";
  if (endpoint_state === "paused") return { status, reason: "endpoint_paused" };
  const isBack = endpoint_state !== "degraded";
  return { status, reason: (isBack ? log.reason : null) ?? "endpoint_degraded" };
}

/** How many calls wait for an endpoint, as it is shown: counted up to a limit, because a count reads each. */
export interface Waiting {
  waiting: number;
  waiting_exact: boolean;
}
