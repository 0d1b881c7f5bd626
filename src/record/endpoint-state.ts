/** What an org does to an endpoint's state: it pauses it, enables it, or has it probed now. */
import type { Endpoint } from "../core/endpoint.ts";
import type { AttemptKey } from "../core/webhook-log.ts";
import { MAY_KEEP } from "./endpoint-settings.ts";
import { ENDPOINT_COLUMNS, type EndpointKey, endpointFrom, type StoredEndpoint } from "./endpoints.ts";
import { type OperationalWebhook, operationalWebhookStatement } from "./operational-webhooks.ts";
import { parkedAt } from "./parked.ts";

/** A change of state, written as `version`, with what reports it. */
interface StateChange extends EndpointKey {
  version: string;
  now: number;
  operationalWebhooks: readonly OperationalWebhook[];
}

/** The endpoint as it then is. `notified` is the attempt of the operational webhook, if one is sent. */
interface Changed {
  endpoint: Endpoint & EndpointKey;
  notified: AttemptKey[];
}

async function change(
  db: D1Database,
  statements: readonly D1PreparedStatement[],
  operationalWebhooks: readonly OperationalWebhook[],
): Promise<Changed | null> {
  const notifying =
    operationalWebhooks.length === 0
      ? []
      : [operationalWebhookStatement(db, JSON.stringify(operationalWebhooks))];
  const answers = await db.batch<StoredEndpoint & EndpointKey & AttemptKey>([...statements, ...notifying]);
  const [row] = answers[statements.length - 1]?.results ?? [];
  if (row === undefined) return null;
  return { endpoint: endpointFrom(row), notified: answers[statements.length]?.results ?? [] };
}

/**
 * One statement of an enabling ends this many calls, and one enabling has this many such statements. Each call's row is
 * written with its payload: a hundred of the largest take some seconds.
 */
const ENDED_AT_ONCE = 100;
const ENDING_ROUNDS = 200;

/**
 * Makes an endpoint active, whatever its state, and lets it wake. A batch that judged it before judges it again. With
 * `redeliver: false` the calls parked at it end as `disabled`. Null if it has no row; `too_many` if it still has its
 * state, because there are more calls than are ended at once.
 */
export async function enableEndpoint(
  db: D1Database,
  enabling: StateChange & { redeliver: boolean },
): Promise<Changed | "too_many" | null> {
  const { user_id, url, version, now, redeliver, operationalWebhooks } = enabling;
  const activate = db
    .prepare(
      `UPDATE endpoints SET state = 'active', reason = NULL, version = ?3, consecutive_failures = 0,
         first_failure_at = NULL, recovered_at = ?4, disabled_at = NULL, probe = NULL, probe_until = NULL, probes = 0,
         next_probe_at = NULL, next_slot_at = iif(state = 'active', next_slot_at, NULL), wake_at = ?4
       WHERE user_id = ?1 AND url = ?2
       RETURNING user_id, url, ${ENDPOINT_COLUMNS}`,
    )
    .bind(user_id, url, version, now);
  if (redeliver) return change(db, [activate], operationalWebhooks);
  const end = db
    .prepare(
      `UPDATE webhook_logs SET parked = NULL, trials = NULL, status = 'disabled', reason = 'endpoint_disabled'
       WHERE (user_id, call_id, event) IN (
           SELECT w.user_id, w.call_id, w.event FROM ${parkedAt("?1", "?2")} LIMIT ${ENDED_AT_ONCE})
         AND EXISTS (SELECT 1 FROM endpoints WHERE user_id = ?1 AND url = ?2)
       RETURNING event`,
    )
    .bind(user_id, url);
  for (let round = 0; round < ENDING_ROUNDS; round++)
    if ((await end.all()).results.length < ENDED_AT_ONCE)
      return change(db, [end, activate], operationalWebhooks);
  return "too_many";
}

/** Pauses an endpoint, which gets a row where it has none. `too_many`: then its org would have more than it may. */
export async function pauseEndpoint(db: D1Database, pausing: StateChange): Promise<Changed | "too_many"> {
  const { user_id, url, version, operationalWebhooks } = pausing;
  const pause = db
    .prepare(
      `INSERT INTO endpoints (user_id, url, version, state, reason, consecutive_failures)
       SELECT ?1, ?2, ?3, 'paused', 'paused', 0
       WHERE ${MAY_KEEP}
       ON CONFLICT DO UPDATE SET version = iif(state = 'paused', version, ?3), state = 'paused', reason = 'paused',
         disabled_at = NULL, probe = NULL, probe_until = NULL, probes = 0, next_probe_at = NULL, next_slot_at = NULL, wake_at = NULL
       RETURNING user_id, url, ${ENDPOINT_COLUMNS}`,
    )
    .bind(user_id, url, version);
  return (await change(db, [pause], operationalWebhooks)) ?? "too_many";
}

/**
 * Makes the next probe of a degraded endpoint due now, or as soon as the one under way must have ended. Null if the
 * endpoint is not degraded.
 */
export async function probeEndpoint(
  db: D1Database,
  { user_id, url, now }: EndpointKey & { now: number },
): Promise<(Endpoint & EndpointKey) | null> {
  const row = await db
    .prepare(
      `UPDATE endpoints SET next_probe_at = max(?3, coalesce(probe_until, 0)),
         wake_at = iif(wake_at IS NULL, NULL, max(?3, coalesce(probe_until, 0)))
       WHERE user_id = ?1 AND url = ?2 AND state = 'degraded'
       RETURNING user_id, url, ${ENDPOINT_COLUMNS}`,
    )
    .bind(user_id, url, now)
    .first<StoredEndpoint & EndpointKey>();
  return row === null ? null : endpointFrom(row);
}
