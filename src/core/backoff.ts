/** When the next attempt is due. Pure: `now` and `random` are arguments. */

/** The longest `Retry-After` that is honoured, in seconds. */
export const RETRY_AFTER_LIMIT_SECONDS = 86_400;

/** A wait differs from its schedule's step by up to this share, so that calls that failed together spread out. */
const JITTER = 0.1;

/**
 * Whole seconds to wait before the next attempt; null if the schedule is over. `attempt` is the one just made, from
 * 1. `random` is in [0, 1). A receiver's `retryAfterSeconds` wins if it is longer than the jittered step; jitter
 * never shortens it.
 */
export function backoffSeconds(input: {
  scheduleMs: readonly number[];
  attempt: number;
  retryAfterSeconds: number | null;
  random: number;
}): number | null {
  const stepMs = input.scheduleMs[input.attempt - 1];
  if (stepMs === undefined) return null;
  const jittered = Math.ceil((stepMs * (1 - JITTER + 2 * JITTER * input.random)) / 1_000);
  const asked = Math.min(input.retryAfterSeconds ?? 0, RETRY_AFTER_LIMIT_SECONDS);
  return Math.max(jittered, asked);
}

/**
 * IMF-fixdate, RFC 850 and asctime. `Date.parse` accepts more forms and misreads some: it ignores a time zone before
 * "GMT".
 */
const HTTP_DATES = [
  /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/,
  /^[A-Z][a-z]{5,8}, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d GMT$/,
  /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/,
];

/**
 * The seconds that a `Retry-After` header asks for, rounded up, never negative; null if it is absent or malformed.
 * Source: RFC 9110 section 10.2.3, delay-seconds or HTTP-date (all three forms of section 5.6.7).
 */
export function parseRetryAfter(header: string | null | undefined, now: number): number | null {
  const text = header?.trim() ?? "";
  if (/^\d+$/.test(text)) return Number(text);
  if (!HTTP_DATES.some((form) => form.test(text))) return null;
  const at = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(at) ? null : Math.max(0, Math.ceil((at - now) / 1_000));
}
