/** Decides what an attempt's outcome means for its delivery. Plain data in; every outcome has a verdict. */
import { parseRetryAfter } from "./backoff.ts";
import type { AttemptEntry, AttemptError } from "./webhook-log.ts";

export type Verdict =
  | { kind: "delivered" }
  | { kind: "retry"; retryAfterSeconds: number | null }
  | { kind: "give_up"; reason: "gone" };

/**
 * 2xx is delivered, 410 ends the delivery, and all else is retried no sooner than the receiver asked for. A 2xx with
 * an `error` (for example a body that never ended) is a failure.
 */
export function classify(entry: AttemptEntry, now: number): Verdict {
  if (entry.error === null) return { kind: "delivered" };
  if (entry.response_code === 410) return { kind: "give_up", reason: "gone" };
  return { kind: "retry", retryAfterSeconds: parseRetryAfter(entry.response_headers["retry-after"], now) };
}

/** The statuses by which the platform reports a receiver that it could not reach, and what failed. */
const PLATFORM_ERRORS: Record<number, AttemptError> = {
  520: "protocol",
  521: "connect",
  522: "connect",
  523: "connect",
  524: "timeout",
  525: "tls",
  526: "tls",
  527: "connect",
  528: "protocol",
  529: "protocol",
  530: "dns",
};

/**
 * A response's status as the log keeps it. The platform answers 520–530 when no response came. Locally the same
 * failure is a thrown error. Both are recorded the same way.
 */
export function readStatus(status: number): Pick<AttemptEntry, "response_code" | "error"> {
  const platformError = PLATFORM_ERRORS[status];
  if (platformError !== undefined) return { response_code: null, error: platformError };
  if (status >= 200 && status < 300) return { response_code: status, error: null };
  if (status >= 300 && status < 400) return { response_code: status, error: "redirect" };
  return { response_code: status, error: "http_status" };
}

/**
 * What a failed fetch failed at. `phase`: it was waiting for the headers, or reading the body. The local runtime
 * reports refused, reset and garbled connections with one text. It reports unknown names and broken TLS as "internal
 * error": the URL's scheme decides which of the two it was.
 */
export function readFailure(input: {
  error: unknown;
  phase: "headers" | "body";
  protocol: string;
}): Exclude<AttemptError, "http_status" | "redirect" | "blocked_url" | "resolver" | "interrupted"> {
  const { name, message } = input.error instanceof Error ? input.error : new Error(String(input.error));
  if (name === "TimeoutError" || name === "AbortError") return "timeout";
  if (input.phase === "body") return "protocol";
  if (/internal error|dns|lookup|resolve/i.test(message)) return input.protocol === "https:" ? "tls" : "dns";
  return /connection|connect|network/i.test(message) ? "connect" : "protocol";
}
