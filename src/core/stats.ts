/**
 * The arithmetic of statistics: which buckets a time has, which parts of them are looked at, and the figures that
 * follow from the logs found there. Plain data in, plain data out; no I/O, no clock. Times are milliseconds since the
 * epoch.
 */
import type { AttemptError, LogStatus } from "./webhook-log.ts";

const INTERVALS = { "5m": 300_000, "30m": 1_800_000, "1h": 3_600_000, "1d": 86_400_000 } as const;
export type Interval = keyof typeof INTERVALS;
export const INTERVAL_NAMES = Object.keys(INTERVALS) as Interval[];

/** An answer has this many buckets at most, and this many where the caller leaves the interval open. */
export const BUCKETS_LIMIT = 400;
const BUCKETS_CHOSEN = 200;

/** From `since`, inclusive, to `until`, exclusive. */
export interface Range {
  since: number;
  until: number;
}

const bucketOf = (time: number, interval: Interval): number =>
  Math.floor(time / INTERVALS[interval]) * INTERVALS[interval];

export const countBuckets = ({ since, until }: Range, interval: Interval): number =>
  (bucketOf(until - 1, interval) - bucketOf(since, interval)) / INTERVALS[interval] + 1;

/** The finest interval with no more buckets than that; null if there is none. */
export const finestInterval = (range: Range, buckets = BUCKETS_CHOSEN): Interval | null =>
  INTERVAL_NAMES.find((interval) => countBuckets(range, interval) <= buckets) ?? null;

/** The buckets' parts that are looked at one by one: about this many in all, at least one a bucket. */
const SLICES = 240;

export function slicesOf(range: Range, interval: Interval): Range[] {
  const count = countBuckets(range, interval);
  const first = bucketOf(range.since, interval);
  const parts = Math.max(1, Math.floor(SLICES / count));
  return Array.from({ length: count }, (_, index) => {
    const since = first + index * INTERVALS[interval];
    return { since: Math.max(since, range.since), until: Math.min(since + INTERVALS[interval], range.until) };
  }).flatMap((bucket) => partsOf(bucket, parts));
}

/** A range in equal parts. */
export function partsOf({ since, until }: Range, parts: number): Range[] {
  const edge = (index: number) => Math.round(since + ((until - since) * index) / parts);
  return Array.from({ length: parts }, (_, index) => ({ since: edge(index), until: edge(index + 1) })).filter(
    (part) => part.since < part.until,
  );
}

/** A log as far as statistics need it. */
export interface CountedLog {
  created_at: number;
  /** As it is shown. */
  status: LogStatus;
  isParked: boolean;
  isOverdue: boolean;
  /** Its endpoint. */
  url: string | null;
  attempts: number;
  failed: number;
  /** Null if no attempt was made. */
  hasFailedFirst: boolean | null;
  /** Its newest attempts. */
  newest: { response_time: string; error: AttemptError | null }[];
}

/** What was read of a slice: its newest logs. */
export interface SliceRead {
  slice: Range;
  passed: number;
  /** There may be more logs that were not read. */
  isCut: boolean;
  found: CountedLog[];
  /** How many logs it has, of one that is cut. */
  counted?: Count | undefined;
}

/** How many logs a slice has, counted from the newest on, up to a limit. */
export interface Count {
  logs: number;
  isCut: boolean;
  /** When the oldest that was counted was created. */
  oldest: number;
}

/** A count that came to its limit goes on as it was, up to this many times: it may have been a burst. */
const GOES_ON = 20;

const sizeOf = (slice: Range, { logs, isCut, oldest }: Count): number => {
  const times = (slice.until - slice.since) / Math.max(1, slice.until - oldest);
  return isCut ? logs * Math.min(times, GOES_ON) : logs;
};

/** How many logs each log stands for, by slice. */
export const weightsOf = (reads: readonly SliceRead[]): number[] =>
  reads.map(({ slice, passed, counted }) =>
    counted === undefined ? 1 : Math.max(1, sizeOf(slice, counted) / passed),
  );

/** Whether the figures are more than what was counted. A log whose newest attempts are not told was judged by its size. */
export const isSampled = (reads: readonly SliceRead[]): boolean =>
  reads.some(
    ({ isCut, found }) => isCut || found.some(({ attempts, newest }) => attempts > 0 && newest.length === 0),
  );

