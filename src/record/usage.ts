/**
 * Counts how much each org stores, by walks: that of the sweep, which passes each log once, adds what is much, that of
 * the removal takes it away, and a walk of its own counts every org anew each day, so that what has grown or was counted
 * twice comes right.
 */
import { type Passed, passLogs } from "./pass-logs.ts";
import { keepPlace, readPlace } from "./place.ts";

/** The orgs of the JSON array ?1, each looked up. The order of a join can't be said in an UPDATE, so the orgs are inserted again. */
const COUNTED_ORGS = "FROM json_each(?1) AS j CROSS JOIN orgs AS o ON o.user_id = j.value ->> 0";

/** What an org stores in one step of the sweep's walk is added if it is more than this; else the day's count has it. */
const WALKED_FROM_BYTES = 262_144;
/** Takes from each org what was removed of its logs. Null if that is little. */
export const takeRemoved = (db: D1Database, removed: readonly Stored[]): D1PreparedStatement | null =>
  addStatement(db, removed, { fromBytes: WALKED_FROM_BYTES, sign: -1 });

/** And what one batch has added to its logs, if it is more than this. */
const GROWN_FROM_BYTES = 65_536;

interface Stored {
  user_id: string;
  bytes: number | null;
}

/** Adds to each org what it has stored in the logs that were passed. Null if none has stored much. */
export const addWalked = (db: D1Database, passed: readonly Stored[]): D1PreparedStatement | null =>
  addStatement(db, passed, { fromBytes: WALKED_FROM_BYTES });

/** Adds to each org what the attempts of a batch have added to its logs. Null if that is little. */
export const addGrown = (db: D1Database, attempts: readonly Stored[]): D1PreparedStatement | null =>
  addStatement(db, attempts, { fromBytes: GROWN_FROM_BYTES });

function addStatement(
  db: D1Database,
  stored: readonly Stored[],
  { fromBytes, sign = 1 }: { fromBytes: number; sign?: 1 | -1 },
): D1PreparedStatement | null {
  const much = [...bytesByOrg(stored)]
    .filter(([, bytes]) => bytes > fromBytes)
    .map(([org, bytes]) => [org, sign * bytes]);
  if (much.length === 0) return null;
  return db
    .prepare(
      `INSERT INTO orgs (user_id, name, created_at, stored_bytes)
       SELECT o.user_id, o.name, o.created_at, max(0, o.stored_bytes + (j.value ->> 1)) ${COUNTED_ORGS} WHERE true
       ON CONFLICT DO UPDATE SET stored_bytes = excluded.stored_bytes`,
    )
    .bind(JSON.stringify(much));
}

function bytesByOrg(stored: readonly Stored[]): Map<string, number> {
  const bytes = new Map<string, number>();
  for (const log of stored) bytes.set(log.user_id, (bytes.get(log.user_id) ?? 0) + (log.bytes ?? 0));
  return bytes;
}

/** Where the day's count has come to, what it has counted of that org, and when it began. */
interface Place {
  startedAt: number;
  /** Null: it is at its end. */
  user_id: string | null;
  created_at: number;
  call_id: string;
  event: string;
  bytes: number;
}

/** Each log is read once in this time: more often, that would be a part of the bill. */
const COUNT_EVERY_MS = 86_400_000;
/** How many steps of the count one run makes: 10,000 logs. */
const STEPS = 10;

/** Goes on counting what orgs store, up to where the sweep has walked, and begins anew each day. */
export async function countUsage(
  db: D1Database,
  { now, floor }: { now: number; floor: number },
): Promise<void> {
  const before = await readPlace<Place>(db, "usage");
  const isOver = before?.user_id === null && before.startedAt <= now - COUNT_EVERY_MS;
  let place = before === null || isOver ? begun(now) : before;
  if (place.user_id === null) return;
  const complete = new Map<string, number>();
  for (let step = 0; step < STEPS && place.user_id !== null; step++) {
    const { user_id } = place;
    const { passed, last } = await passLogs(db, { ...place, user_id, low: -1, floor }, "0");
    const bytes = bytesByOrg([{ user_id, bytes: place.bytes }, ...passed]);
    // The last org may have more logs than this step has passed.
    for (const [org, counted] of bytes) if (org !== "" && org !== last?.user_id) complete.set(org, counted);
    place = nextPlace(place, { last, bytes });
  }
  await db.batch([
    ...(complete.size > 0 ? [writeStatement(db, [...complete], now)] : []),
    keepPlace(db, "usage", place),
  ]);
}

const begun = (startedAt: number): Place => ({
  ...{ startedAt, user_id: "", created_at: -1, call_id: "", event: "", bytes: 0 },
});

function nextPlace(
  { startedAt }: Place,
  { last, bytes }: { last: Passed | undefined; bytes: ReadonlyMap<string, number> },
): Place {
  if (last === undefined) return { ...begun(startedAt), user_id: null };
  const { user_id, created_at, call_id, event } = last;
  // Of an org without logs nothing is left.
  const at = {
    created_at: created_at ?? Number.MAX_SAFE_INTEGER,
    call_id: call_id ?? "",
    event: event ?? "",
  };
  return { startedAt, user_id, ...at, bytes: bytes.get(user_id) ?? 0 };
}

/** About what the endpoints of org `o` take up: each failing URL has a row, also when its calls are gone. */
const BYTES_OF_ENDPOINTS = "1024 * (SELECT count(*) FROM endpoints AS e WHERE e.user_id = o.user_id)";

/** A count that is about the same as before is not written, except once a day. */
const writeStatement = (
  db: D1Database,
  counts: readonly [string, number][],
  now: number,
): D1PreparedStatement =>
  db
    .prepare(
      `INSERT INTO orgs (user_id, name, created_at, stored_bytes)
       SELECT c.user_id, c.name, c.created_at, c.bytes
       FROM (SELECT o.*, (j.value ->> 1) + ${BYTES_OF_ENDPOINTS} AS bytes ${COUNTED_ORGS}) AS c
       WHERE (c.counted_at IS NULL OR c.counted_at < ?2 - 86400000 OR abs(c.stored_bytes - c.bytes) > c.stored_bytes / 100)
       ON CONFLICT DO UPDATE SET stored_bytes = excluded.stored_bytes, counted_at = ?2`,
    )
    .bind(JSON.stringify(counts), now);
