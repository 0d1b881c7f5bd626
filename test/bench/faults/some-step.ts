/** Generates the single steps of fault programs, and how often each comes. Runs nothing. */
import fc from "fast-check";
import type { CallName, Fault, Luck, Step } from "./program.ts";

export const noLuck: Luck = { faults: [], skewMs: 0 };

/** A delivery reads, asks an object, writes and enqueues: the faults hit these first operations. */
export const faultAt = { at: fc.constantFrom(0, 1, 1, 1, 2, 2, 3, 4, 5) };
const someFault: fc.Arbitrary<Fault> = fc.record({
  ...faultAt,
  when: fc.constantFrom("before", "after"),
  what: fc.constantFrom("fail", "kill", "late", "stall"),
});
const someLuck: fc.Arbitrary<Luck> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(noLuck) },
  {
    weight: 1,
    arbitrary: fc.record({
      faults: fc.array(someFault, { minLength: 1, maxLength: 2 }),
      skewMs: fc.constantFrom(0, 0, -2_000, 3_000),
      isolate: fc.constantFrom(0, 1),
    }),
  },
);

const reported = fc.constantFrom<CallName>("a", "a", "b");
const someCalls = fc.uniqueArray(fc.constantFrom<CallName>("a", "a", "a", "b", "b", "unknown"), {
  minLength: 1,
  maxLength: 2,
});
const picks = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 3 });

export const report = fc.record({
  kind: fc.constant("report" as const),
  call: reported,
  to: fc.constantFrom("receiver", "receiver", "receiver", "receiver", "nobody", "forbidden"),
  isToBeHeld: fc.constantFrom(false, false, true),
  variant: fc.constantFrom(0, 0, 0, 1),
  luck: someLuck,
});
export const plainReport = { kind: "report", call: "a", to: "receiver", variant: 0, luck: noLuck } as const;
export const firstReport = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ ...plainReport, isToBeHeld: false }) },
  { weight: 2, arbitrary: fc.constant({ ...plainReport, isToBeHeld: true }) },
  { weight: 1, arbitrary: report },
);
export const cite = (luck = someLuck, call = reported) =>
  fc.record({
    kind: fc.constant("cite" as const),
    call,
    variant: fc.constantFrom(0, 0, 0, 1, null),
    luck,
  });
export const byHand = (kind: "resend" | "create", luck = someLuck) =>
  fc.record({ kind: fc.constant(kind), calls: someCalls, luck });
/** A program has two keys, and mostly uses one. */
export const withKey = (kind: "resend" | "create", luck = someLuck) =>
  fc.record({
    kind: fc.constant(kind),
    calls: fc.constantFrom<CallName[]>(["a"], ["a"], ["a"], ["b", "a"]),
    key: fc.record({ name: fc.constantFrom("k", "k", "k", "l"), times: fc.constantFrom(1, 1, 1, 2, 3) }),
    luck,
  });
export const release = (luck = someLuck, call = reported) =>
  fc.record({ kind: fc.constant("release" as const), call, luck });
export const erase = (luck = someLuck) =>
  fc.record({
    kind: fc.constant("erase" as const),
    call: fc.constantFrom<CallName>("a", "a", "a", "b", "b", "unknown"),
    isRepeated: fc.boolean(),
    luck,
  });
export const eraseDelivered = (luck = someLuck) =>
  fc.record({ kind: fc.constant("erase_delivered" as const), on: fc.constantFrom(true, true, false), luck });
type Plain = "pause" | "probe" | "sweep" | "deliver_due" | "suspend" | "unsuspend";
export const withLuck = (kind: Plain, luck = someLuck) => fc.record({ kind: fc.constant(kind), luck });
export const enable = fc.record({
  kind: fc.constant("enable" as const),
  redeliver: fc.constantFrom(true, true, false),
  luck: someLuck,
});
export const limit = fc.record({
  kind: fc.constant("limit" as const),
  rate: fc.constantFrom(0.1, 0.1, 1, null),
  luck: someLuck,
});
export const deliverSome = fc.record({ kind: fc.constant("deliver_some" as const), picks, luck: someLuck });
/** A delivery fails in its tenth round, more than a program has steps for. */
export const LAST_BUT_ONE_ROUND = 9;
const giveUp = fc.record({
  kind: fc.constant("give_up" as const),
  picks,
  rounds: fc.constantFrom(0, LAST_BUT_ONE_ROUND),
  luck: someLuck,
});
export const withPick = (kind: "lose" | "repeat") =>
  fc.record({ kind: fc.constant(kind), pick: fc.nat({ max: 5 }) });
type Bare = "forget" | "answer" | "wake" | "refuse_writes" | "take_writes" | "lose_floor" | "age_floor";
export const bare = (kind: Bare) => fc.record({ kind: fc.constant(kind) });

export const someStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: report },
  { weight: 2, arbitrary: cite() },
  { weight: 4, arbitrary: byHand("resend") },
  { weight: 1, arbitrary: byHand("create") },
  { weight: 2, arbitrary: fc.oneof(withKey("resend"), withKey("create")) },
  { weight: 1, arbitrary: release() },
  { weight: 1, arbitrary: erase() },
  { weight: 1, arbitrary: eraseDelivered() },
  { weight: 1, arbitrary: fc.oneof(withLuck("suspend"), withLuck("unsuspend")) },
  { weight: 1, arbitrary: enable },
  { weight: 1, arbitrary: fc.oneof(withLuck("pause"), withLuck("probe"), limit) },
  { weight: 2, arbitrary: withLuck("sweep") },
  { weight: 9, arbitrary: withLuck("deliver_due") },
  { weight: 4, arbitrary: deliverSome },
  { weight: 1, arbitrary: giveUp },
  { weight: 2, arbitrary: withPick("lose") },
  { weight: 3, arbitrary: withPick("repeat") },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("pass" as const), seconds: fc.constantFrom(1, 4, 30, 70, 400) }),
  },
  { weight: 2, arbitrary: bare("forget") },
  { weight: 2, arbitrary: bare("answer") },
  { weight: 2, arbitrary: bare("wake") },
  { weight: 1, arbitrary: fc.oneof(bare("lose_floor"), bare("age_floor")) },
);
