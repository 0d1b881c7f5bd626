/** The benchmark's results as a table for people and as one line of JSON. Only from whole results. */
import type { Cost } from "./cost.ts";
import { median, percentile } from "./driver.ts";
import { boundOf, type Figures, figuresOf, missedOf, type Results } from "./figures.ts";
import type { Memory } from "./memory.ts";
import { USD } from "./prices.ts";

export function printResults(results: Results, { json }: { json: boolean }): void {
  const figures = figuresOf(results);
  const { machine, rounds, calls } = results;
  console.log(`
${machine}; ${rounds} rounds of ${calls} calls, in turn

${comparisonTable(results, figures)}

${billTable(results)}

${notInTheBill(results)}

${growthTable(results)}

${memoryLine(results)}

${boundsTable(figures)}
`);
  if (json) console.log(JSON.stringify({ ...figures, missed: missedOf(figures) }));
}

function comparisonTable({ rates, waits, answers }: Results, figures: Figures): string {
  const floorRate = (which: "accepted" | "delivered") => show(median(rates.floor.map((rate) => rate[which])));
  const row = (name: string, figure: keyof Figures, [ratio, service, floor]: string[]) => {
    const { text, isMissed } = boundOf(figure, figures);
    return tableRow([name, ratio, service, floor, isMissed ? `${text}: **missed**` : text]);
  };
  const ms = (value: number) => `${show(value)} ms`;
  const ratio = (value: number) => `**${value.toFixed(3)}**`;
  return [
    tableRow(["", "ratio", "service", "floor", "bound"]),
    tableRule(5),
    row("delivered per second (medians of the rounds, of their ratios too)", "ratio_delivered_per_s", [
      ratio(figures.ratio_delivered_per_s),
      show(figures.delivered_per_s),
      floorRate("delivered"),
    ]),
    row("report answered → receiver has it, p50, one at a time", "ratio_p50_latency", [
      ratio(figures.ratio_p50_latency),
      ms(figures.p50_ms),
      ms(median(waits.floor)),
    ]),
    row(`the same, p99 of ${waits.service.length}`, "ratio_p99_latency", [
      ratio(figures.ratio_p99_latency),
      ms(figures.p99_ms),
      ms(percentile(waits.floor, 0.99)),
    ]),
    row("accepted per second (medians likewise)", "ratio_accepted_per_s", [
      ratio(figures.ratio_accepted_per_s),
      show(figures.accepted_per_s),
      floorRate("accepted"),
    ]),
    row("report answered, p99 at 100 reports/s", "ratio_answer_p99", [
      ratio(figures.ratio_answer_p99),
      ms(figures.answer_p99_ms_at_100_per_s),
      ms(percentile(answers.floor, 0.99)),
    ]),
  ].join("\n");
}

function billTable({ bills, alone, removal }: Results): string {
  const header = ["rows written", "rows read", "queue operations", "object requests", "object ms"];
  return [
    tableRow(["one, at a receiver of", ...header, "Worker requests", "CPU ms", "$ per million"]),
    tableRule(9),
    ...bills.flatMap(({ delay, ...steps }) => [
      costRow(`first-try delivery ¹, ${delay} ms`, steps.first),
      costRow(`retry, ${delay} ms`, steps.retry),
      costRow(`resend, ${delay} ms`, steps.resend),
      costRow(`get, ${delay} ms`, steps.get),
    ]),
    costRow(`first-try delivery ¹, alone, ${alone.delay} ms`, alone.first),
    costRow(`retry, alone, ${alone.delay} ms`, alone.retry),
    costRow("removal of a log with one attempt", removal),
  ].join("\n");
}

const RETENTION_DAYS = 30;

function notInTheBill({ bytesPerLog, removal }: Results): string {
  const gigabytes = (1e6 * bytesPerLog) / 1e9;
  const usd = (value: number) => `$${value.toFixed(2)}`;
  return `¹ Contains neither the log's removal after RETENTION_DAYS (${usd(removal.usd_per_million)} per million), nor its storage, nor the sweep each
minute. Storage: a million logs of ${show(bytesPerLog)} bytes, kept for ${RETENTION_DAYS} days, are ${gigabytes.toFixed(1)} GB, or ${usd(gigabytes * USD.storedGigabyteMonth)}.
"Alone": one call at a time, in batches of its own; a failure, and the success after it, then write the endpoint's health
too. CPU is that of the whole runtime, what it does beside the step too: an upper bound.`;
}

const growthTable = ({ growth }: Results): string =>
  [
    tableRow(["rows read among", ...growth.map(({ logs }) => `${logs.toLocaleString("en")} logs`)]),
    tableRule(growth.length + 1),
    ...GROWTH_STEPS.map(([step, name]) => tableRow([name, ...growth.map((size) => show(size[step]))])),
  ].join("\n");

const GROWTH_STEPS = [
  ["report", "report"],
  ["get", "get"],
  ["resend", "resend"],
  ["sweep", "sweep that finds nothing new, one org"],
  ["sweepPerLog", "the same, more for each new log"],
] as const;

function memoryLine({ memory }: Results): string {
  const after = ({ calls, bytes }: Memory) =>
    `${(bytes / 2 ** 20).toFixed(0)} MiB after ${calls.toLocaleString("en")} calls`;
  const list = (side: readonly Memory[]) => side.map(after).join(", ");
  return `The runtime's memory: ${list(memory.service)}; the floor's: ${list(memory.floor)}.`;
}

/** Every figure that has a bound. */
const boundsTable = (figures: Figures): string =>
  [
    tableRow(["figure", "value", "bound"]),
    tableRule(3),
    ...(Object.keys(figures) as (keyof Figures)[]).flatMap((name) => {
      const { text, isMissed } = boundOf(name, figures);
      return text === ""
        ? []
        : [tableRow([name, String(figures[name]), isMissed ? `${text}: **missed**` : text])];
    }),
  ].join("\n");

const costRow = (name: string, cost: Cost): string =>
  tableRow([name, ...Object.values(cost).map((value) => show(value))]);

const tableRow = (cells: readonly (string | undefined)[]): string => `| ${cells.join(" | ")} |`;
const tableRule = (columns: number): string => `|${"---|".repeat(columns)}`;

const show = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2));