type CallState = LogStatus | "waiting";
// biome-ignore format: as many on a line as there is room for
const CALL_STATES = [
  "delivered", "failed", "disabled", "waiting", "retrying", "pending", "held", "no_webhook",
] as const satisfies CallState[];

/** An answer names this many endpoints at most. */
const ENDPOINTS_LIMIT = 10;

type Weighted = readonly { log: CountedLog; weight: number }[];

/** The figures of logs, each of which stands for as many as its weight says. */
export function summarise(weighted: Weighted, { interval, ...range }: Range & { interval: Interval }) {
  const total = (of: (log: CountedLog) => number | boolean): number => Math.round(exactTotal(weighted, of));
  const counts = Object.fromEntries(
    CALL_STATES.map((state) => [state, total((log) => stateOf(log) === state)]),
  );
  const firsts = exactTotal(weighted, ({ hasFailedFirst }) => hasFailedFirst !== null);
  const firstSuccesses = exactTotal(weighted, ({ hasFailedFirst }) => hasFailedFirst === false);
  const times = weighted.flatMap(({ log, weight }) =>
    log.newest
      .filter(isAnswered)
      .map(({ response_time }) => ({ value: Number.parseInt(response_time, 10), weight })),
  );
  const sorted = times.sort((one, other) => one.value - other.value);
  return {
    calls: { total: Object.values(counts).reduce((sum, count) => sum + count, 0), ...counts },
    first_try_rate: firsts === 0 ? null : Math.round((firstSuccesses / firsts) * 10_000) / 10_000,
    buckets: bucketsOf(weighted, { interval, ...range }),
    attempts: { total: total(({ attempts }) => attempts), failed: total(({ failed }) => failed) },
    response_time_ms: { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95) },
    overdue: total(({ isOverdue }) => isOverdue),
    endpoints: endpointsOf(weighted),
  };
}

const stateOf = ({ status, isParked }: CountedLog): CallState =>
  isParked && status !== "disabled" ? "waiting" : status;

const exactTotal = (weighted: Weighted, of: (log: CountedLog) => number | boolean): number =>
  weighted.reduce((sum, { log, weight }) => sum + Number(of(log)) * weight, 0);

/** A response came. */
const isAnswered = ({ error }: CountedLog["newest"][number]): boolean =>
  error === null || error === "http_status" || error === "redirect";

/** The value below which this share of the weight lies; null if there is none. `sorted` is by value. */
function percentile(sorted: readonly { value: number; weight: number }[], share: number): number | null {
  let left = share * sorted.reduce((sum, { weight }) => sum + weight, 0);
  for (const { value, weight } of sorted) {
    left -= weight;
    if (left <= 0) return value;
  }
  return null;
}

function bucketsOf(weighted: Weighted, { interval, ...range }: Range & { interval: Interval }) {
  const groups = Map.groupBy(weighted, ({ log }) => bucketOf(log.created_at, interval));
  const first = bucketOf(range.since, interval);
  return Array.from({ length: countBuckets(range, interval) }, (_, index) => {
    const at = first + index * INTERVALS[interval];
    const group = groups.get(at) ?? [];
    const count = (is: (status: LogStatus) => boolean) =>
      Math.round(exactTotal(group, ({ status }) => is(status)));
    return {
      at: new Date(at).toISOString(),
      delivered: count((status) => status === "delivered"),
      failed: count((status) => status === "failed"),
      other: count((status) => status !== "delivered" && status !== "failed"),
    };
  });
}

/** Those with the most failed attempts come first. */
function endpointsOf(weighted: Weighted) {
  return [...Map.groupBy(weighted, ({ log }) => log.url)]
    .flatMap(([url, group]) => {
      const attempts = Math.round(exactTotal(group, (log) => log.attempts));
      if (url === null || attempts === 0) return [];
      const failed = Math.round(exactTotal(group, (log) => log.failed));
      return [{ url, attempts, failed, top_error: topErrorOf(group) }];
    })
    .sort((one, other) => other.failed - one.failed || other.attempts - one.attempts)
    .slice(0, ENDPOINTS_LIMIT);
}

/** The most frequent error; null if there is none. */
function topErrorOf(group: Weighted): AttemptError | null {
  const counts = new Map<AttemptError, number>();
  for (const { log, weight } of group)
    for (const { error } of log.newest)
      if (error !== null) counts.set(error, (counts.get(error) ?? 0) + weight);
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0] ?? null;
}
