/** What an org has set for its endpoints. It is kept in the endpoint's row, which a setting may make. */
import type { Endpoint } from "../core/endpoint.ts";
import { type EndpointSettings, HEADERS_LIMIT, type StoredHeader } from "../core/endpoint-settings.ts";
import {
  ENDPOINT_COLUMNS,
  type EndpointKey,
  endpointFrom,
  readEndpoints,
  type StoredEndpoint,
} from "./endpoints.ts";
import { parkedAt } from "./parked.ts";

/** An org may have settings for this many endpoints; paused ones count too. */
export const SETTINGS_LIMIT = 1_000;

const SETTINGS = [
  "description",
  "headers",
  "rate_per_second",
  "timeout_seconds",
  "retry_schedule",
  "signature_header",
] as const;
/** Whether an endpoint's row is there because its owner wants it. The condition of an index. */
export const IS_KEPT = ["state = 'paused'", ...SETTINGS.map((name) => `${name} IS NOT NULL`)].join(" OR ");

/** A call without a slot does not wait for those that were given at another rate. */
const forgetSlots = (rate: string): string =>
  `next_slot_at = iif(rate_per_second IS ${rate}, next_slot_at, NULL)`;

/** Whether org ?1 may have one more such row, or endpoint ?2 has such a row. */
export const MAY_KEEP = `(EXISTS (SELECT 1 FROM endpoints WHERE user_id = ?1 AND url = ?2 AND (${IS_KEPT}))
  OR (SELECT count(*) FROM endpoints INDEXED BY endpoints_kept WHERE user_id = ?1 AND (${IS_KEPT})) < ${SETTINGS_LIMIT})`;

/**
 * Settings to change. What is undefined stays as it is; null goes back to the deployment's value. Headers are merged
 * by name; a null one goes.
 */
export type SettingsChange = {
  [Name in Exclude<keyof EndpointSettings, "headers">]?: EndpointSettings[Name] | undefined;
} & { headers?: Readonly<Record<string, StoredHeader | null>> | null | undefined };

/** Why a change of settings was not written. */
export type SettingsRefusal = "too_many_endpoints" | "too_many_headers";

/**
 * Changes settings, and makes the endpoint's row if there is something to keep. Returns the endpoint as it is then;
 * null if it still has no row.
 */
export async function setEndpoint(
  db: D1Database,
  change: EndpointKey & { version: string; settings: SettingsChange },
): Promise<(Endpoint & EndpointKey) | SettingsRefusal | null> {
  const { user_id, url, version, settings } = change;
  const given = SETTINGS.filter((name) => settings[name] !== undefined);
  const values = given.map((name) => storedValue(settings[name]));
  const isKeeping = given.some((name) => isSet(settings[name]));
  const columns = given.map((name, index) => ({ name, value: valueSql(name, `?${index + 6}`) }));
  const rateAt = given.indexOf("rate_per_second");
  const rateForgets = rateAt < 0 ? [] : [forgetSlots(`?${rateAt + 6}`)];
  const row = await db
    .prepare(
      `INSERT INTO endpoints (${["user_id", "url", "version", "state", "consecutive_failures", ...given].join(", ")})
       SELECT ${["?1", "?2", "?3", "'active'", "0", ...columns.map(({ value }) => value("NULL"))].join(", ")}
       WHERE iif(?4, ${MAY_KEEP}, EXISTS (SELECT 1 FROM endpoints WHERE user_id = ?1 AND url = ?2))
         AND ${HEADERS_LIMIT} >= (SELECT count(*) FROM json_each(json_patch(coalesce(
           (SELECT headers FROM endpoints WHERE user_id = ?1 AND url = ?2), '{}'), ?5)))
       ON CONFLICT DO UPDATE SET ${["url = ?2", ...rateForgets, ...columns.map(({ name, value }) => `${name} = ${value(name)}`)].join(", ")}
       RETURNING user_id, url, ${ENDPOINT_COLUMNS}`,
    )
    .bind(user_id, url, version, isKeeping ? 1 : 0, JSON.stringify(settings.headers ?? {}), ...values)
    .first<StoredEndpoint & EndpointKey>();
  if (row !== null) return endpointFrom(row);
  if (!isKeeping) return null;
  const [before] = await readEndpoints(db, [{ user_id, url }]);
  const merged = { ...before?.settings.headers, ...settings.headers };
  const left = Object.values(merged).filter((header) => header !== null);
  return left.length > HEADERS_LIMIT ? "too_many_headers" : "too_many_endpoints";
}

/** Whether there is something to keep: headers that are all to be removed are nothing. */
const isSet = (value: SettingsChange[keyof SettingsChange]): boolean =>
  Array.isArray(value) || typeof value !== "object"
    ? value != null
    : Object.values(value ?? {}).some((header) => header !== null);

const storedValue = (value: SettingsChange[keyof SettingsChange]) =>
  typeof value === "object" && value !== null ? JSON.stringify(value) : (value ?? null);

/** A column's new value from the parameter that has the change, beside the value it had. */
const valueSql = (name: (typeof SETTINGS)[number], parameter: string) => (had: string) =>
  name === "headers"
    ? `iif(${parameter} IS NULL, NULL, nullif(json_patch(coalesce(${had}, '{}'), ${parameter}), '{}'))`
    : parameter;

/** Forgets an endpoint's settings and health, unless calls wait for it. False if nothing was forgotten. */
export async function forgetEndpoint(db: D1Database, { user_id, url }: EndpointKey): Promise<boolean> {
  const forgotten = await db
    .prepare(
      `DELETE FROM endpoints WHERE user_id = ?1 AND url = ?2
         AND NOT EXISTS (SELECT 1 FROM ${parkedAt("?1", "?2")}) RETURNING url`,
    )
    .bind(user_id, url)
    .first();
  return forgotten !== null;
}
