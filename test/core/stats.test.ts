/** The arithmetic of statistics: buckets and slices cover a time, and the figures are those of the logs. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BUCKETS_LIMIT,
  type Count,
  type CountedLog,
  countBuckets,
  finestInterval,
  INTERVAL_NAMES,
  isSampled,
  type Range,
  type SliceRead,
  slicesOf,
  summarise,
  weightsOf,
} from "../../src/core/stats.ts";
import { LOG_STATUSES } from "../../src/core/webhook-log.ts";

const MIDNIGHT = Date.UTC(2026, 10, 26);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const logOf = (change: Partial<CountedLog> = {}): CountedLog => ({
  ...{ created_at: MIDNIGHT, status: "delivered", isParked: false, isOverdue: false },
  ...{ url: "https://crm.example/hook", attempts: 1, failed: 0, hasFailedFirst: false },
  newest: [{ response_time: "10ms", error: null }],
  ...change,
});

const summaryOf = (logs: Partial<CountedLog>[], range: Range = { since: MIDNIGHT, until: MIDNIGHT + HOUR }) =>
  summarise(
    logs.map((log) => ({ log: logOf(log), weight: 1 })),
    { interval: "30m", ...range },
  );

/** A slice of which ten logs are read at most. */
const readOf = (slice: Range, passed: number, counted?: Count): SliceRead => ({
  ...{ slice, passed, isCut: passed === 10, found: [], counted },
});

const ranges = fc
  .tuple(fc.integer({ min: MIDNIGHT, max: MIDNIGHT + 400 * DAY }), fc.integer({ min: 1, max: 90 * DAY }))
  .map(([since, length]) => ({ since, until: since + length }));

describe("buckets", () => {
  test("are aligned to UTC: a time that begins within one begins with it", () => {
    const range = { since: MIDNIGHT + 10 * MINUTE, until: MIDNIGHT + 70 * MINUTE };
    expect(summaryOf([], range).buckets.map(({ at }) => at)).toEqual([
      "2026-11-26T00:00:00.000Z",
      "2026-11-26T00:30:00.000Z",
      "2026-11-26T01:00:00.000Z",
    ]);
    expect(countBuckets({ since: MIDNIGHT, until: MIDNIGHT + HOUR }, "30m")).toBe(2);
    expect(countBuckets({ since: MIDNIGHT, until: MIDNIGHT + HOUR + 1 }, "30m")).toBe(3);
  });

  test.each([
    [HOUR, "5m"],
    [16 * HOUR, "5m"],
    [DAY, "30m"],
    [7 * DAY, "1h"],
    [30 * DAY, "1d"],
    [200 * DAY, "1d"],
    [201 * DAY, null],
  ])("of %d ms are %s long where that is left open", (length, interval) => {
    expect(finestInterval({ since: MIDNIGHT, until: MIDNIGHT + length })).toBe(interval);
  });

  test("are as fine as their limit allows", () => {
    expect(finestInterval({ since: MIDNIGHT, until: MIDNIGHT + DAY }, BUCKETS_LIMIT)).toBe("5m");
    expect(finestInterval({ since: MIDNIGHT, until: MIDNIGHT + 401 * DAY }, BUCKETS_LIMIT)).toBeNull();
  });
});

describe("slices", () => {
  test("cover a time once, in order, are at most 400, and none lies in two buckets", () => {
    fc.assert(
      fc.property(ranges, fc.constantFrom(...INTERVAL_NAMES), (range, interval) => {
        fc.pre(countBuckets(range, interval) <= BUCKETS_LIMIT);
        const slices = slicesOf(range, interval);
        expect(slices.length).toBeLessThanOrEqual(BUCKETS_LIMIT);
        expect(slices.map(({ since }) => since)).toEqual([
          range.since,
          ...slices.slice(0, -1).map(({ until }) => until),
        ]);
        expect(slices.at(-1)?.until).toBe(range.until);
        for (const slice of slices) expect(countBuckets(slice, interval)).toBe(1);
      }),
    );
  });
});

