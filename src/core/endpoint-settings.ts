/**
 * What the owner of an endpoint may set for it, and what an attempt to it then follows. Plain data in and out; no
 * I/O, no clock.
 */
import { parseDuration } from "./duration.ts";

/** Null stands for the deployment's own value. */
export interface EndpointSettings {
  description: string | null;
  /** How long an attempt may take. */
  timeout_seconds: number | null;
  /** The waits before the 2nd, 3rd, … attempt, such as `5s` or `2h`. */
  retry_schedule: readonly string[] | null;
  /** The name of the header that holds the older signature, in place of `x-webhook-signature`. */
  signature_header: string | null;
}

export const NO_SETTINGS: EndpointSettings = {
  description: null,
  timeout_seconds: null,
  retry_schedule: null,
  signature_header: null,
};

export const TIMEOUT_LIMIT_SECONDS = 30;

/** How many waits a schedule may have, and how long they may be together. */
export const WAITS_LIMIT = 15;
const SCHEDULE_LIMIT_MS = 5 * 86_400_000;

/** Whether these texts are a schedule: durations, none too many, together not too long. */
export function isRetrySchedule(waits: readonly string[]): boolean {
  const durations = waits.map(parseDuration);
  return (
    waits.length <= WAITS_LIMIT &&
    !durations.includes(null) &&
    durations.reduce((sum: number, duration) => sum + (duration ?? 0), 0) <= SCHEDULE_LIMIT_MS
  );
}

/** Names that belong to the connection, to the body, to us, or to whom the request is for. */
const RESERVED =
  /^(host|authorization|cookie|user-agent|connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|date|(content|proxy|sec|cf|webhook|x-postcall|x-forwarded)-.*)$/;

/** Whether a header of this name may hold the older signature. */
export const isSignatureHeader = (name: string): boolean =>
  /^[a-z0-9][a-z0-9-]{0,63}$/i.test(name) && !RESERVED.test(name.toLowerCase());

interface DeploymentRules {
  retryScheduleMs: readonly number[];
  deliveryTimeoutMs: number;
}

/** The deployment's rules with what this endpoint has set. */
export function withSettings<Rules extends DeploymentRules>(
  rules: Rules,
  settings: EndpointSettings | undefined,
): Rules {
  if (settings === undefined) return rules;
  const { timeout_seconds, retry_schedule } = settings;
  return {
    ...rules,
    ...(timeout_seconds !== null && { deliveryTimeoutMs: timeout_seconds * 1_000 }),
    ...(retry_schedule !== null && {
      retryScheduleMs: retry_schedule.map((wait) => parseDuration(wait) ?? 0),
    }),
  };
}
