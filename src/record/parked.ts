/**
 * Calls that are parked at their endpoint, and the time at which it wakes for them. While a call is parked at an active
 * or degraded endpoint, that endpoint has a `wake_at`: whatever parks a call sets it in the same transaction, and it is
 * taken away only where no call is parked. Only while its org is suspended an endpoint has none: see `suspension.ts`.
 */
import { FIRST_PROBE_MS, type Waiting, type Waking } from "../core/endpoint.ts";
import { TRIALS_IN_A_ROW } from "../core/transition.ts";
import { type AttemptKey, attemptKeyText } from "../core/webhook-log.ts";
import { type EndpointKey, endpointOf } from "./endpoints.ts";
import { isSuspended } from "./orgs.ts";

/** When an endpoint wakes, in milliseconds since the epoch. */
export interface Wake extends EndpointKey {
  wake_at: number;
}

// Below, indexes are named because SQLite would rather walk an org's logs by their primary key.

/** The logs parked at the endpoint with this org and URL, which are SQL expressions. */
export const parkedAt = (userId: string, url: string): string =>
  `webhook_logs AS w INDEXED BY webhook_logs_waiting
   WHERE w.user_id = ${userId} AND ${endpointOf("w.url")} = ${url} AND w.parked IS NOT NULL`;

/** An endpoint that wakes, and the oldest calls parked at it: the attempt each waits for. */
export interface WakingEndpoint extends Wake {
  state: "active" | "degraded";
  probes: number;
  timeout_seconds: number | null;
  waiting: AttemptKey[];
}

/** Of these endpoints, the ones whose time to wake has come. `limit`: of how many calls each; of a suspended org none. */
export async function readWaking(
  db: D1Database,
  { keys, now, limit }: { keys: readonly EndpointKey[]; now: number; limit: number },
): Promise<WakingEndpoint[]> {
  const { results } = await db
    .prepare(
      `SELECT e.user_id, e.url, e.state, e.wake_at, e.probes, e.timeout_seconds, iif(${isSuspended("e.user_id")}, '[]', (
         SELECT json_group_array(json_object('user_id', n.user_id, 'call_id', n.call_id, 'event', n.event,
           'delivery_id', n.delivery_id, 'attempt', n.attempts + 1))
         FROM (SELECT w.user_id, w.call_id, w.event, w.delivery_id, w.attempts
           FROM ${parkedAt("e.user_id", "e.url")} ORDER BY w.parked LIMIT ?3) AS n)) AS waiting
       FROM json_each(?1) AS j
       CROSS JOIN endpoints AS e ON e.user_id = j.value ->> 'user_id' AND e.url = j.value ->> 'url'
       WHERE e.wake_at <= ?2 AND e.state IN ('active', 'degraded')`,
    )
    .bind(JSON.stringify(keys), now, limit)
    .all<Omit<WakingEndpoint, "waiting"> & { waiting: string }>();
  return results.map(({ waiting, ...endpoint }) => ({ ...endpoint, waiting: JSON.parse(waiting) }));
}

/** What an endpoint does when it wakes. Where no call is parked it goes to sleep. */
export interface Woken {
  endpoint: WakingEndpoint;
  /** Null: no call was parked at it, or its org is suspended. */
  waking: Waking | null;
}

/**
 * Lets endpoints do what was decided if they are as they were read. Returns the attempts that are due by that, and
 * when the endpoints wake again.
 */
export async function wakeEndpoints(
  db: D1Database,
  { woken, now, sweepGraceMs }: { woken: readonly Woken[]; now: number; sweepGraceMs: number },
): Promise<{ released: AttemptKey[]; waking: Wake[] }> {
  const statements = woken.flatMap(({ endpoint, waking }) => {
    if (waking === null) return [sleepStatement(db, endpoint, now)];
    const released = endpoint.waiting.slice(0, waking.kind === "probe" ? 1 : waking.limit);
    return [
      againStatement(db, { endpoint, waking, released }),
      releaseWokenStatement(db, { endpoint, waking, released, now, sweepGraceMs }),
    ];
  });
  if (statements.length === 0) return { released: [], waking: [] };
  const rows = (await db.batch<Partial<AttemptKey & Wake>>(statements)).flatMap(({ results }) => results);
  return {
    released: rows.filter((row) => row.call_id !== undefined) as AttemptKey[],
    waking: rows.filter((row) => row.wake_at !== undefined) as Wake[],
  };
}

/**
 * Only where still no call is parked, or its org is suspended: what parks one from now on, or ends the suspension, sets
 * the time anew. A probe may be on its way.
 */
const sleepStatement = (db: D1Database, { user_id, url, wake_at }: WakingEndpoint, now: number) =>
  db
    .prepare(
      `UPDATE endpoints AS e SET wake_at = NULL, next_probe_at = iif(e.state = 'degraded', ?4 + ${FIRST_PROBE_MS}, NULL)
       WHERE e.user_id = ?1 AND e.url = ?2 AND e.wake_at = ?3
         AND (${isSuspended("e.user_id")} OR NOT EXISTS (SELECT 1 FROM ${parkedAt("e.user_id", "e.url")}))`,
    )
    .bind(user_id, url, wake_at, now);

