/**
 * `npm run faults` runs random programs of requests and faults through the real handlers. Options: `--programs`
 * (500), `--seed`. If a promise is broken it prints the smallest such program and fails. It also fails if nothing was
 * run.
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

function wholeNumber(name: "programs" | "seed", least: number): number {
  const value = Number(options[name]);
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`--${name} must be a whole number of ${least} or more, and is ${options[name]}`);
  return value;
}

const programs = wholeNumber("programs", 1);
const seed = wholeNumber("seed", 0);

const started = Date.now();
process.env.FAULT_PROGRAMS = String(programs);
process.env.FAULT_SEED = String(seed);
const vitest = await startVitest("test", ["test/worker/long/fault-programs.test.ts"], {
  project: "worker",
  watch: false,
});
const tallies = vitest.state
  .getTestModules()
  .flatMap((module) => [...module.children.allTests()].flatMap((test) => test.meta().tally ?? []));
await vitest.close();

/** A run as large as CI's must have met each of these. */
const COMMON_FAULTS = ["fail", "kill", "stall"].flatMap((what) =>
  ["database", "queue", "object"].map((kind) => ({ what, kind })),
);
const ENOUGH_PROGRAMS = 500;

const [tally] = tallies;
if (tally !== undefined) print(tally);
const unmet = programs < ENOUGH_PROGRAMS ? [] : COMMON_FAULTS.filter((fault) => !isMet(fault));
if (tally === undefined || tally.programs < programs) fail(`${tally?.programs ?? 0} of ${programs} were run`);
else if (unmet.length > 0)
  fail(`no program met: ${unmet.map(({ what, kind }) => `${what} at a ${kind}`).join(", ")}`);
const RARE = [
  ...["write refused", "floor lost", "floor old"],
  ...["parked by a batch", "parked at its report", "released or probed", "waiting for a slot"],
  ...["log erased", "payload erased", "released by hand", "key repeated", "parked by a suspension"],
];
for (const fault of RARE)
  if (programs >= ENOUGH_PROGRAMS && !tally?.faults[fault]) fail(`no program met: ${fault}`);
if (programs >= ENOUGH_PROGRAMS && !tally?.deadEnds) fail("no delivery ended as a dead letter");
if (programs >= ENOUGH_PROGRAMS && !(tally?.combined && tally.separate))
  fail(`${tally?.combined} webhooks ended with their citations, and ${tally?.separate} of citations alone`);

function isMet({ what, kind }: (typeof COMMON_FAULTS)[number]): boolean {
  return ["before", "after"].some((when) => tally?.faults[`${what} ${when} ${kind}`]);
}

function fail(what: string): void {
  process.exitCode = 1;
  console.error(`Fault programs with seed ${seed}: ${what}.`);
}

function print(tally: Tally): void {
  const {
    programs: run,
    calls,
    requests,
    attempts,
    duplicates,
    deadEnds,
    combined,
    separate,
    faults,
  } = tally;
  const seconds = ((Date.now() - started) / 1_000).toFixed(0);
  console.log(`${run} programs with seed ${seed} in ${seconds} s`);
  console.log(
    `${calls} calls, ${requests} requests, ${attempts} attempts in the logs, ${duplicates} duplicates, ${deadEnds} dead ends`,
  );
  console.log(`${combined} webhooks ended with their citations in them, ${separate} of citations alone`);
  for (const [fault, times] of Object.entries(faults).toSorted(([a], [b]) => a.localeCompare(b)))
    console.log(`${String(times).padStart(8)}  ${fault}`);
}
