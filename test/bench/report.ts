/** The benchmark's results as a table for people and as one line of JSON. Only from whole results. */
import type { Bills } from "./bill.ts";
import type { Comparison } from "./compare.ts";
import type { Cost } from "./cost.ts";
import { median, percentile } from "./driver.ts";
import type { RowsRead } from "./growth.ts";

/** What one run found. */
export interface Results extends Comparison {
  machine: string;
  calls: number;
  rounds: number;
  bytesPerLog: number;
  bills: Bills[];
  growth: RowsRead[];
}

export function printResults(results: Results, { json }: { json: boolean }): void {
  const figures = figuresOf(results);
  console.log(tables(results, figures));
  if (json) console.log(JSON.stringify(figures));
}

/** The figures that are quoted. Throws where one is missing. */
function figuresOf({ rates, waits, answers, bills, bytesPerLog }: Results) {
  const at100 = bills.find(({ delay }) => delay === 100);
  if (at100 === undefined) throw new Error("the bill at 100 ms is missing");
  const ratios = rates.service.map(
    ({ delivered }, round) => delivered / (rates.floor[round]?.delivered ?? Number.NaN),
  );
  const figures = {
    ratio_delivered_per_s: median(ratios),
    ratio_p50_latency: median(waits.service) / median(waits.floor),
    accepted_per_s: median(rates.service.map(({ accepted }) => accepted)),
    delivered_per_s: median(rates.service.map(({ delivered }) => delivered)),
    p50_ms: median(waits.service),
    p99_ms: percentile(waits.service, 0.99),
    answer_p99_ms_at_100_per_s: percentile(answers.service, 0.99),
    rows_written_per_delivery: at100.first.rows_written,
    rows_read_per_delivery: at100.first.rows_read,
    queue_ops_per_delivery: at100.first.queue_ops,
    do_requests_per_delivery: at100.first.do_requests,
    usd_per_million: at100.first.usd_per_million,
    bytes_per_log: bytesPerLog,
  };
  for (const [name, value] of Object.entries(figures)) {
    if (!Number.isFinite(value)) throw new Error(`the figure ${name} is missing`);
  }
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, Number(value.toPrecision(4))]),
  );
}

function tables(results: Results, figures: Record<string, number>): string {
  const { rates, waits, answers } = results;
  const floorRate = (which: "accepted" | "delivered") => median(rates.floor.map((rate) => rate[which]));
  const lines = [
    `\n${results.machine}; ${results.rounds} rounds of ${results.calls} calls, in turn`,
    "\n| | service | floor | ratio | bound |",
    "|---|---|---|---|---|",
    `| delivered per second | ${show(figures.delivered_per_s)} | ${show(floorRate("delivered"))} | ${show(figures.ratio_delivered_per_s)} | ≥ 0.8 |`,
    `| accepted per second | ${show(figures.accepted_per_s)} | ${show(floorRate("accepted"))} | ${show((figures.accepted_per_s ?? 0) / floorRate("accepted"))} | |`,
    `| report answered → receiver has it, p50, one at a time | ${show(figures.p50_ms)} ms | ${show(median(waits.floor))} ms | ${show(figures.ratio_p50_latency)} | ≤ 1.5 |`,
    `| the same, the slowest of ${waits.service.length} | ${show(figures.p99_ms)} ms | ${show(percentile(waits.floor, 0.99))} ms | | |`,
    `| report answered, p99 at 100 reports/s | ${show(figures.answer_p99_ms_at_100_per_s)} ms | ${show(percentile(answers.floor, 0.99))} ms | | ≤ 50 ms |`,
    `| bytes stored per log | ${show(figures.bytes_per_log)} | | | |`,
    "\n| one, at a receiver of | rows written | rows read | queue operations | object requests | object ms | Worker requests | CPU ms | $ per million |",
    "|---|---|---|---|---|---|---|---|---|",
    ...results.bills.flatMap(({ delay, ...steps }) =>
      Object.entries(steps).map(([step, cost]) => costRow(`${STEPS[step] ?? step}, ${delay} ms`, cost)),
    ),
    `\n| rows read among | ${results.growth.map(({ logs }) => `${logs.toLocaleString("en")} logs`).join(" | ")} |`,
    `|---|${results.growth.map(() => "---|").join("")}`,
    ...(["report", "get", "resend", "sweep"] as const).map(
      (step) => `| ${step} | ${results.growth.map((size) => size[step]).join(" | ")} |`,
    ),
  ];
  return `${lines.join("\n")}\n`;
}

const STEPS: Record<string, string> = {
  first: "first-try delivery",
  retry: "retry",
  resend: "resend",
  get: "get",
};

const costRow = (name: string, cost: Cost): string =>
  `| ${[name, ...Object.values(cost).map((value) => show(value))].join(" | ")} |`;

const show = (value: number | undefined): string =>
  value === undefined ? "?" : Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
