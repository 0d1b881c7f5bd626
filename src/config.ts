/**
 * Reads the environment's variables once and checks them. An unusable value is refused, and the error names the
 * variable.
 */
import { parseDuration, parseDurations } from "./core/duration.ts";
import { MASTER_KEY_BYTES, type MasterKeys } from "./core/encryption.ts";
import { fromBase64, sha256Hex } from "./core/signature.ts";

export interface Config {
  /** Waits before the 2nd, 3rd, … attempt, in milliseconds. */
  retryScheduleMs: readonly number[];
  /** One attempt, headers and body together. */
  deliveryTimeoutMs: number;
  /** How late a log may be before the sweep enqueues it again. */
  sweepGraceMs: number;
  /** For local use: loopback and private addresses and `http:` are allowed. */
  allowPrivateTargets: boolean;
  /** This deployment's own address, without a path. */
  publicUrl: URL;
  /** Ended logs older than this are removed. */
  retentionDays: number;
  /** The digest of the admin key. Null if that is unusable: then the admin API is shut, and `adminKeyProblem` says why. */
  adminKeyDigest: string | null;
  adminKeyProblem: string | null;
  /** What signing secrets are encrypted with. */
  masterKeys: MasterKeys;
  sessionKey: string;
}

/** Thrown if a variable is missing or unusable. The message names each such variable and never shows a secret. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

const SECRET_MINIMUM_CHARACTERS = 32;

export function readConfig(env: Record<string, unknown>): Config {
  const problems: string[] = [];
  const read = <T>(name: string, parse: (text: string) => T | null, expected: string, secret = false): T => {
    const text = env[name];
    const value = typeof text === "string" ? parse(text) : null;
    if (value === null)
      problems.push(`${name} must be ${expected}${secret ? "" : `, and is ${JSON.stringify(text)}`}`);
    return value as T; // unused: the problem throws below
  };

  const allowPrivateTargets = read("ALLOW_PRIVATE_TARGETS", parseBoolean, "true or false");
  const publicUrl = read(
    "PUBLIC_URL",
    parseOrigin,
    'the address of this service, such as "https://postcall.example.com"',
  );
  // A server that only this machine can reach may use a short key, such as the one `npm start` prints.
  const minimum = isLoopback(publicUrl) ? 1 : SECRET_MINIMUM_CHARACTERS;
  const config: Config = {
    retryScheduleMs: read(
      "RETRY_SCHEDULE",
      parseSchedule,
      'durations such as "5s, 5m, 2h", each at most 720h',
    ),
    deliveryTimeoutMs: read("DELIVERY_TIMEOUT", parseWithin("5m"), 'a duration such as "15s", at most 5m'),
    sweepGraceMs: read("SWEEP_GRACE", parseWithin("24h"), 'a duration such as "60s", at most 24h'),
    allowPrivateTargets,
    publicUrl,
    retentionDays: read("RETENTION_DAYS", parseDays, "a whole number of days from 1 to 3650"),
    ...readAdminKey(env.ADMIN_KEY, minimum),
    masterKeys: read("SECRETS_KEY", parseMasterKeys, masterKeysRule(env.SECRETS_KEY), true),
    sessionKey: read(
      "SESSION_KEY",
      (text) => atLeast(SECRET_MINIMUM_CHARACTERS, text),
      `a secret of at least ${SECRET_MINIMUM_CHARACTERS} characters`,
      true,
    ),
  };
  if (problems.length > 0) throw new ConfigError(problems.join("; "));
  return config;
}

/** Without a usable admin key everything else works. */
function readAdminKey(text: unknown, minimum: number): Pick<Config, "adminKeyDigest" | "adminKeyProblem"> {
  // A header's value has no white space at its ends, so such a key could never be given.
  const adminKey = typeof text === "string" && text.trim() === text ? atLeast(minimum, text) : null;
  const adminKeyProblem =
    adminKey === null
      ? `ADMIN_KEY must be a secret of at least ${minimum} characters, without white space at its ends; until then the admin API is shut`
      : null;
  return { adminKeyDigest: adminKey === null ? null : sha256Hex(adminKey), adminKeyProblem };
}

const parseBoolean = (text: string) => (text === "true" ? true : text === "false" ? false : null);

/** Whether a URL leads to the machine it is used on. */
export const isLoopback = (url: URL | null): boolean =>
  /^(127\.0\.0\.1|localhost|\[::1\])$/.test(url?.hostname ?? "");

/** A duration above zero, up to the longest. */
const parseWithin = (longest: string) => (text: string) => {
  const duration = parseDuration(text) ?? 0;
  return duration > 0 && duration <= (parseDuration(longest) ?? 0) ? duration : null;
};

/** Each wait is a month at most, so that dates stay within what a calendar can express. */
function parseSchedule(text: string): number[] | null {
  const durations = parseDurations(text);
  return durations?.every((duration) => duration <= 720 * 3_600_000) ? durations : null;
}

const atLeast = (minimum: number, text: string) => (text.length >= minimum ? text : null);

function parseDays(text: string): number | null {
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  return days >= 1 && days <= 3_650 ? days : null;
}

function parseOrigin(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  return url.href === `${url.origin}/` && /^https?:$/.test(url.protocol) ? url : null;
}

const splitKeys = (text: string): string[] => text.split(",").map((key) => key.trim());

function parseMasterKeys(text: string): MasterKeys | null {
  const [newest, ...older] = splitKeys(text).map(parseMasterKey);
  if (newest == null || older.includes(null)) return null;
  return [newest, ...older.filter((key) => key !== null)];
}

/** Names the unusable keys by their position, because a secret is never shown. */
function masterKeysRule(text: unknown): string {
  const rule = `${MASTER_KEY_BYTES} random bytes in base64, or several such keys separated by commas, the newest first`;
  const keys = typeof text === "string" ? splitKeys(text) : [];
  const unusable = keys.flatMap((key, index) => (parseMasterKey(key) === null ? [index + 1] : []));
  return keys.length > 1 ? `${rule}, and key ${unusable.join(", ")} of ${keys.length} is not` : rule;
}

function parseMasterKey(text: string): Uint8Array | null {
  try {
    const bytes = fromBase64(text);
    return bytes.length === MASTER_KEY_BYTES ? bytes : null;
  } catch {
    return null;
  }
}
