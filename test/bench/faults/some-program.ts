/** Generates random fault programs: which steps come together, and what their receiver answers. Runs nothing. */
import fc from "fast-check";
import type { Fault, Luck, Program, ReceiverAnswer, Step } from "./program.ts";
import { lateAndUnanswered, stalled, stalledAtItsRelease, wake } from "./some-luck.ts";
import { requestPassage } from "./some-request-passage.ts";
import {
  bare,
  byHand,
  cite,
  deliverSome,
  enable,
  firstReport,
  LAST_BUT_ONE_ROUND,
  limit,
  noLuck,
  plainReport,
  report,
  someStep,
  withLuck,
  withPick,
} from "./some-step.ts";

/** A batch of one message uses the record, the object and the record again: this fault hits it before the write. */
const atItsWrite = (what: Fault["what"]): Luck => ({ faults: [{ at: 2, when: "before", what }], skewMs: 0 });
const stalledAtItsWrite = fc.constant(atItsWrite("stall"));
/** A delivery whose object fails to make the attempt. */
const losing = fc.record({
  kind: fc.constant("deliver_due" as const),
  luck: fc.record({
    faults: fc.tuple(
      fc.record({
        at: fc.constant(1),
        when: fc.constant("before" as const),
        what: fc.constantFrom("fail" as const, "late" as const),
      }),
    ),
    skewMs: fc.constant(0),
  }),
});
/** A clock that is off by minutes. */
const skewed: fc.Arbitrary<Luck> = fc.record({
  faults: fc.constant([]),
  skewMs: fc.constantFrom(0, -150_000, 150_000),
});
const whileRefused: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: withLuck("deliver_due") },
  { weight: 1, arbitrary: fc.oneof(report, byHand("resend"), withLuck("sweep"), deliverSome) },
  { weight: 1, arbitrary: fc.oneof(bare("answer"), bare("forget")) },
);