describe("a log's weight", () => {
  const [first, second, third] = [0, 1, 2].map((hour) => ({
    since: MIDNIGHT + hour * HOUR,
    until: MIDNIGHT + (hour + 1) * HOUR,
  })) as [Range, Range, Range];

  test("is 1 where the whole slice was read", () => {
    const reads = [readOf(first, 9), readOf(second, 0)];
    expect(weightsOf(reads)).toEqual([1, 1]);
    expect(isSampled(reads)).toBe(false);
  });

  test("follows from how many were counted where the slice was cut", () => {
    const reads = [
      readOf(first, 10, { logs: 10, isCut: false, oldest: first.since }),
      readOf(second, 10, { logs: 25, isCut: false, oldest: second.since }),
      readOf(third, 3),
    ];
    expect(weightsOf(reads)).toEqual([1, 2.5, 1]);
    expect(isSampled(reads)).toBe(true);
  });

  test("goes on as it was where the count was cut too, up to twenty times: it may have been a burst", () => {
    const half = { logs: 100, isCut: true, oldest: second.until - HOUR / 2 };
    const burst = { logs: 100, isCut: true, oldest: third.until - 5 };
    expect(weightsOf([readOf(second, 10, half), readOf(third, 10, burst)])).toEqual([20, 200]);
  });
});

describe("figures", () => {
  test("of nothing are zeros and nulls", () => {
    expect(summaryOf([])).toMatchObject({
      calls: { total: 0, delivered: 0, no_webhook: 0 },
      first_try_rate: null,
      attempts: { total: 0, failed: 0 },
      response_time_ms: { p50: null, p95: null },
      overdue: 0,
      endpoints: [],
    });
  });

  test("count each log once by its state; one that is parked waits, unless its endpoint is disabled", () => {
    const logs = LOG_STATUSES.flatMap((status) => [{ status }, { status, isParked: true }]);
    const { calls } = summaryOf(logs);
    expect(calls).toEqual({
      ...{ total: 14, delivered: 1, failed: 1, disabled: 2, waiting: 6 },
      ...{ retrying: 1, pending: 1, held: 1, no_webhook: 1 },
    });
  });

  test("of buckets are those of the logs created in them", () => {
    const logs = [
      { created_at: MIDNIGHT },
      { created_at: MIDNIGHT + 30 * MINUTE - 1, status: "failed" as const },
      { created_at: MIDNIGHT + 30 * MINUTE, status: "held" as const },
    ];
    expect(summaryOf(logs).buckets).toEqual([
      { at: "2026-11-26T00:00:00.000Z", delivered: 1, failed: 1, other: 0 },
      { at: "2026-11-26T00:30:00.000Z", delivered: 0, failed: 0, other: 1 },
    ]);
  });

  test("of first tries leave out calls that were never attempted", () => {
    const tries = [false, false, true, null].map((hasFailedFirst) => ({ hasFailedFirst }));
    expect(summaryOf(tries).first_try_rate).toBe(0.6667);
  });

  test("of response times leave out attempts that nobody answered", () => {
    const newest = Array.from({ length: 100 }, (_, index) => ({
      response_time: `${index + 1}ms`,
      error: null,
    }));
    const silent = [{ response_time: "15000ms", error: "timeout" as const }];
    expect(summaryOf([{ newest }, { newest: silent }]).response_time_ms).toEqual({ p50: 50, p95: 95 });
  });

  test("of endpoints begin with the most failures, and are ten", () => {
    const endpoints = Array.from({ length: 12 }, (_, index) => ({
      ...{ url: `https://crm.example/${index}`, attempts: 20, failed: index },
      newest: [
        { response_time: "1ms", error: "timeout" as const },
        { response_time: "1ms", error: "http_status" as const },
        { response_time: "1ms", error: "timeout" as const },
      ],
    }));
    const { endpoints: worst, attempts } = summaryOf([...endpoints, { url: null, attempts: 0 }]);
    expect(worst).toHaveLength(10);
    expect(worst[0]).toEqual({
      url: "https://crm.example/11",
      attempts: 20,
      failed: 11,
      top_error: "timeout",
    });
    expect(worst.at(-1)?.failed).toBe(2);
    expect(attempts).toEqual({ total: 240, failed: 66 });
  });

  test("are scaled by the weights", () => {
    const weighted = [
      { log: logOf(), weight: 2.5 },
      { log: logOf({ status: "failed", failed: 1, isOverdue: true, hasFailedFirst: true }), weight: 1.5 },
    ];
    const figures = summarise(weighted, { interval: "1h", since: MIDNIGHT, until: MIDNIGHT + HOUR });
    expect(figures).toMatchObject({
      calls: { total: 5, delivered: 3, failed: 2 },
      first_try_rate: 0.625,
      buckets: [{ delivered: 3, failed: 2, other: 0 }],
      attempts: { total: 4, failed: 2 },
      overdue: 2,
    });
  });
});
