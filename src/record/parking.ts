/** Parks calls, and gives their endpoints a time to wake for them. Statements of a batch's transaction. */
import { ORG_SUSPENDED, RELEASE_EVERY_MS } from "../core/endpoint.ts";
import { AWAITING_LOG, LOG_OF_ROW } from "./attempts.ts";
import { endpointOf } from "./endpoints.ts";
import { isSuspended } from "./orgs.ts";
import { parkedAt } from "./parked.ts";

/**
 * Parks the logs of a JSON array of attempts; each waits since its last attempt, or since it was created. Decided here
 * and not by the batch's read: the calls of an endpoint that is active by now are not parked, nor those of an org that is
 * no longer suspended. A test makes one attempt, which is no trial.
 */
export const parkStatement = (
  db: D1Database,
  { rows, because }: { rows: string; because: "endpoint" | "org" },
) =>
  db
    .prepare(
      `UPDATE webhook_logs AS l SET parked = max(l.created_at, coalesce(l.last_sent_at, 0)),
         trials = iif(l.is_test, NULL, coalesce(l.trials, 0)), reason = ${because === "org" ? `'${ORG_SUSPENDED}'` : "NULL"},
         next_attempt_at = NULL, sweep_at = NULL
       FROM json_each(?1) AS j WHERE ${AWAITING_LOG} AND l.next_attempt_at IS NOT NULL AND l.status <> 'held' AND ${
         because === "org"
           ? isSuspended("l.user_id")
           : `EXISTS (
         SELECT 1 FROM endpoints AS e WHERE e.user_id = l.user_id AND e.url = ${endpointOf("l.url")} AND e.state <> 'active')`
       }
       RETURNING user_id, call_id, event, delivery_id, attempts + 1 AS attempt`,
    )
    .bind(rows);

/** Gives the endpoints of logs that were parked because of their org a row if they have none: it is what wakes later. */
export const suspendedEndpointsStatement = (db: D1Database, rows: string) =>
  db
    .prepare(
      `INSERT INTO endpoints (user_id, url, version, state, consecutive_failures)
       SELECT l.user_id, ${endpointOf("l.url")}, hex(randomblob(16)), 'active', 0
       FROM json_each(?1) AS j CROSS JOIN webhook_logs AS l ON ${LOG_OF_ROW}
       WHERE l.reason = '${ORG_SUSPENDED}' ON CONFLICT DO NOTHING`,
    )
    .bind(rows);

/** Gives each endpoint in a JSON array a time to wake if a call is parked there and it has none. */
export const wakeStatement = (
  db: D1Database,
  { rows, now }: { rows: string; now: number },
): D1PreparedStatement =>
  db
    .prepare(
      `UPDATE endpoints AS e
       SET wake_at = iif(e.state = 'degraded', max(?2, coalesce(e.next_probe_at, 0)), ?2 + ${RELEASE_EVERY_MS})
       WHERE (e.user_id, e.url) IN (SELECT j.value ->> 'user_id', j.value ->> 'url' FROM json_each(?1) AS j)
         AND e.wake_at IS NULL AND e.state IN ('active', 'degraded') AND NOT ${isSuspended("e.user_id")}
         AND EXISTS (SELECT 1 FROM ${parkedAt("e.user_id", "e.url")})
       RETURNING user_id, url, wake_at`,
    )
    .bind(rows, now);
