/** The soak's progress and its final report. Judges by the figures alone. */
import type { Account } from "./account.ts";

/** One kill: the calls due then, the accepted calls that are not in the record, and the times. */
export interface Recovery {
  due: number;
  missing: string[];
  downMs: number;
  recoveryMs: number;
}

export interface SoakResults extends Account {
  recoveries: Recovery[];
  recoveryLimitMs: number;
  tookMs: number;
}

const BAR_CHARACTERS = 30;
const REDRAW_EVERY_MS = 200;

/** A bar on stderr: redrawn on a terminal, elsewhere a line for each phase. */
export function progressBar(total: number, done: () => number) {
  const { stderr } = process;
  let phase = "";
  const line = () => {
    const filled = Math.round((BAR_CHARACTERS * done()) / total);
    const bar = "█".repeat(filled).padEnd(BAR_CHARACTERS, "░");
    return `${bar} ${done()} of ${total} accepted, ${phase}`;
  };
  const redraw = () => stderr.write(`\r\x1b[2K${line()}`);
  const timer = stderr.isTTY ? setInterval(redraw, REDRAW_EVERY_MS) : null;
  return {
    phase: (name: string) => {
      phase = name;
      if (timer === null) stderr.write(`${line()}\n`);
    },
    stop: () => {
      if (timer === null) return;
      clearInterval(timer);
      stderr.write("\r\x1b[2K");
    },
  };
}

/** Prints the figures and what is wrong with them. Returns whether nothing is. */
export function printSoak(results: SoakResults, { json }: { json: boolean }): boolean {
  const { accepted, delivered, failed, duplicates, recoveries, recoveryLimitMs } = results;
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
  const missing = recoveries.flatMap((recovery) => recovery.missing);
  const lost = [...new Set([...missing, ...results.lost])];
  const late = recoveries.filter(({ recoveryMs }) => recoveryMs > recoveryLimitMs);
  console.log(`
| accepted | delivered | failed | lost | duplicates at the receiver | kills | took |
|---|---|---|---|---|---|---|
| ${accepted} | ${delivered} | ${failed} | **${lost.length}** | ${duplicates} | ${recoveries.length} | ${seconds(results.tookMs)} |

| kill | due then | ready again after | ended after that (bound: ${seconds(recoveryLimitMs)}) |
|---|---|---|---|
${recoveries.map(({ due, downMs, recoveryMs }, index) => `| ${index + 1} | ${due} | ${seconds(downMs)} | ${seconds(recoveryMs)} |`).join("\n")}
`);
  for (const call_id of lost) console.error(`Lost: ${call_id}.`);
  for (const sentence of results.unaccounted) console.error(`Unaccounted for: ${sentence}.`);
  for (const { due, recoveryMs } of late)
    console.error(`Late: the ${due} calls due at a kill were ended only after ${seconds(recoveryMs)}.`);
  const recovery_ms = recoveries.map(({ recoveryMs }) => Math.round(recoveryMs));
  const due_at_kill = recoveries.map(({ due }) => due);
  const figures = { accepted, delivered, failed, lost: lost.length, duplicates, due_at_kill, recovery_ms };
  if (json) console.log(JSON.stringify({ ...figures, unaccounted: results.unaccounted.length }));
  return lost.length + results.unaccounted.length + late.length === 0;
}
