/**
 * Reads logs for statistics: all of a time where they are few, else the newest of each of its slices, and how many there
 * are beside them. What is read is bounded in rows and bytes; no payload is read.
 */
import {
  type Count,
  type CountedLog,
  type Interval,
  partsOf,
  type Range,
  type SliceRead,
  slicesOf,
} from "../core/stats.ts";
import type { AttemptError, LogStatus } from "../core/webhook-log.ts";
import { endpointOf } from "./endpoints.ts";
import { filterBindings, type LogFilter, MATCHES } from "./log-filter.ts";
import { SHOWN_STATUS } from "./shown-state.ts";

/** The first reading passes this many logs at most, and the second one, of slices with more of them, this many. */
const FIRST_LIMIT = 2_000;
const SECOND_LIMIT = 8_000;
/** A statement passes this many at most, some 30 ms: the database does nothing else meanwhile. */
const STATEMENT_LIMIT = 1_000;
/** Of one slice this many: a slice's logs come as one value, which may have 2 MB. */
const SLICE_LIMIT = 500;

interface Asked {
  user_id: string;
  filter: LogFilter;
  /** What is due before then is overdue. */
  overdueBefore: number;
}

/** The slices of a time in its order, each with the logs that match. */
export async function readSlices(
  db: D1Database,
  { interval, since, until, ...asked }: Asked & Range & { interval: Interval },
): Promise<SliceRead[]> {
  const slices = slicesOf({ since, until }, interval);
  const limit = Math.min(SLICE_LIMIT, Math.floor(FIRST_LIMIT / slices.length));
  const reads = await readAll(db, { ...asked, slices, limit });
  const cut = reads.filter(({ isCut }) => isCut).map(({ slice }) => slice);
  if (cut.length === 0) return reads;
  const groups = grouped(cut, await countAll(db, cut, asked.user_id));
  const finer = await Promise.all(
    groups.map((group) => {
      const share = Math.floor(SECOND_LIMIT / groups.length / group.length);
      const parts = Math.ceil(share / SLICE_LIMIT);
      const again = group.flatMap((slice) => partsOf(slice, parts));
      return readAll(db, { ...asked, slices: again, limit: Math.floor(share / parts) });
    }),
  );
  const all = [...reads.filter(({ isCut }) => !isCut), ...finer.flat()];
  const counts = await countAll(
    db,
    all.filter(({ isCut }) => isCut).map(({ slice }) => slice),
    asked.user_id,
  );
  return all
    .map((read) => ({ ...read, counted: counts.get(read.slice) }))
    .sort((one, other) => one.slice.since - other.slice.since);
}

/** A slice with this many times the mean is one of a burst. Bursts and the rest are read to the same number of logs. */
const BURST = 4;

function grouped(slices: readonly Range[], counts: ReadonlyMap<Range, Count>): Range[][] {
  const logsOf = (slice: Range) => counts.get(slice)?.logs ?? 0;
  const mean = slices.reduce((sum, slice) => sum + logsOf(slice), 0) / slices.length;
  const isBurst = (slice: Range) => logsOf(slice) > BURST * mean;
  return [slices.filter(isBurst), slices.filter((slice) => !isBurst(slice))].filter(
    ({ length }) => length > 0,
  );
}

/** How many logs are counted at first, and again of slices that have more than their share: by the index alone. */
const COUNT_LIMITS = [10_000, 75_000];

/** How many logs the slices have. Beyond the limits they are counted up to their share. */
async function countAll(
  db: D1Database,
  slices: readonly Range[],
  user_id: string,
): Promise<Map<Range, Count>> {
  const counts = new Map<Range, Count>();
  let left = slices;
  for (const limit of COUNT_LIMITS) {
    if (left.length === 0) break;
    const counted = await countEach(db, left, { user_id, limit: Math.floor(limit / left.length) });
    for (const [slice, count] of counted) counts.set(slice, count);
    left = left.filter((slice) => counts.get(slice)?.isCut === true);
  }
  return counts;
}

async function countEach(
  db: D1Database,
  slices: readonly Range[],
  { user_id, limit }: { user_id: string; limit: number },
): Promise<[Range, Count][]> {
  const { results } = await db
    .prepare(
      `SELECT j.key AS position, (
         SELECT json_array(count(*), min(created_at)) FROM (
           SELECT l.created_at FROM webhook_logs AS l INDEXED BY webhook_logs_listing
           WHERE l.user_id = ?1 AND l.created_at >= j.value ->> 'since' AND l.created_at < j.value ->> 'until'
           ORDER BY l.created_at DESC LIMIT ?3)) AS counted
       FROM json_each(?2) AS j`,
    )
    .bind(user_id, JSON.stringify(slices), limit)
    .all<{ position: number; counted: string }>();
  return results.flatMap(({ position, counted }) => {
    const slice = slices[position];
    const [logs, oldest] = JSON.parse(counted) as [number, number | null];
    return slice === undefined
      ? []
      : [[slice, { logs, isCut: logs === limit, oldest: oldest ?? slice.since }]];
  });
}

