/**
 * What the owner of an endpoint may set for it, and what an attempt to it then follows. Plain data in and out; no
 * I/O, no clock.
 */
import { parseDuration } from "./duration.ts";

/** Null stands for the deployment's own value. */
export interface EndpointSettings {
  description: string | null;
  /** How many attempts may be made in a second. */
  rate_per_second: number | null;
  /** How long an attempt may take. */
  timeout_seconds: number | null;
  /** The waits before the 2nd, 3rd, … attempt, such as `5s` or `2h`. */
  retry_schedule: readonly string[] | null;
  /** The name of the header that holds the older signature, in place of `x-webhook-signature`. */
  signature_header: string | null;
  /** Headers sent with every attempt, by name in lower case. */
  headers: Readonly<Record<string, StoredHeader>> | null;
}

/** A header's value is kept encrypted, with what of it may be shown. */
export interface StoredHeader {
  ciphertext: string;
  shown: string;
}

export const NO_SETTINGS: EndpointSettings = {
  description: null,
  rate_per_second: null,
  timeout_seconds: null,
  retry_schedule: null,
  signature_header: null,
  headers: null,
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

export const HEADER_NAME_LIMIT_CHARACTERS = 64;

/** Names that belong to the connection, to the body, or to us. */
const RESERVED =
  /^(host|user-agent|connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|accept-encoding|set-cookie|expect|date|(content|proxy|sec|cf|webhook|x-postcall|x-forwarded)-.*)$/;

const isFreeName = (name: string): boolean =>
  name.length <= HEADER_NAME_LIMIT_CHARACTERS &&
  /^[a-z0-9][a-z0-9-]*$/i.test(name) &&
  !RESERVED.test(name.toLowerCase());

/** Whether a header of this name may hold the older signature. */
export const isSignatureHeader = (name: string): boolean =>
  isFreeName(name) && !["authorization", "cookie"].includes(name.toLowerCase());

/** An endpoint may have this many headers. */
export const HEADERS_LIMIT = 20;
export const HEADER_VALUE_LIMIT_CHARACTERS = 1_000;

/** Whether an endpoint's owner may send a header of this name. The older signature's default name is ours. */
export const isHeaderName = (name: string): boolean =>
  isFreeName(name) && name.toLowerCase() !== "x-webhook-signature";

/** Whether a header may have this value: printable ASCII, not empty, no space at either end. */
export const isHeaderValue = (value: string): boolean =>
  value.length <= HEADER_VALUE_LIMIT_CHARACTERS && /^[!-~]([ -~]*[!-~])?$/.test(value);

/** A value shorter than this is not shown at all, of a longer one the last characters. */
const SHOWN_FROM_CHARACTERS = 12;
const SHOWN_CHARACTERS = 4;

/** What is answered and logged in place of a header's value. */
export const shownHeader = (value: string): string =>
  `•••${value.length < SHOWN_FROM_CHARACTERS ? "" : value.slice(-SHOWN_CHARACTERS)}`;

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
