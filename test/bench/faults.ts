/**
 * `npm run faults`: random programs of requests and faults through the real handlers. `--programs` (500), `--seed`.
 * Ends with an error, and the smallest program, where a promise was broken or nothing was run.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { startVitest } from "vitest/node";
import type { Tally } from "./faults/tally.ts";

const { values: options } = parseArgs({
  options: {
    programs: { type: "string", default: "500" },
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
  },
});

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`--${name} must be a whole number, and is ${text}`);
  return value;
}

const programs = wholeNumber("programs", options.programs);
const seed = wholeNumber("seed", options.seed);

const started = Date.now();
process.env.FAULT_PROGRAMS = String(programs);
process.env.FAULT_SEED = String(seed);
const vitest = await startVitest("test", ["test/worker/fault-programs.test.ts"], {
  project: "worker",
  watch: false,
});
const tallies = vitest.state
  .getTestModules()
  .flatMap((module) => [...module.children.allTests()].flatMap((test) => test.meta().tally ?? []));
await vitest.close();

print(tallies[0]);

function print(tally: Tally | undefined): void {
  const seconds = ((Date.now() - started) / 1_000).toFixed(0);
  if (tally === undefined || tally.programs < programs) {
    process.exitCode = 1;
    console.error(`${tally?.programs ?? 0} of ${programs} programs were run; seed ${seed}.`);
    return;
  }
  console.log(`${tally.programs} programs with seed ${seed} in ${seconds} s`);
  console.log(
    `${tally.calls} calls, ${tally.requests} requests, ${tally.attempts} attempts in the logs, ${tally.duplicates} duplicates`,
  );
  const faults = Object.entries(tally.faults).toSorted(([a], [b]) => a.localeCompare(b));
  for (const [fault, times] of faults) console.log(`${String(times).padStart(8)}  ${fault}`);
}