type Reading = Asked & { slices: readonly Range[]; limit: number };

async function readAll(db: D1Database, { slices, limit, ...asked }: Reading): Promise<SliceRead[]> {
  const size = Math.max(1, Math.floor(STATEMENT_LIMIT / limit));
  const chunks = Array.from({ length: Math.ceil(slices.length / size) }, (_, index) =>
    slices.slice(index * size, (index + 1) * size),
  );
  // Apart, so that other work of the database comes in between.
  return (await Promise.all(chunks.map((chunk) => readChunk(db, { ...asked, slices: chunk, limit })))).flat();
}

/** Histories over this size are judged by it: such a call was attempted for days. */
const METADATA_LIMIT_BYTES = 16_384;
const BYTES_AN_ATTEMPT = 190;
const IS_LONG = `octet_length(l.metadata) > ${METADATA_LIMIT_BYTES}`;

/** This many attempts of a log tell of response times and errors. */
const NEWEST = 4;
const NEWEST_ATTEMPTS = Array.from(
  { length: NEWEST },
  (_, index) => `'$[#-${index + 1}].response_time', '$[#-${index + 1}].error'`,
).join(", ");

/** A failed attempt has a text for its error. Nothing in an attempt is of a caller's or a receiver's wording. */
const ERROR = '"error":"';

/** A log as `Row` has it. */
const ROW = `json_array(l.created_at, ${SHOWN_STATUS}, l.parked IS NOT NULL, l.next_attempt_at < ?12, ${endpointOf("l.url")},
  iif(${IS_LONG}, octet_length(l.metadata) / ${BYTES_AN_ATTEMPT}, json_array_length(l.metadata)),
  iif(${IS_LONG}, octet_length(l.metadata) / ${BYTES_AN_ATTEMPT}, (length(l.metadata) - length(replace(l.metadata, '${ERROR}', ''))) / ${ERROR.length}),
  CASE WHEN ${IS_LONG} THEN 1 WHEN l.metadata <> '[]' THEN l.metadata ->> '$[0].error' IS NOT NULL END,
  iif(${IS_LONG}, json_array(), json_extract(l.metadata, ${NEWEST_ATTEMPTS})))`;

type Row = [
  created_at: number,
  status: LogStatus,
  isParked: 0 | 1,
  isOverdue: 0 | 1 | null,
  url: string | null,
  attempts: number,
  failed: number,
  hasFailedFirst: 0 | 1 | null,
  newest: (string | null)[],
];

async function readChunk(db: D1Database, { slices, limit, ...asked }: Reading): Promise<SliceRead[]> {
  const { results } = await db
    .prepare(
      `SELECT j.key AS position, (
         SELECT json_array(count(*), json_group_array(json(row)) FILTER (WHERE row IS NOT NULL))
         FROM (
           SELECT CASE WHEN ${MATCHES} THEN ${ROW} END AS row
           FROM webhook_logs AS l INDEXED BY webhook_logs_listing
           WHERE l.user_id = ?1 AND l.created_at >= j.value ->> 'since' AND l.created_at < j.value ->> 'until'
           ORDER BY l.created_at DESC, l.call_id DESC, l.event DESC LIMIT ?14)) AS read
       FROM json_each(?13) AS j`,
    )
    .bind(...filterBindings(asked.user_id, asked.filter), asked.overdueBefore, JSON.stringify(slices), limit)
    .all<{ position: number; read: string }>();
  return results.flatMap(({ position, read }) => {
    const slice = slices[position];
    const [passed, found] = JSON.parse(read) as [number, Row[]];
    if (slice === undefined) return [];
    return [{ slice, passed, isCut: passed === limit, found: found.map(countedLog) }];
  });
}

function countedLog(row: Row): CountedLog {
  const [created_at, status, isParked, isOverdue, url, attempts, failed, hasFailedFirst, newest] = row;
  return {
    ...{ created_at, status, url, attempts, failed },
    isParked: isParked === 1,
    isOverdue: isOverdue === 1,
    hasFailedFirst: hasFailedFirst === null ? null : hasFailedFirst === 1,
    newest: Array.from({ length: NEWEST }, (_, index) => newest.slice(2 * index, 2 * index + 2)).flatMap(
      ([response_time, error]) =>
        response_time == null ? [] : [{ response_time, error: (error ?? null) as AttemptError | null }],
    ),
  };
}
