/** What an org has set for its endpoints. It is kept in the endpoint's row, which a setting may make. */
import type { Endpoint } from "../core/endpoint.ts";
import type { EndpointSettings } from "../core/endpoint-settings.ts";
import {
  ENDPOINT_COLUMNS,
  type EndpointKey,
  endpointFrom,
  endpointOf,
  type StoredEndpoint,
} from "./endpoints.ts";

/** An org may have settings for this many endpoints. */
export const SETTINGS_LIMIT = 1_000;

const SETTINGS = ["description", "timeout_seconds", "retry_schedule", "signature_header"] as const;
const HAS_SETTINGS = SETTINGS.map((name) => `${name} IS NOT NULL`).join(" OR ");

/** Settings to change. What is undefined stays as it is; null goes back to the deployment's value. */
export type SettingsChange = { [Name in keyof EndpointSettings]?: EndpointSettings[Name] | undefined };

/**
 * Changes settings, and makes the endpoint's row if there is something to keep. Returns the endpoint as it is then;
 * `none` if it still has no row, and `too_many` if the org has settings for as many endpoints as it may.
 */
export async function setEndpoint(
  db: D1Database,
  change: EndpointKey & { version: string; settings: SettingsChange },
): Promise<(Endpoint & EndpointKey) | "none" | "too_many"> {
  const { user_id, url, version, settings } = change;
  const given = SETTINGS.filter((name) => settings[name] !== undefined);
  const values = given.map((name) => storedValue(settings[name]));
  const isKeeping = values.some((value) => value !== null);
  const parameters = given.map((_, index) => `?${index + 5}`);
  const row = await db
    .prepare(
      `INSERT INTO endpoints (${["user_id", "url", "version", "state", "consecutive_failures", ...given].join(", ")})
       SELECT ${["?1", "?2", "?3", "'active'", "0", ...parameters].join(", ")}
       WHERE EXISTS (SELECT 1 FROM endpoints WHERE user_id = ?1 AND url = ?2)
         OR (?4 AND (SELECT count(*) FROM endpoints WHERE user_id = ?1 AND (${HAS_SETTINGS})) < ${SETTINGS_LIMIT})
       ON CONFLICT DO UPDATE SET ${["url = ?2", ...given.map((name, index) => `${name} = ${parameters[index]}`)].join(", ")}
       RETURNING user_id, url, ${ENDPOINT_COLUMNS}`,
    )
    .bind(user_id, url, version, isKeeping ? 1 : 0, ...values)
    .first<StoredEndpoint & EndpointKey>();
  if (row !== null) return endpointFrom(row);
  return isKeeping ? "too_many" : "none";
}

const storedValue = (value: EndpointSettings[keyof EndpointSettings] | undefined) =>
  typeof value === "object" && value !== null ? JSON.stringify(value) : (value ?? null);

/** Forgets an endpoint's settings and health, unless calls wait for it. False if nothing was forgotten. */
export async function forgetEndpoint(db: D1Database, { user_id, url }: EndpointKey): Promise<boolean> {
  const forgotten = await db
    .prepare(
      `DELETE FROM endpoints WHERE user_id = ?1 AND url = ?2 AND NOT EXISTS (
         SELECT 1 FROM webhook_logs AS l INDEXED BY webhook_logs_waiting
         WHERE l.user_id = ?1 AND ${endpointOf("l.url")} = ?2 AND l.parked IS NOT NULL)
       RETURNING url`,
    )
    .bind(user_id, url)
    .first();
  return forgotten !== null;
}
