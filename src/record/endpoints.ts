/**
 * Endpoints that have failed or have settings, and the calls parked at them. Another endpoint that is well has no row.
 */
import type { Endpoint, EndpointHealth } from "../core/endpoint.ts";
import type { EndpointSettings, StoredHeader } from "../core/endpoint-settings.ts";
import type { AttemptKey } from "../core/webhook-log.ts";
import { type OperationalWebhook, operationalWebhookStatement } from "./operational-webhooks.ts";

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
  /** Calls are parked at it and have to be released. */
  releasing: boolean;
}

const HEALTH_COLUMNS = `state, reason, consecutive_failures, first_failure_at, last_failure_at, recovered_at,
  last_success_at, disabled_at`;

/** The columns of an endpoint as it is read. */
export const ENDPOINT_COLUMNS = `version, probe, probe_until, ${HEALTH_COLUMNS}, description, timeout_seconds, retry_schedule,
  signature_header, headers`;

/** An endpoint as it is stored. */
export type StoredEndpoint = Omit<Endpoint, "settings"> &
  Omit<EndpointSettings, "retry_schedule" | "headers"> & {
    retry_schedule: string | null;
    headers: string | null;
  };

export function endpointFrom<Row extends StoredEndpoint>(row: Row) {
  const { description, timeout_seconds, signature_header, ...stored } = row;
  const { retry_schedule: waits, headers: encrypted, ...endpoint } = stored;
  const retry_schedule = waits === null ? null : (JSON.parse(waits) as string[]);
  const headers = encrypted === null ? null : (JSON.parse(encrypted) as Record<string, StoredHeader>);
  const settings = { description, timeout_seconds, retry_schedule, signature_header, headers };
  return { ...endpoint, settings };
}

/** Writes a change if the endpoint still is as it was read. Returns the version if it took effect. */
export const endpointStatement = (db: D1Database, change: EndpointChange): D1PreparedStatement => {
  const { health } = change;
  return db
    .prepare(
      `INSERT INTO endpoints (user_id, url, version, releasing, ${HEALTH_COLUMNS})
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
       ON CONFLICT DO UPDATE SET version = ?3, releasing = coalesce(?4, releasing), state = ?5, reason = ?6,
         consecutive_failures = ?7, first_failure_at = ?8, last_failure_at = ?9, recovered_at = ?10,
         last_success_at = ?11, disabled_at = ?12,
         probe = CASE WHEN ?5 = 'degraded' THEN probe END, probe_until = CASE WHEN ?5 = 'degraded' THEN probe_until END
       WHERE version = ?13
       RETURNING version`,
    )
    .bind(
      change.user_id,
      change.url,
      change.version,
      change.releasing ? 1 : null,
      health.state,
      health.reason,
      health.consecutive_failures,
      health.first_failure_at,
      health.last_failure_at,
      health.recovered_at,
      health.last_success_at,
      health.disabled_at,
      change.from,
    );
};

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

/** The most endpoints in a list. */
const LIST_LIMIT = 1_000;

/** The endpoints of an org that have a row: those that still fail first, then the ones that failed last. */
export async function listEndpoints(db: D1Database, userId: string): Promise<(Endpoint & EndpointKey)[]> {
  const { results } = await db
    .prepare(
      `SELECT user_id, url, ${ENDPOINT_COLUMNS} FROM endpoints WHERE user_id = ?1
       ORDER BY state = 'active', last_failure_at DESC LIMIT ?2`,
    )
    .bind(userId, LIST_LIMIT)
    .all<StoredEndpoint & EndpointKey>();
  return results.map(endpointFrom);
}

/** Gives each probe the lease of its endpoint until its time if the lease is free. Returns the probes that got it. */
export async function claimProbes(
  db: D1Database,
  { claims, now }: { claims: readonly (EndpointKey & { probe: string; until: number })[]; now: number },
): Promise<Set<string>> {
  const { results } = await db
    .prepare(
      `UPDATE endpoints AS e SET probe = j.value ->> 'probe', probe_until = j.value ->> 'until' FROM json_each(?1) AS j
       WHERE e.user_id = j.value ->> 'user_id' AND e.url = j.value ->> 'url' AND e.state = 'degraded'
         AND (e.probe_until IS NULL OR e.probe_until <= ?2)
       RETURNING probe`,
    )
    .bind(JSON.stringify(claims), now)
    .all<{ probe: string }>();
  return new Set(results.map(({ probe }) => probe));
}

// Below, indexes are named because SQLite would rather walk an org's logs by their primary key.

