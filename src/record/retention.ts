/**
 * Removes what is old. Ended logs: one that is due is never removed, nor one that is parked, except at an endpoint that
 * is disabled. And endpoints without settings that have long been well. Both walk over all there are and keep their
 * place, so that what stays, however much it is, is read a bounded number of times.
 */
import { IS_KEPT } from "./endpoint-settings.ts";
import { type EndpointKey, endpointOf } from "./endpoints.ts";
import { parkedAt } from "./parked.ts";
import { type Passed, type PassedLogs, passLogs, type UpTo } from "./pass-logs.ts";
import { keepPlace, readPlace } from "./place.ts";
import { takeRemoved } from "./usage.ts";

/** Makes one step of a walk: removes what was found, and keeps the place. Returns how many were removed. */
async function step(
  db: D1Database,
  {
    removal,
    ...others
  }: Record<"removal" | "moved", D1PreparedStatement | null> & {
    taken?: D1PreparedStatement | null;
  },
): Promise<number> {
  const statements = [removal, ...Object.values(others)].filter((statement) => statement != null);
  if (statements.length === 0) return 0;
  const [first] = await db.batch(statements);
  return removal === null ? 0 : (first?.results.length ?? 0);
}

/** How many steps of the walk over logs one run makes. The next run goes on. */
const STEPS = 20;

const hasEnded = (
  log: string,
): string => `(${log}.next_attempt_at IS NULL AND (${log}.parked IS NULL OR EXISTS (
  SELECT 1 FROM endpoints AS e WHERE e.user_id = ${log}.user_id AND e.url = ${endpointOf(`${log}.url`)} AND e.state = 'disabled')))`;

/** Log `l` and whatever else its call has: a call and its citations are removed together. */
const HAS_ENDED = `(${hasEnded("l")} AND NOT EXISTS (
  SELECT 1 FROM webhook_logs AS w WHERE w.user_id = l.user_id AND w.call_id = l.call_id AND NOT ${hasEnded("w")}))`;

/** One step removes about this much: the database does nothing else meanwhile. */
const STEP_BYTES = 16_777_216;

/** The log where the walk has come to. */
interface LogPlace {
  user_id: string;
  created_at: number;
  call_id: string;
  event: string;
}

const FIRST_LOG: LogPlace = { user_id: "", created_at: 0, call_id: "", event: "" };

const DAY_MS = 86_400_000;

/** Removes ended logs older than `retentionDays`, or than their org's own days if these are fewer. Returns how many. */
export async function removeEnded(
  db: D1Database,
  { now, retentionDays }: { now: number; retentionDays: number },
): Promise<number> {
  const before = now - retentionDays * DAY_MS;
  const upTo: UpTo = (floor, userId) =>
    `${floor} + ${DAY_MS} * (SELECT max(0, ${retentionDays} - coalesce(s.retention_days, ${retentionDays}))
       FROM orgs AS s WHERE s.user_id = ${userId})`;
  let removed = 0;
  let place = (await readPlace<LogPlace>(db, "logs")) ?? FIRST_LOG;
  for (let made = 0; made < STEPS; made++) {
    const walked = await passLogs(db, { ...place, low: -1, floor: before - 1 }, HAS_ENDED, upTo);
    const { found, last } = upToBytes(walked);
    const { user_id, created_at, call_id, event } = last ?? FIRST_LOG;
    const next = { user_id, created_at: created_at ?? before, call_id: call_id ?? "", event: event ?? "" };
    const hasMoved = JSON.stringify(next) !== JSON.stringify(place);
    removed += await step(db, {
      removal: found.length > 0 ? removeLogs(db, found) : null,
      taken: takeRemoved(db, found),
      moved: hasMoved ? keepPlace(db, "logs", next) : null,
    });
    place = next;
    if (last === undefined) break;
  }
  return removed;
}

/** The part of a step that is not too much to remove. The next step goes on after it. */
function upToBytes({ passed, found, last }: PassedLogs): Pick<PassedLogs, "found" | "last"> {
  let bytes = 0;
  const end = found.findIndex((log) => {
    bytes += log.bytes ?? 0;
    return bytes > STEP_BYTES;
  });
  if (end === -1) return { found, last };
  const part = found.slice(0, end + 1);
  return { found: part, last: passed.find((log) => log === part.at(-1)) };
}

const removeLogs = (db: D1Database, found: readonly Passed[]): D1PreparedStatement =>
  db
    .prepare(
      `DELETE FROM webhook_logs AS l WHERE (l.user_id, l.call_id) IN (
         SELECT j.value ->> 'user_id', j.value ->> 'call_id' FROM json_each(?1) AS j)
         AND ${HAS_ENDED} RETURNING event`,
    )
    .bind(JSON.stringify(found.map(({ user_id, call_id }) => ({ user_id, call_id }))));

/** An endpoint without settings that has been well for this long is forgotten. */
const WELL_FOR_MS = 30 * DAY_MS;
/** How many endpoints one run passes. */
const ENDPOINTS_PASSED = 1_000;

/** Endpoint `e` is not needed any more, as of ?1. */
const IS_LONG_WELL = `(e.state = 'active' AND NOT (${IS_KEPT}) AND e.wake_at IS NULL
  AND max(coalesce(e.last_failure_at, 0), coalesce(e.recovered_at, 0)) < ?1)`;

const FIRST_ENDPOINT: EndpointKey = { user_id: "", url: "" };

/** Forgets endpoints without settings that have long been well. Returns how many. */
export async function removeWell(db: D1Database, now: number): Promise<number> {
  const before = now - WELL_FOR_MS;
  const place = (await readPlace<EndpointKey>(db, "endpoints")) ?? FIRST_ENDPOINT;
  const { results } = await db
    .prepare(
      `SELECT e.user_id, e.url, ${IS_LONG_WELL} AS is_found FROM endpoints AS e
       WHERE (e.user_id, e.url) > (?2, ?3) ORDER BY e.user_id, e.url LIMIT ${ENDPOINTS_PASSED}`,
    )
    .bind(before, place.user_id, place.url)
    .all<EndpointKey & { is_found: 0 | 1 }>();
  const last = results.length < ENDPOINTS_PASSED ? undefined : results.at(-1);
  const { user_id, url } = last ?? FIRST_ENDPOINT;
  const found = results.filter(({ is_found }) => is_found === 1);
  return step(db, {
    removal: found.length > 0 ? removeEndpoints(db, found, before) : null,
    moved:
      user_id === place.user_id && url === place.url ? null : keepPlace(db, "endpoints", { user_id, url }),
  });
}

const removeEndpoints = (
  db: D1Database,
  found: readonly EndpointKey[],
  before: number,
): D1PreparedStatement =>
  db
    .prepare(
      `DELETE FROM endpoints AS e WHERE (e.user_id, e.url) IN (
         SELECT j.value ->> 'user_id', j.value ->> 'url' FROM json_each(?2) AS j)
         AND ${IS_LONG_WELL} AND NOT EXISTS (SELECT 1 FROM ${parkedAt("e.user_id", "e.url")})
       RETURNING url`,
    )
    .bind(before, JSON.stringify(found.map(({ user_id, url }) => ({ user_id, url }))));
