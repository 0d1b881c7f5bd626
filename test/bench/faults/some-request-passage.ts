/** Generates steps that need each other around an erasure, a release, an idempotency key or a suspension. Runs nothing. */
import fc from "fast-check";
import type { CallName, Step } from "./program.ts";
import { lateAndUnanswered, stalled, stalledAtItsRelease, wake } from "./some-luck.ts";
import {
  bare,
  byHand,
  cite,
  deliverSome,
  erase,
  eraseDelivered,
  noLuck,
  plainReport,
  release,
  report,
  withKey,
  withLuck,
} from "./some-step.ts";

const quietly = fc.constant(noLuck);
const pass = (...seconds: number[]) =>
  fc.record({ kind: fc.constant("pass" as const), seconds: fc.constantFrom(...seconds) });
/** A call of its own, which is held, or else conflicts with the one before. */
const held = fc.constantFrom<Step>(
  { ...plainReport, call: "b", isToBeHeld: true },
  { ...plainReport, call: "c", isToBeHeld: true },
  { ...plainReport, call: "c", isToBeHeld: true },
);
const heldCall = fc.constantFrom<CallName>("b", "c", "c");
const ownCall = fc.constant<CallName>("c");
const payloadsGo = fc.constant<Step>({ kind: "erase_delivered", on: true, luck: noLuck });

/** What meets a suspended org. */
const whileSuspended: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: withLuck("deliver_due") },
  { weight: 2, arbitrary: fc.oneof(report, byHand("resend"), deliverSome) },
  { weight: 1, arbitrary: fc.oneof(withLuck("sweep"), withLuck("suspend"), withLuck("probe")) },
  { weight: 1, arbitrary: pass(4, 40) },
  { weight: 1, arbitrary: fc.oneof(wake, bare("answer"), bare("forget")) },
);

export const requestPassage: fc.Arbitrary<Step[]> = fc.oneof(
  // A batch, a report or citations that have read a call before it is erased go on afterwards.
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.oneof(withLuck("deliver_due", stalled), cite(stalled), byHand("resend", stalled)),
      erase(),
      fc.oneof(report, cite(), erase(), withLuck("deliver_due"), pass(4, 70)),
      wake,
    ),
  },
  // A call is erased while an attempt of it is under way, and another one waits behind that.
  {
    weight: 1,
    arbitrary: fc.tuple(
      withLuck("deliver_due", quietly),
      fc.oneof(byHand("resend", quietly), cite(quietly)),
      withLuck("deliver_due", quietly),
      erase(),
      bare("answer"),
      withLuck("deliver_due"),
    ),
  },
  // An erasure is stalled or commits late.
  {
    weight: 1,
    arbitrary: fc.tuple(erase(fc.oneof(stalled, lateAndUnanswered)), report, withLuck("deliver_due"), wake),
  },
  // A release meets its call's citations and the end of its hold.
  {
    weight: 2,
    arbitrary: fc.tuple(
      held,
      fc.oneof(
        cite(fc.oneof(stalled, lateAndUnanswered), heldCall),
        withLuck("deliver_due", stalledAtItsRelease),
        release(stalled, heldCall),
        pass(1),
      ),
      release(undefined, heldCall),
      fc.oneof(cite(undefined, heldCall), release(undefined, heldCall), withLuck("deliver_due")),
      withLuck("deliver_due"),
      wake,
    ),
  },
  // A request is repeated with its key, at once and after what came of it.
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.array(
          fc.oneof(
            { weight: 4, arbitrary: withKey("resend") },
            { weight: 1, arbitrary: withKey("create") },
            { weight: 1, arbitrary: withKey("resend", stalled) },
            { weight: 2, arbitrary: fc.oneof(withLuck("deliver_due"), wake, pass(1, 70), byHand("resend")) },
          ),
          { minLength: 3, maxLength: 6 },
        ),
        withLuck("deliver_due"),
      )
      .map(([steps, last]): Step[] => [...steps, last]),
  },
  // What is delivered loses its payload, unless something is still to come of it.
  {
    weight: 2,
    arbitrary: fc.tuple(
      eraseDelivered(quietly),
      withLuck("deliver_due"),
      fc.oneof(byHand("resend"), cite(), release(), pass(1, 70)),
      withLuck("sweep"),
      fc.oneof(byHand("resend"), withKey("resend"), cite(), report),
      withLuck("deliver_due"),
      withLuck("sweep"),
    ),
  },
  // Of a delivered call the citations are still to come when its payload is to go.
  {
    weight: 2,
    arbitrary: fc.tuple(
      payloadsGo,
      fc.constant<Step>({ ...plainReport, call: "c", isToBeHeld: true }),
      release(quietly, ownCall),
      withLuck("deliver_due", quietly),
      pass(70),
      cite(quietly, ownCall),
      withLuck("sweep", quietly),
      withLuck("deliver_due"),
      withLuck("sweep"),
    ),
  },
  // A suspension meets calls that are due, and its end meets what is parked.
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.oneof(withLuck("suspend"), withLuck("suspend", quietly)),
        fc.array(whileSuspended, { minLength: 1, maxLength: 6 }),
        withLuck("unsuspend"),
        fc.oneof(withLuck("deliver_due"), withLuck("sweep"), pass(40)),
        withLuck("deliver_due"),
      )
      .map(([suspension, steps, ...last]): Step[] => [suspension, ...steps, ...last]),
  },
);
