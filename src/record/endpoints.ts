/**
 * Endpoints that have failed or have settings. Another endpoint that is well has no row. The calls parked at them are
 * in `parked.ts`.
 */
import {
  type Endpoint,
  type EndpointHealth,
  type EndpointState,
  FIRST_PROBE_MS,
  RELEASE_EVERY_MS,
} from "../core/endpoint.ts";
import type { EndpointSettings, StoredHeader } from "../core/endpoint-settings.ts";

/** The URL of the endpoint of the URL in this column: without its query. An expression, and that of an index. */
export const endpointOf = (url: string): string =>
  `iif(instr(${url}, '?') = 0, ${url}, substr(${url}, 1, instr(${url}, '?') - 1))`;

/** An endpoint's primary key. `url` has no query. */
export interface EndpointKey {
  user_id: string;
  url: string;
}

/** A change that was decided on version `from` (null: no row) and is written as version `version`. */
export interface EndpointChange extends EndpointKey {
  from: string | null;
  version: string;
  health: EndpointHealth;
  /** The probe whose outcome this is; null if it is of other attempts. */
  probed: string | null;
}

const HEALTH_COLUMNS = `state, reason, consecutive_failures, first_failure_at, last_failure_at, last_error, recovered_at,
  last_success_at, disabled_at`;

/** The columns of an endpoint as it is read. */
export const ENDPOINT_COLUMNS = `version, probe, probe_until, probes, next_probe_at, wake_at, ${HEALTH_COLUMNS}, next_slot_at,
  description, rate_per_second, timeout_seconds, retry_schedule, signature_header, headers`;

/** An endpoint as it is stored. */
export type StoredEndpoint = Omit<Endpoint, "settings"> &
  Omit<EndpointSettings, "retry_schedule" | "headers"> & {
    retry_schedule: string | null;
    headers: string | null;
  };

export function endpointFrom<Row extends StoredEndpoint>(row: Row) {
  const { description, rate_per_second, timeout_seconds, signature_header, ...stored } = row;
  const { retry_schedule: waits, headers: encrypted, ...endpoint } = stored;
  const retry_schedule = waits === null ? null : (JSON.parse(waits) as string[]);
  const headers = encrypted === null ? null : (JSON.parse(encrypted) as Record<string, StoredHeader>);
  const settings = {
    description,
    rate_per_second,
    timeout_seconds,
    retry_schedule,
    signature_header,
    headers,
  };
  return { ...endpoint, settings };
}

/** When the endpoint, written as state ?4 at ?13 after its probe ?15 ended, is probed and wakes. `state` is what it was. */
const REST = `next_probe_at = CASE WHEN ?4 = 'degraded' THEN iif(state = ?4, next_probe_at, ?13 + ${FIRST_PROBE_MS}) END,
  probes = iif(?4 = 'degraded' AND state = ?4, probes, 0),
  probe = iif(?4 = 'degraded' AND probe IS NOT ?15, probe, NULL),
  probe_until = iif(?4 = 'degraded' AND probe IS NOT ?15, probe_until, NULL),
  next_slot_at = iif(state = ?4, next_slot_at, NULL),
  wake_at = CASE WHEN wake_at IS NULL OR ?4 = 'disabled' THEN NULL WHEN state = ?4 THEN wake_at
    ELSE ?13 + iif(?4 = 'degraded', ${FIRST_PROBE_MS}, ${RELEASE_EVERY_MS}) END`;

/** Writes a change if the endpoint still is as it was read: one that was forgotten meanwhile stays forgotten. Returns its version, and when it wakes, if it took effect. */
export const endpointStatement = (
  db: D1Database,
  { health, now, ...change }: EndpointChange & { now: number },
): D1PreparedStatement =>
  db
    .prepare(
      `INSERT INTO endpoints (user_id, url, version, ${HEALTH_COLUMNS}, next_probe_at)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, iif(?4 = 'degraded', ?13 + ${FIRST_PROBE_MS}, NULL)
       WHERE ?14 IS NULL OR EXISTS (SELECT 1 FROM endpoints WHERE user_id = ?1 AND url = ?2)
       ON CONFLICT DO UPDATE SET version = ?3, state = ?4, reason = ?5, consecutive_failures = ?6, first_failure_at = ?7,
         last_failure_at = ?8, last_error = ?9, recovered_at = ?10, last_success_at = ?11, disabled_at = ?12, ${REST}
       WHERE version = ?14
       RETURNING user_id, url, version, wake_at`,
    )
    .bind(
      ...[change.user_id, change.url, change.version],
      ...[health.state, health.reason, health.consecutive_failures, health.first_failure_at],
      ...[health.last_failure_at, health.last_error, health.recovered_at, health.last_success_at],
      ...[health.disabled_at, now, change.from, change.probed],
    );

/** The endpoints as they are now, in the order of `keys`; null for one that never failed and has no settings. */
export async function readEndpoints(
  db: D1Database,
  keys: readonly EndpointKey[],
): Promise<(Endpoint | null)[]> {
  const { results } = await db
    .prepare(
      `SELECT j.key AS position, ${ENDPOINT_COLUMNS} FROM json_each(?1) AS j
       CROSS JOIN endpoints AS e ON e.user_id = j.value ->> 'user_id' AND e.url = j.value ->> 'url'`,
    )
    .bind(JSON.stringify(keys))
    .all<StoredEndpoint & { position: number }>();
  const endpoints: (Endpoint | null)[] = keys.map(() => null);
  for (const { position, ...row } of results) endpoints[position] = endpointFrom(row);
  return endpoints;
}

/** How many rows a list reads at most: a state that few endpoints have may take several pages to find. */
const LIST_READ_LIMIT = 5_000;

/**
 * The endpoints of an org that have a row, by URL, after the one given. `next` is where the next page begins; null at
 * the end.
 */
export async function listEndpoints(
  db: D1Database,
  wanted: { user_id: string; state: EndpointState | null; after: string; limit: number },
): Promise<{ endpoints: (Endpoint & EndpointKey)[]; next: string | null }> {
  const { user_id, state, after, limit } = wanted;
  const last = state === null ? null : await lastToRead(db, { user_id, after, limit: LIST_READ_LIMIT });
  const { results } = await db
    .prepare(
      `SELECT user_id, url, ${ENDPOINT_COLUMNS} FROM endpoints
       WHERE user_id = ?1 AND url > ?2 AND url <= coalesce(?5, url) AND state = coalesce(?3, state)
       ORDER BY url LIMIT ?4`,
    )
    .bind(user_id, after, state, limit + 1, last)
    .all<StoredEndpoint & EndpointKey>();
  const endpoints = results.slice(0, limit).map(endpointFrom);
  return { endpoints, next: results.length > limit ? (endpoints.at(-1)?.url ?? null) : last };
}

/** Where so many endpoints of an org end, after the one given; null if there are fewer. */
export const lastToRead = (
  db: D1Database,
  { user_id, after, limit }: { user_id: string; after: string; limit: number },
) =>
  db
    .prepare("SELECT url FROM endpoints WHERE user_id = ?1 AND url > ?2 ORDER BY url LIMIT 1 OFFSET ?3")
    .bind(user_id, after, limit - 1)
    .first<string>("url");
