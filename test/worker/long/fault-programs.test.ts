/** Random programs of requests and faults run through the real handlers; the invariants hold whatever happens. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { brokenInvariants } from "../../bench/faults/call-invariants.ts";
import { describeProgram } from "../../bench/faults/describe.ts";
import type { Program } from "../../bench/faults/program.ts";
import { runProgram } from "../../bench/faults/run-program.ts";
import { someProgram } from "../../bench/faults/some-program.ts";
import { addTo, emptyTally, type Tally } from "../../bench/faults/tally.ts";
import { clearRecord, takeClock } from "../../bench/faults/world.ts";
import { call, makeOrg } from "../../support/words.ts";

declare module "vitest" {
  interface ProvidedContext {
    faults: { programs: number; seed: number };
  }
  interface TaskMeta {
    tally?: Tally;
  }
}

/** A program that takes longer than this hangs, in real milliseconds. */
const PROGRAM_LIMIT_MS = 20_000;

const METHODS = ["log", "warn", "error"] as const;

let giveBack: () => void;
beforeAll(() => {
  const giveBackClock = takeClock();
  const { log, warn, error } = console;
  // No spies: they would keep every line of fifty thousand programs.
  for (const method of METHODS) console[method] = () => {};
  giveBack = () => {
    giveBackClock();
    Object.assign(console, { log, warn, error });
  };
});
afterAll(() => giveBack());

const { programs, seed } = inject("faults");

test("every program leaves every call as it was promised", { timeout: 86_400_000 }, async ({ task }) => {
  const org = await makeOrg();
  const settings = { delay_for_citations: true, citations_timeout_seconds: 60 };
  await call(org, "PATCH", "/v1/org", { body: settings });
  const tally = emptyTally();
  task.meta.tally = tally;
  let hasFailed = false;
  async function holds(program: Program): Promise<void> {
    const history = await within(PROGRAM_LIMIT_MS, runProgram(program, org));
    // After a failure come smaller versions of that program, until the smallest is found.
    if (!hasFailed) addTo(tally, history);
    const broken = brokenInvariants(history);
    if (broken.length > 0) throw new Error(broken.join("\n"));
  }
  const property = fc.asyncProperty(someProgram, (program) =>
    holds(program).catch(async (error) => {
      hasFailed = true;
      await clearRecord(); // what is still due would come up in the programs that follow
      throw error;
    }),
  );
  const details = await fc.check(property, { numRuns: programs, seed });
  expect(details.failed ? reportOf(details) : "").toBe("");
});

function reportOf(details: fc.RunDetails<[Program]>): string {
  const [program] = details.counterexample ?? [];
  return [
    `Seed ${details.seed}, program ${details.numRuns}, smallest after ${details.numShrinks} shrinks:`,
    program === undefined ? "no program" : describeProgram(program),
    String(details.errorInstance),
  ].join("\n");
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`it hung for ${limitMs} ms`)), limitMs);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
