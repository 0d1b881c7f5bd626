/** Generates what goes wrong in the steps that need each other. Runs nothing. */
import fc from "fast-check";
import type { Luck, Step } from "./program.ts";
import { faultAt } from "./some-step.ts";

export const stalled: fc.Arbitrary<Luck> = fc.record({
  faults: fc.tuple(fc.record({ ...faultAt, when: fc.constant("before"), what: fc.constant("stall") })),
  skewMs: fc.constant(0),
});
/** A batch of a held call reads it and then releases it: this stall comes in between. */
export const stalledAtItsRelease = fc.constant<Luck>({
  faults: [{ at: 1, when: "before", what: "stall" }],
  skewMs: 0,
});
/** Citations read the call and write: here the write commits late, and nobody hears of it. */
export const lateAndUnanswered = fc.constantFrom(1, 2).map(
  (at): Luck => ({
    faults: [
      { at, when: "before", what: "late" },
      { at: at + 1, when: "before", what: "kill" },
    ],
    skewMs: 0,
  }),
);
export const wake = fc.constant<Step>({ kind: "wake" });