/** Steps that need each other: a resend meets an attempt under way, a stalled run meets what others do meanwhile. */
const somePassage: fc.Arbitrary<Step[]> = fc.oneof(
  { weight: 8, arbitrary: someStep.map((step) => [step]) },
  { weight: 6, arbitrary: requestPassage },
  { weight: 2, arbitrary: fc.tuple(byHand("resend"), withLuck("deliver_due")) },
  { weight: 2, arbitrary: fc.tuple(withLuck("deliver_due"), withLuck("deliver_due")) },
  { weight: 1, arbitrary: fc.tuple(losing, losing, losing, losing) },
  {
    weight: 1,
    arbitrary: fc.tuple(
      withLuck("deliver_due", fc.constant(noLuck)),
      byHand("resend", fc.constant(noLuck)),
      bare("answer"),
      withLuck("deliver_due", fc.constant(noLuck)),
    ),
  },
  { weight: 1, arbitrary: fc.tuple(byHand("resend", stalled), byHand("resend"), wake) },
  {
    weight: 1,
    arbitrary: fc.tuple(withLuck("deliver_due", stalled), bare("forget"), withLuck("deliver_due"), wake),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      withLuck("deliver_due", stalled),
      byHand("resend"),
      withLuck("deliver_due"),
      withLuck("deliver_due"),
      wake,
    ),
  },
  // The stalled write is two attempts old by then, and no object knows of them.
  {
    weight: 1,
    arbitrary: fc.tuple(
      withLuck("deliver_due", stalledAtItsWrite),
      withLuck("deliver_due"),
      withLuck("deliver_due"),
      bare("forget"),
      wake,
      withLuck("deliver_due"),
    ),
  },
  // Only the object knows of the attempt that is given up.
  {
    weight: 1,
    arbitrary: fc.tuple(
      byHand("resend"),
      withLuck("deliver_due", fc.constantFrom(atItsWrite("kill"), atItsWrite("fail"))),
      fc.constant<Step>({ kind: "pass", seconds: 4 }),
      fc.constant<Step>({ kind: "give_up", picks: [0], rounds: LAST_BUT_ONE_ROUND, luck: noLuck }),
    ),
  },
  // A message is given up, but not its copy.
  {
    weight: 2,
    arbitrary: fc.tuple(
      byHand("resend"),
      fc.constant<Step>({ kind: "repeat", pick: 0 }),
      stalledAtItsWrite.map(
        (luck): Step => ({ kind: "give_up", picks: [0], rounds: LAST_BUT_ONE_ROUND, luck }),
      ),
      withLuck("deliver_due"),
      wake,
    ),
  },
  // A database that is full meets batches, sweeps and reports of two isolates.
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        bare("refuse_writes"),
        fc.array(whileRefused, { minLength: 2, maxLength: 6 }),
        bare("take_writes"),
      )
      .map(([refuse, steps, take]) => [refuse, ...steps, take]),
  },
  // A message is lost while clocks disagree by minutes: the walk finds its call all the same.
  {
    weight: 1,
    arbitrary: fc.tuple(
      withLuck("sweep", skewed),
      skewed.map((luck): Step => ({ ...plainReport, call: "b", isToBeHeld: false, luck })),
      withPick("lose"),
      withLuck("sweep", skewed),
    ),
  },
  // Calls meet a pause, and what ends it.
  {
    weight: 2,
    arbitrary: fc.tuple(
      withLuck("pause"),
      report,
      withLuck("deliver_due"),
      byHand("resend"),
      withLuck("deliver_due"),
      enable,
      withLuck("deliver_due"),
    ),
  },
  // Calls meet a rate, in one batch and in several, and another one or none while some wait.
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.record({
          kind: fc.constant("limit" as const),
          rate: fc.constantFrom(0.1, 1),
          luck: fc.constant(noLuck),
        }),
        fc.array(fc.oneof(report, byHand("resend"), withLuck("deliver_due"), deliverSome), {
          minLength: 3,
          maxLength: 8,
        }),
        fc.oneof(limit, withLuck("pause"), withLuck("deliver_due")),
      )
      .map(([first, steps, last]): Step[] => [first, ...steps, last]),
  },
  // An endpoint is degraded, and its calls meet its wakes, a probe asked for, and a batch that read it before.
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.array(fc.oneof(byHand("resend"), withLuck("deliver_due"), report), {
          minLength: 6,
          maxLength: 12,
        }),
        fc.array(
          fc.oneof(
            withLuck("deliver_due"),
            withLuck("probe"),
            withLuck("sweep"),
            withLuck("deliver_due", stalled),
          ),
          { minLength: 2, maxLength: 8 },
        ),
      )
      .map(([failing, waiting]): Step[] => [...failing, ...waiting, { kind: "wake" }]),
  },
  // Citations meet the release of their call.
  { weight: 1, arbitrary: fc.tuple(withLuck("deliver_due", stalledAtItsRelease), cite(), wake, cite()) },
  // The stalled write of citations meets a call that was released and whose citations went alone.
  {
    weight: 2,
    arbitrary: fc.tuple(
      cite(fc.oneof(lateAndUnanswered, stalled)),
      withLuck("deliver_due"),
      cite(),
      withLuck("deliver_due"),
      wake,
    ),
  },
);

const someAnswer: fc.Arbitrary<ReceiverAnswer> = fc.record({
  status: fc.constantFrom(200, 200, 200, 500, 500, 503, 404, 302, 410),
  isHeld: fc.boolean(),
});

/** So many failures in a row degrade an endpoint. */
const FAILURES_TILL_DEGRADED = 5;
const FAILURE: ReceiverAnswer = { status: 500, isHeld: false };

const ALL_PAYLOADS_GO: Step = { kind: "erase_delivered", on: true, luck: noLuck };

export const someProgram: fc.Arbitrary<Program> = fc.record({
  answers: fc
    .tuple(
      fc.constantFrom(0, 0, FAILURES_TILL_DEGRADED),
      fc.array(someAnswer, { minLength: 1, maxLength: 6, size: "max" }),
    )
    .map(([failures, answers]) => [...Array<ReceiverAnswer>(failures).fill(FAILURE), ...answers]),
  // The first step mostly makes a call for the others. In some programs all payloads are to go.
  steps: fc
    .tuple(
      fc.constantFrom<Step[]>([], [], [ALL_PAYLOADS_GO]),
      firstReport,
      fc.array(somePassage, { maxLength: 15, size: "max" }),
    )
    .map(([setting, first, rest]) => [...setting, first, ...rest.flat()]),
});
