/**
 * The figures that are quoted, from whole results; the line of JSON has them by the same names, and in `missed` those
 * that miss their bound. Plain data in, figures out; throws where one is missing.
 *
 * - `ratio_delivered_per_s`, `ratio_accepted_per_s`: service to floor, the median of the rounds' ratios;
 *   `delivered_per_s`, `accepted_per_s`: the service's own, the median of the rounds.
 * - `p50_ms`, `p99_ms`: from a report's answer to its arrival, of 200 calls one at a time; `ratio_p50_latency`,
 *   `ratio_p99_latency`: to the floor's. `answer_p99_ms_at_100_per_s`: until a report is answered, of 3,000;
 *   `ratio_answer_p99`: to the floor's.
 * - `…_per_delivery`, `usd_per_million`: a first-try delivery, under load, at a receiver of 100 ms; its removal, its
 *   storage and the sweep are not in them. `bytes_per_log`: the whole database's.
 * - `rows_read_by_…`: the most of all sizes of the tables; `rows_read_more_in_full_tables`: the most by which a step's
 *   rows differ between sizes. `ratio_memory`: of the runtime, after many calls to after few; `floor_ratio_memory`: of
 *   the floor's.
 */
import type { Bills, BillsAlone } from "./bill.ts";
import type { Comparison } from "./compare.ts";
import type { Cost } from "./cost.ts";
import { median, percentile } from "./driver.ts";
import { demandFinite } from "./evidence.ts";
import type { RowsRead } from "./growth.ts";
import type { Memory } from "./memory.ts";

/** What one run found. */
export interface Results extends Comparison {
  machine: string;
  calls: number;
  rounds: number;
  bytesPerLog: number;
  bills: Bills[];
  alone: BillsAlone;
  removal: Cost;
  growth: RowsRead[];
  memory: { service: Memory[]; floor: Memory[] };
}

/** The delay in milliseconds at which the quoted delivery is measured. */
const QUOTED_DELAY_MS = 100;

export type Figures = ReturnType<typeof figuresOf>;

/** Rounded to four digits. Throws where a figure is missing, or a cost that is printed beside them. */
export function figuresOf(results: Results) {
  const { rates, waits, answers, bills, alone, removal, bytesPerLog, growth, memory } = results;
  for (const { delay: _, ...steps } of [...bills, alone, { delay: 0, removal }])
    for (const [step, cost] of Object.entries(steps))
      for (const [name, value] of Object.entries(cost)) demandFinite(`${name} of a ${step}`, value);
  const billed = bills.find(({ delay }) => delay === QUOTED_DELAY_MS);
  if (billed === undefined) throw new Error(`the bill at ${QUOTED_DELAY_MS} ms is missing`);
  const quoted = billed.first;
  return rounded({
    ratio_delivered_per_s: pairedRatio(rates, "delivered"),
    ratio_p50_latency: median(waits.service) / median(waits.floor),
    ratio_p99_latency: percentile(waits.service, 0.99) / percentile(waits.floor, 0.99),
    ratio_answer_p99: percentile(answers.service, 0.99) / percentile(answers.floor, 0.99),
    ratio_accepted_per_s: pairedRatio(rates, "accepted"),
    accepted_per_s: median(rates.service.map(({ accepted }) => accepted)),
    delivered_per_s: median(rates.service.map(({ delivered }) => delivered)),
    p50_ms: median(waits.service),
    p99_ms: percentile(waits.service, 0.99),
    answer_p99_ms_at_100_per_s: percentile(answers.service, 0.99),
    rows_written_per_delivery: quoted.rows_written,
    rows_written_per_retry: billed.retry.rows_written,
    rows_written_per_resend: billed.resend.rows_written,
    rows_read_per_delivery: quoted.rows_read,
    queue_ops_per_delivery: quoted.queue_ops,
    do_requests_per_delivery: quoted.do_requests,
    usd_per_million: quoted.usd_per_million,
    bytes_per_log: bytesPerLog,
    rows_read_by_get: Math.max(...growth.map(({ get }) => get)),
    rows_read_by_sweep_per_log: Math.max(...growth.map(({ sweepPerLog }) => sweepPerLog)),
    rows_read_more_in_full_tables: Math.max(...STEPS.map((step) => spread(growth.map((size) => size[step])))),
    ratio_memory: growthOf(memory.service),
    floor_ratio_memory: growthOf(memory.floor),
  });
}

const STEPS = ["report", "get", "resend", "sweep"] as const;

const growthOf = (memory: readonly Memory[]): number =>
  (memory.at(-1)?.bytes ?? Number.NaN) / (memory[0]?.bytes ?? Number.NaN);
const spread = (values: readonly number[]): number => Math.max(...values) - Math.min(...values);
/** The sides of a round ran one after the other, so other work on the machine affected both. */
const pairedRatio = ({ service, floor }: Comparison["rates"], which: "accepted" | "delivered"): number =>
  median(service.map((rate, round) => rate[which] / (floor[round]?.[which] ?? Number.NaN)));

function rounded<Named extends Record<string, number>>(figures: Named): Named {
  const entries = Object.entries(figures).map(([name, value]) => [
    name,
    Number(demandFinite(`figure ${name}`, value).toPrecision(4)),
  ]);
  return Object.fromEntries(entries);
}

const BOUNDS: Partial<Record<keyof Figures, { atLeast: number } | { atMost: number }>> = {
  ratio_delivered_per_s: { atLeast: 1 },
  ratio_p50_latency: { atMost: 1.3 },
  ratio_p99_latency: { atMost: 2 },
  ratio_answer_p99: { atMost: 1.5 },
  rows_written_per_delivery: { atMost: 3 },
  rows_written_per_retry: { atMost: 2 },
  rows_written_per_resend: { atMost: 3 },
  usd_per_million: { atMost: 5 },
  bytes_per_log: { atMost: 6_500 },
  rows_read_by_get: { atMost: 2 },
  rows_read_by_sweep_per_log: { atMost: 3 },
  rows_read_more_in_full_tables: { atMost: 0 },
  ratio_memory: { atMost: 1.2 },
};

/** The bound of a figure in words, and whether it is missed. */
export function boundOf(name: keyof Figures, figures: Figures): { text: string; isMissed: boolean } {
  const bound = BOUNDS[name];
  if (bound === undefined) return { text: "", isMissed: false };
  if ("atLeast" in bound) return { text: `≥ ${bound.atLeast}`, isMissed: figures[name] < bound.atLeast };
  return { text: `≤ ${bound.atMost}`, isMissed: figures[name] > bound.atMost };
}

/** The names of the figures that miss their bound. */
export const missedOf = (figures: Figures): string[] =>
  (Object.keys(figures) as (keyof Figures)[]).filter((name) => boundOf(name, figures).isMissed);
