/** The benchmark's figures: ratios by round, all present, and each compared with its bound. */
import { expect, test } from "vitest";
import type { Bills } from "../bench/bill.ts";
import type { Cost } from "../bench/cost.ts";
import { boundOf, figuresOf, missedOf, type Results } from "../bench/figures.ts";

const cost = (change: Partial<Cost> = {}): Cost => ({
  rows_written: 5,
  rows_read: 12,
  queue_ops: 3,
  do_requests: 1,
  do_ms: 126,
  worker_requests: 1.04,
  cpu_ms: 3.8,
  usd_per_million: 6.95,
  ...change,
});
const bill = (delay: number): Bills => ({
  delay,
  first: cost(),
  retry: cost(),
  resend: cost(),
  get: cost(),
});
const rates = (...delivered: number[]) => delivered.map((rate) => ({ delivered: rate, accepted: 2 * rate }));

const RESULTS: Results = {
  machine: "a machine",
  calls: 25,
  rounds: 3,
  rates: { service: rates(90, 80, 300), floor: rates(100, 160, 400) },
  waits: { service: [1_000, 1_010, 2_000], floor: [1_000, 1_000, 1_000] },
  answers: { service: [20, 60], floor: [10, 10] },
  bytesPerLog: 12_600,
  bills: [bill(10), { ...bill(100), first: cost({ usd_per_million: 6.949_6 }) }],
  alone: { delay: 100, first: cost(), retry: cost() },
  removal: cost({ rows_written: 3 }),
  growth: [
    { logs: 1_000, report: 4, get: 2, resend: 10, sweep: 12, sweepPerLog: 2.1 },
    { logs: 200_000, report: 4, get: 2, resend: 13, sweep: 12, sweepPerLog: 2.2 },
  ],
  memory: {
    service: [
      { calls: 10_000, bytes: 200 },
      { calls: 100_000, bytes: 250 },
    ],
    floor: [
      { calls: 10_000, bytes: 200 },
      { calls: 100_000, bytes: 220 },
    ],
  },
};

test("ratios are the median of the rounds', rates the median of the service's, and the bill is that at 100 ms", () => {
  expect(figuresOf(RESULTS)).toEqual({
    ratio_delivered_per_s: 0.75,
    ratio_p50_latency: 1.01,
    ratio_p99_latency: 2,
    ratio_answer_p99: 6,
    ratio_accepted_per_s: 0.75,
    accepted_per_s: 180,
    delivered_per_s: 90,
    p50_ms: 1_010,
    p99_ms: 2_000,
    answer_p99_ms_at_100_per_s: 60,
    rows_written_per_delivery: 5,
    rows_written_per_retry: 5,
    rows_written_per_resend: 5,
    rows_read_per_delivery: 12,
    queue_ops_per_delivery: 3,
    do_requests_per_delivery: 1,
    usd_per_million: 6.95,
    bytes_per_log: 12_600,
    rows_read_by_get: 2,
    rows_read_by_sweep_per_log: 2.2,
    rows_read_more_in_full_tables: 3,
    ratio_memory: 1.25,
    floor_ratio_memory: 1.1,
  });
});

test("a figure that misses its bound is named, and one that just keeps it is not", () => {
  const figures = figuresOf(RESULTS);
  expect(missedOf(figures)).toEqual([
    ...["ratio_delivered_per_s", "ratio_answer_p99", "rows_written_per_delivery", "rows_written_per_retry"],
    ...[
      "rows_written_per_resend",
      "usd_per_million",
      "bytes_per_log",
      "rows_read_more_in_full_tables",
      "ratio_memory",
    ],
  ]);
  expect(boundOf("ratio_delivered_per_s", figures)).toEqual({ text: "≥ 1", isMissed: true });
  expect(boundOf("p99_ms", figures)).toEqual({ text: "", isMissed: false });
  const rows = { rows_written_per_delivery: 3, rows_written_per_retry: 2, rows_written_per_resend: 3 };
  const kept = { ratio_delivered_per_s: 1, ratio_answer_p99: 1.5, usd_per_million: 5, bytes_per_log: 6_500 };
  const flat = { rows_read_more_in_full_tables: 0, ratio_memory: 1.2 };
  expect(missedOf({ ...figures, ...rows, ...kept, ...flat })).toEqual([]);
});

test.each([
  ["a cost beyond the quoted one", { removal: cost({ rows_read: Number.NaN }) }, "rows_read of a removal"],
  [
    "a lone call's cost",
    { alone: { ...RESULTS.alone, retry: cost({ do_ms: Infinity }) } },
    "do_ms of a retry",
  ],
  ["the bill at 100 ms", { bills: [bill(10)] }, "the bill at 100 ms is missing"],
  [
    "a round of the floor",
    { rates: { ...RESULTS.rates, floor: rates(100) } },
    "ratio_delivered_per_s is missing",
  ],
  ["the size", { bytesPerLog: Number.NaN }, "figure bytes_per_log is missing"],
])("without %s there are no figures", (_name, change, sentence) => {
  expect(() => figuresOf({ ...RESULTS, ...change })).toThrow(sentence);
});
