/**
 * Finds the logs of an org that match a filter, newest first, and reads them for a list. A page costs what it shows, or
 * where little matches what it passes, which is bounded. Reads no payload.
 */
import type { Parking } from "../core/endpoint.ts";
import type { LogState } from "../core/webhook-log.ts";
import { type Attempt, attemptsOf } from "./attempts.ts";
import { endpointOf } from "./endpoints.ts";
import { BEGINS_WITH, filterBindings, type LogFilter, MATCHES, readsEndpoints } from "./log-filter.ts";
import { ENDPOINT_STATE } from "./shown-state.ts";

/**
 * The place of a log in its org's list, as text: when it was created, its call id and its event. The order of the texts
 * is that of the list, because no character of an id comes before the space. Part of a regular expression.
 */
export const PLACE = "\\d{15} [A-Za-z0-9._:-]{1,140} [a-z]{1,20}";

const PLACE_OF_LOG = "printf('%015d %s %s', l.created_at, l.call_id, l.event)";

const placeOf = (created_at: number, call_id = "", event = ""): string =>
  `${String(created_at).padStart(15, "0")} ${call_id} ${event}`;

/** The place that all logs come after. */
const FIRST = placeOf(999_999_999_999_999);

/** The search for one page reads this many rows at most. Its logs are read after that. */
const READ_LIMIT = 4_300;
/** A statement passes this many logs at most, some 30 ms: the database does nothing else meanwhile. */
const STEP_LIMIT = 1_000;
/** A search ends once it could read fewer rows than this. */
const WORTHWHILE = 500;

const IN_RANGE = "l.created_at >= ?12 AND (l.created_at, l.call_id, l.event) < (?13, ?14, ?15)";

/** Passes up to ?16 logs. Tells how many those were, which one of them is last in the list, and which are found. */
const pass = (source: string, isFound: string): string =>
  `SELECT count(*) AS passed, count(parked) AS parked, min(place) AS last,
     json_group_array(place) FILTER (WHERE is_found) AS found
   FROM (SELECT l.parked, ${PLACE_OF_LOG} AS place, ${isFound} AS is_found FROM webhook_logs AS l ${source} LIMIT ?16)`;

const LISTED = pass(
  `INDEXED BY webhook_logs_listing WHERE l.user_id = ?1 AND ${IN_RANGE}
   ORDER BY l.created_at DESC, l.call_id DESC, l.event DESC`,
  MATCHES,
);

/** Those whose call id begins as asked, in the order of call ids. */
const PREFIXED = pass(`WHERE l.user_id = ?1 AND ${BEGINS_WITH("?8")}`, `(${MATCHES} AND ${IN_RANGE})`);

/** Those that are parked, and of these the ones that `isThere`. */
const parked = (isThere: string): string =>
  pass(
    `INDEXED BY webhook_logs_waiting WHERE l.user_id = ?1 AND l.parked IS NOT NULL ${isThere}`,
    `(${MATCHES} AND ${IN_RANGE})`,
  );
const PARKED = parked("");
const PARKED_AT = parked(`AND ${endpointOf("l.url")} = ?9`);

/** Where all logs of a filter are, perhaps among few others. Null: only in the list. */
const shortcutOf = ({ prefix, waiting, url }: LogFilter): string | null => {
  if (prefix !== null) return PREFIXED;
  if (waiting !== true) return null;
  return url === null ? PARKED : PARKED_AT;
};

interface Search {
  user_id: string;
  filter: LogFilter;
  /** The place after which to search. */
  after: string;
  limit: number;
}

/**
 * The places of matching logs, up to `limit`. `next` is the place after which the next page goes on, even if this page
 * is short; null at the end.
 */
export async function findLogs(
  db: D1Database,
  { limit, ...search }: Omit<Search, "after"> & { after: string | undefined },
): Promise<{ found: string[]; next: string | null }> {
  const { filter } = search;
  const shortcut = shortcutOf(filter);
  const found: string[] = [];
  let after = search.after ?? FIRST;
  let left = READ_LIMIT;
  let count = 0;
  for (let step = limit + 1; left > WORTHWHILE; ) {
    const passed = await passLogs(db, LISTED, { ...search, after, limit: step });
    found.push(...passed.found);
    if (found.length > limit || passed.count < step) return pageOf(found, limit);
    after = passed.last;
    left -= passed.cost;
    if (shortcut !== null && count === 0 && found.length < limit / 4) {
      const few = await passLogs(db, shortcut, { ...search, after, limit: STEP_LIMIT });
      if (few.count < STEP_LIMIT) return pageOf([...found, ...few.found], limit);
      left -= few.cost;
    }
    count += passed.count;
    const likely = Math.ceil((2 * (limit + 1 - found.length) * count) / found.length) + 10;
    step = Math.min(likely, 4 * step, STEP_LIMIT, passable(left, filter));
  }
  return { found, next: after };
}