function againStatement(
  db: D1Database,
  {
    endpoint,
    waking,
    released,
  }: { endpoint: WakingEndpoint; waking: Waking; released: readonly AttemptKey[] },
) {
  const [first] = released;
  const probe =
    waking.kind === "probe"
      ? [
          first === undefined ? null : attemptKeyText(first),
          waking.probe_until,
          waking.probes,
          waking.wake_at,
        ]
      : [null, null, 0, null];
  return db
    .prepare(
      `UPDATE endpoints SET wake_at = ?5, probe = ?6, probe_until = ?7, probes = ?8, next_probe_at = ?9
       WHERE user_id = ?1 AND url = ?2 AND state = ?3 AND wake_at = ?4 RETURNING user_id, url, wake_at`,
    )
    .bind(endpoint.user_id, endpoint.url, endpoint.state, endpoint.wake_at, waking.wake_at, ...probe);
}

/** Makes calls due. */
const RELEASE = `parked = NULL, reason = NULL, next_attempt_at = ?1, sweep_at = ?1 + ?2,
  status = iif(attempts = 0, 'pending', 'retrying')`;

/** A call that an active endpoint releases is a trial, unless it was put behind the others before. */
const TRIAL_IF_ACTIVE = `iif(trials >= ${TRIALS_IN_A_ROW}, NULL, trials)`;

function releaseWokenStatement(
  db: D1Database,
  input: {
    endpoint: WakingEndpoint;
    waking: Waking;
    released: readonly AttemptKey[];
    now: number;
    sweepGraceMs: number;
  },
) {
  const { endpoint, waking, released, now, sweepGraceMs } = input;
  const { user_id, url, state } = endpoint;
  return db
    .prepare(
      `UPDATE webhook_logs AS l SET ${RELEASE},
         trials = iif(?6 = 'active', ${TRIAL_IF_ACTIVE}, l.trials)
       FROM json_each(?3) AS j
       WHERE l.user_id = j.value ->> 'user_id' AND l.call_id = j.value ->> 'call_id' AND l.event = j.value ->> 'event'
         AND l.delivery_id = j.value ->> 'delivery_id' AND l.attempts = (j.value ->> 'attempt') - 1
         AND +l.parked IS NOT NULL AND EXISTS ( -- the plus keeps SQLite from walking all parked calls
           SELECT 1 FROM endpoints AS e WHERE e.user_id = ?4 AND e.url = ?5 AND e.state = ?6 AND e.wake_at = ?7)
       RETURNING user_id, call_id, event, delivery_id, attempts + 1 AS attempt`,
    )
    .bind(now, sweepGraceMs, JSON.stringify(released), user_id, url, state, waking.wake_at);
}

/** How many of the oldest calls to release at an endpoint. */
export interface Release extends EndpointKey {
  limit: number;
}

/** Makes calls due at endpoints that are active. Returns the attempt that each waits for. */
export async function releaseCalls(
  db: D1Database,
  { releases, now, sweepGraceMs }: { releases: readonly Release[]; now: number; sweepGraceMs: number },
): Promise<AttemptKey[]> {
  const statements = releases.map(({ user_id, url, limit }) =>
    db
      .prepare(
        `UPDATE webhook_logs SET ${RELEASE}, trials = ${TRIAL_IF_ACTIVE}
         WHERE (user_id, call_id, event) IN (
             SELECT w.user_id, w.call_id, w.event FROM ${parkedAt("?3", "?4")} ORDER BY w.parked LIMIT ?5)
           AND EXISTS (SELECT 1 FROM endpoints AS e WHERE e.user_id = ?3 AND e.url = ?4 AND e.state = 'active')
         RETURNING user_id, call_id, event, delivery_id, attempts + 1 AS attempt`,
      )
      .bind(now, sweepGraceMs, user_id, url, limit),
  );
  if (statements.length === 0) return [];
  return (await db.batch<AttemptKey>(statements)).flatMap(({ results }) => results);
}

/** Up to `limit` endpoints that should have woken by `before`, the latest ones first in line. */
export async function readLateWakes(
  db: D1Database,
  { before, limit }: { before: number; limit: number },
): Promise<EndpointKey[]> {
  const { results } = await db
    .prepare("SELECT user_id, url FROM endpoints WHERE wake_at <= ?1 ORDER BY wake_at LIMIT ?2")
    .bind(before, limit)
    .all<EndpointKey>();
  return results;
}

/** Waiting calls are counted up to this many for an endpoint, and for all that are counted together. */
const WAITING_LIMIT = 1_000;
const WAITING_LIMIT_TOGETHER = 20_000;

/** How many calls are parked at each endpoint, in the order of `keys`. */
export async function countWaiting(db: D1Database, keys: readonly EndpointKey[]): Promise<Waiting[]> {
  if (keys.length === 0) return [];
  const limit = Math.min(WAITING_LIMIT, Math.floor(WAITING_LIMIT_TOGETHER / keys.length));
  const { results } = await db
    .prepare(
      `SELECT j.key AS position, (
         SELECT count(*) FROM (SELECT 1 FROM ${parkedAt("j.value ->> 'user_id'", "j.value ->> 'url'")} LIMIT ?2)) AS n
       FROM json_each(?1) AS j`,
    )
    .bind(JSON.stringify(keys), limit)
    .all<{ position: number; n: number }>();
  const counts = new Map(results.map(({ position, n }) => [position, n]));
  return keys.map((_, index) => {
    const waiting = counts.get(index) ?? 0;
    return { waiting, waiting_exact: waiting < limit };
  });
}

/** The same for one endpoint. */
export const countWaitingAt = async (db: D1Database, key: EndpointKey): Promise<Waiting> =>
  (await countWaiting(db, [key]))[0] ?? { waiting: 0, waiting_exact: true };