/**
 * Makes an endpoint active, whatever its state. A batch that judged it before judges it again. Its parked calls are
 * released. With `redeliver: false` the calls of a disabled endpoint stay disabled, including those that were
 * deferred before it was disabled. Null if the endpoint never failed. `notified` is the attempt of the operational
 * webhook, if one is sent.
 */
export async function enableEndpoint(
  db: D1Database,
  enabling: EndpointKey & {
    version: string;
    now: number;
    redeliver: boolean;
    operationalWebhooks: readonly OperationalWebhook[];
  },
): Promise<{ endpoint: Endpoint & EndpointKey; redelivering: number; notified: AttemptKey[] } | null> {
  const { user_id, url, version, now, redeliver, operationalWebhooks } = enabling;
  const waiting = `webhook_logs INDEXED BY webhook_logs_waiting WHERE user_id = ?1 AND ${endpointOf("url")} = ?2 AND parked IS NOT NULL`;
  const leaving = db.prepare(
    `UPDATE webhook_logs SET parked = NULL, status = 'disabled', reason = 'endpoint_disabled',
       next_attempt_at = NULL, sweep_at = NULL
     WHERE (user_id, call_id, event) IN (SELECT user_id, call_id, event FROM ${waiting})
       AND EXISTS (SELECT 1 FROM endpoints WHERE user_id = ?1 AND url = ?2 AND state = 'disabled')`,
  );
  const answers = await db.batch<StoredEndpoint & EndpointKey & AttemptKey & { n: number }>([
    ...(redeliver ? [] : [leaving.bind(user_id, url)]),
    db
      .prepare(
        `UPDATE endpoints SET state = 'active', reason = NULL, version = ?3, consecutive_failures = 0,
           first_failure_at = NULL, last_failure_at = NULL, recovered_at = ?4, disabled_at = NULL, probe = NULL,
           probe_until = NULL, releasing = 1
         WHERE user_id = ?1 AND url = ?2
         RETURNING user_id, url, ${ENDPOINT_COLUMNS}`,
      )
      .bind(user_id, url, version, now),
    db.prepare(`SELECT count(*) AS n FROM ${waiting}`).bind(user_id, url),
    ...(operationalWebhooks.length === 0
      ? []
      : [operationalWebhookStatement(db, JSON.stringify(operationalWebhooks))]),
  ]);
  const [endpoint, counted, notified] = answers.slice(redeliver ? 0 : 1).map(({ results }) => results);
  if (endpoint?.[0] === undefined) return null;
  return {
    endpoint: endpointFrom(endpoint[0]),
    redelivering: counted?.[0]?.n ?? 0,
    notified: notified ?? [],
  };
}

/**
 * Makes up to `limit` calls due that are parked at an active endpoint, and returns the attempt each waits for. Calls
 * that are `disabled` are released even if their endpoint was enabled and has failed again: then they are deferred
 * like others. An endpoint without parked calls is not looked at again.
 */
export async function releaseParked(
  db: D1Database,
  { now, sweepGraceMs, limit }: { now: number; sweepGraceMs: number; limit: number },
): Promise<AttemptKey[]> {
  const waiting = `endpoints AS e INDEXED BY endpoints_releasing CROSS JOIN webhook_logs AS w
    INDEXED BY webhook_logs_waiting ON w.user_id = e.user_id AND ${endpointOf("w.url")} = e.url
    AND w.parked IS NOT NULL WHERE e.releasing IS NOT NULL
    AND (e.state = 'active' OR (e.state = 'degraded' AND w.status = 'disabled'))`;
  const [released] = await db.batch<AttemptKey>([
    db
      .prepare(
        `UPDATE webhook_logs SET parked = NULL, reason = NULL, next_attempt_at = ?1, sweep_at = ?1 + ?2,
           status = CASE attempts WHEN 0 THEN 'pending' ELSE 'retrying' END
         WHERE (user_id, call_id, event) IN (SELECT w.user_id, w.call_id, w.event FROM ${waiting} LIMIT ?3)
         RETURNING user_id, call_id, event, delivery_id, attempts + 1 AS attempt`,
      )
      .bind(now, sweepGraceMs, limit),
    db.prepare(
      `UPDATE endpoints AS u INDEXED BY endpoints_releasing SET releasing = NULL WHERE u.releasing IS NOT NULL AND NOT EXISTS (
         SELECT 1 FROM webhook_logs AS w INDEXED BY webhook_logs_waiting
         WHERE w.user_id = u.user_id AND ${endpointOf("w.url")} = u.url AND w.parked IS NOT NULL)`,
    ),
  ]);
  return released?.results ?? [];
}
