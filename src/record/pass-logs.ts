/**
 * A step of a walk over the logs of all orgs, in the order of the listing index. The walks of the sweep, of the removal
 * and of the count of what is stored are made of such steps; each keeps its own place.
 */
import type { LogEvent } from "../core/webhook-log.ts";

/** A log in the window, or an org without any. */
export interface Passed {
  user_id: string;
  created_at: number | null;
  call_id: string | null;
  event: LogEvent | null;
  is_found: 0 | 1;
  /** What the log takes up; null of an org without logs. */
  bytes: number | null;
}

/** About what log `l` takes up with its entries in indexes. Its columns tell their sizes: no payload is read. */
const BYTES = `octet_length(l.payload) + octet_length(l.metadata) + octet_length(l.details) + 4 * coalesce(octet_length(l.url), 0) + 512`;

/** How many logs and orgs without logs one step passes. */
const STEP_LIMIT = 1_000;

/** Where a walk over logs goes on, and over which: those created after `low` and not after `floor`. */
interface Window {
  floor: number;
  low: number;
  user_id: string;
  created_at: number;
  call_id: string;
  event: string;
}

/** Up to when a walk goes in an org: an SQL expression made of those for the walk's floor and the org's id. */
export type UpTo = (floor: string, userId: string) => string;
const UP_TO_FLOOR: UpTo = (floor) => floor;

/** What one step has passed, which of it was found, and where it has come to; undefined at the end. */
export interface PassedLogs {
  passed: Passed[];
  found: Passed[];
  last: Passed | undefined;
}

interface Passing {
  isFound: string;
  upTo: UpTo;
}

/**
 * Passes up to a step's number of logs and orgs without logs. Found are those for which the expression over `l` is true.
 */
export async function passLogs(
  db: D1Database,
  walk: Window,
  isFound: string,
  upTo = UP_TO_FLOOR,
): Promise<PassedLogs> {
  const rest = await readRestOfOrg(db, walk, { isFound, upTo });
  const passed = rest.length > 0 ? rest : await readNextOrgs(db, walk, { isFound, upTo });
  const last = rest.length > 0 || passed.length === STEP_LIMIT ? passed.at(-1) : undefined;
  return { passed, found: passed.filter(({ is_found }) => is_found === 1), last };
}

/** The further logs of the org where the walk has come to. */
async function readRestOfOrg(db: D1Database, walk: Window, { isFound, upTo }: Passing): Promise<Passed[]> {
  const { results } = await db
    .prepare(
      `SELECT l.user_id, l.created_at, l.call_id, l.event, ${isFound} AS is_found, ${BYTES} AS bytes
       FROM webhook_logs AS l INDEXED BY webhook_logs_listing
       WHERE l.user_id = ?1 AND (l.created_at, l.call_id, l.event) > (?2, ?3, ?4)
         AND l.created_at <= ${upTo("?5", "?1")}
       ORDER BY l.created_at, l.call_id, l.event LIMIT ${STEP_LIMIT}`,
    )
    .bind(walk.user_id, walk.created_at, walk.call_id, walk.event, walk.floor)
    .all<Passed>();
  return results;
}

/** The logs of the orgs after that. An org without logs in the window has a row of its own: it counts as a step too. */
async function readNextOrgs(db: D1Database, walk: Window, { isFound, upTo }: Passing): Promise<Passed[]> {
  const { results } = await db
    .prepare(
      `SELECT o.user_id, l.created_at, l.call_id, l.event, l.event IS NOT NULL AND ${isFound} AS is_found,
         ${BYTES} AS bytes
       FROM orgs AS o LEFT JOIN webhook_logs AS l INDEXED BY webhook_logs_listing
         ON l.user_id = o.user_id AND l.created_at > ?2 AND l.created_at <= ${upTo("?3", "o.user_id")}
       WHERE o.user_id > ?1
       ORDER BY o.user_id, l.created_at, l.call_id, l.event LIMIT ${STEP_LIMIT}`,
    )
    .bind(walk.user_id, walk.low, walk.floor)
    .all<Passed>();
  return results;
}