/** How many logs can be passed for this many rows, whatever their state. */
const passable = (rows: number, filter: LogFilter): number =>
  readsEndpoints(filter) ? Math.floor(rows / 2) : rows;

function pageOf(found: readonly string[], limit: number): { found: string[]; next: string | null } {
  const page = found.slice(0, limit);
  return { found: page, next: found.length > limit ? (page.at(-1) ?? null) : null };
}

/** What a statement passed. `cost` is in rows, `found` in the order of the list. */
async function passLogs(
  db: D1Database,
  statement: string,
  { user_id, filter, after, limit }: Search,
): Promise<{ count: number; cost: number; last: string; found: string[] }> {
  const until = filter.until === null ? FIRST : placeOf(filter.until);
  const [created_at, call_id, event] = (after < until ? after : until).split(" ");
  const row = await db
    .prepare(statement)
    .bind(...filterBindings(user_id, filter), filter.since ?? 0, Number(created_at), call_id, event, limit)
    .first<{ passed: number; parked: number; last: string | null; found: string }>();
  if (row === null) throw new Error("a count without a row");
  return {
    count: row.passed,
    cost: row.passed + (readsEndpoints(filter) ? row.parked : 0),
    last: row.last ?? after,
    found: (JSON.parse(row.found) as string[]).sort().reverse(),
  };
}

/** A log as a list shows it: without its payload, with its newest attempts. */
export interface ListedLog
  extends Parking,
    Pick<
      LogState,
      "user_id" | "call_id" | "event" | "url" | "created_at" | "status" | "reason" | "attempts"
    > {
  next_attempt_at: number | null;
  is_test: 1 | null;
  payload_erased_at: number | null;
  to_number: string | null;
  from_number: string | null;
  inbound: 0 | 1 | null;
  attempts_total: number;
  metadata: Attempt[];
}

const SHOWN_ATTEMPTS = 20;
/**
 * More than are shown, because an attempt may be recorded late; D1's functions take 32 arguments at most. An element that
 * is read by its place costs no row.
 */
const READ_ATTEMPTS = 30;
const NEWEST_ATTEMPTS = Array.from({ length: READ_ATTEMPTS }, (_, index) => `'$[#-${index + 1}]'`).join(", ");

/** These logs as they are now, newest first. Those that are not there are left out. */
export async function readListed(
  db: D1Database,
  { user_id, keys }: { user_id: string; keys: readonly (readonly [call_id: string, event: string])[] },
): Promise<ListedLog[]> {
  const { results } = await db
    .prepare(
      `SELECT l.user_id, l.call_id, l.event, l.url, l.created_at, l.status, l.reason, l.attempts, l.next_attempt_at,
         l.is_test, l.payload_erased_at, l.to_number, l.from_number, l.inbound, l.parked,
         iif(l.parked IS NULL, NULL, ${ENDPOINT_STATE}) AS endpoint_state,
         json_array_length(l.metadata) AS attempts_total,
         iif(json_array_length(l.metadata) <= ${READ_ATTEMPTS}, l.metadata, json_extract(l.metadata, ${NEWEST_ATTEMPTS})) AS metadata
       FROM json_each(?1) AS j CROSS JOIN webhook_logs AS l
         ON l.user_id = ?2 AND l.call_id = j.value ->> 0 AND l.event = j.value ->> 1`,
    )
    .bind(JSON.stringify(keys), user_id)
    .all<Omit<ListedLog, "metadata"> & { metadata: string }>();
  return results
    .map((row) => ({ ...row, metadata: attemptsOf(row.metadata).slice(-SHOWN_ATTEMPTS) }))
    .sort((one, other) => (placeOfLog(one) < placeOfLog(other) ? 1 : -1));
}

const placeOfLog = ({ created_at, call_id, event }: ListedLog): string => placeOf(created_at, call_id, event);

/** The call id and the event of the log at a place. */
export function keyOfPlace(place: string): [call_id: string, event: string] {
  const [, call_id = "", event = ""] = place.split(" ");
  return [call_id, event];
}
