/**
 * The figures that are quoted, from whole results; the line of JSON has them by the same names, and in `missed` those
 * that miss their bound. Plain data in, figures out; throws where one is missing.
 *
 * - `ratio_delivered_per_s`, `ratio_accepted_per_s`: service to floor, the median of the rounds' ratios;
 *   `delivered_per_s`, `accepted_per_s`: the service's own, the median of the rounds.
 * - `p50_ms`, `p99_ms`: from a report's answer to its arrival, of 100 calls one at a time; `ratio_p50_latency`: its
 *   median to the floor's. `answer_p99_ms_at_100_per_s`: until a report is answered, of 3,000.
 * - `…_per_delivery`, `usd_per_million`: a first-try delivery in full batches, at a receiver of 100 ms; its removal, its
 *   storage and the sweep are not in them. `bytes_per_log`: the whole database's.
 */
import type { Bills, BillsAlone } from "./bill.ts";
import type { Comparison } from "./compare.ts";
import type { Cost } from "./cost.ts";
import { median, percentile } from "./driver.ts";
import { demandFinite } from "./evidence.ts";
import type { RowsRead } from "./growth.ts";

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
}

/** The delay in milliseconds at which the quoted delivery is measured. */
const QUOTED_DELAY_MS = 100;

export type Figures = ReturnType<typeof figuresOf>;

/** Rounded to four digits. Throws where a figure is missing, or a cost that is printed beside them. */
export function figuresOf(results: Results) {
  const { rates, waits, answers, bills, alone, removal, bytesPerLog } = results;
  for (const { delay: _, ...steps } of [...bills, alone, { delay: 0, removal }])
    for (const [step, cost] of Object.entries(steps))
      for (const [name, value] of Object.entries(cost)) demandFinite(`${name} of a ${step}`, value);
  const quoted = bills.find(({ delay }) => delay === QUOTED_DELAY_MS)?.first;
  if (quoted === undefined) throw new Error(`the bill at ${QUOTED_DELAY_MS} ms is missing`);
  return rounded({
    ratio_delivered_per_s: pairedRatio(rates, "delivered"),
    ratio_p50_latency: median(waits.service) / median(waits.floor),
    ratio_accepted_per_s: pairedRatio(rates, "accepted"),
    accepted_per_s: median(rates.service.map(({ accepted }) => accepted)),
    delivered_per_s: median(rates.service.map(({ delivered }) => delivered)),
    p50_ms: median(waits.service),
    p99_ms: percentile(waits.service, 0.99),
    answer_p99_ms_at_100_per_s: percentile(answers.service, 0.99),
    rows_written_per_delivery: quoted.rows_written,
    rows_read_per_delivery: quoted.rows_read,
    queue_ops_per_delivery: quoted.queue_ops,
    do_requests_per_delivery: quoted.do_requests,
    usd_per_million: quoted.usd_per_million,
    bytes_per_log: bytesPerLog,
  });
}

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
  ratio_delivered_per_s: { atLeast: 0.8 },
  ratio_p50_latency: { atMost: 1.5 },
  answer_p99_ms_at_100_per_s: { atMost: 50 },
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
