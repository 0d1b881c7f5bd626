/** A log's next state after an attempt, the two times of a due log, and the order of entries. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { afterAttempt, afterFault, dueAt, nextSentAt, type Progress } from "../../src/core/transition.ts";
import { entryOf, failureOf, NOW } from "./samples.ts";

const rules = { retryScheduleMs: [5_000, 300_000], sweepGraceMs: 60_000 };
const REGULAR = { created_at: NOW - 60_000, trials: null, spared: null };
const stateAfter = (change: Partial<Parameters<typeof afterAttempt>[0]>) =>
  afterAttempt({
    ...{ entry: failureOf(500), attempt: 1, log: REGULAR, rules, now: NOW, random: 0.5 },
    ...change,
  });

const PLAIN = { parked: null, trials: null, spared: 0 };
const ENDED = { next_attempt_at: null, sweep_at: null, ...PLAIN };
const EXHAUSTED = { status: "failed", reason: "attempts_exhausted", ...ENDED };

describe("after an attempt", () => {
  test("that succeeded the log is delivered and waits for nothing", () => {
    for (const attempt of [1, 2, 3])
      expect(stateAfter({ entry: entryOf(), attempt })).toEqual({
        status: "delivered",
        reason: null,
        ...ENDED,
      });
  });

  test("answered 410 the log has failed, on the first attempt too", () => {
    expect(stateAfter({ entry: failureOf(410) })).toEqual({ status: "failed", reason: "gone", ...ENDED });
  });

  test.each([
    { attempt: 1, delaySeconds: 5 },
    { attempt: 2, delaySeconds: 300 },
  ])("that failed as number $attempt the next is due in $delaySeconds s", ({ attempt, delaySeconds }) => {
    expect(stateAfter({ attempt })).toEqual({
      status: "retrying",
      reason: null,
      next_attempt_at: NOW + delaySeconds * 1_000,
      sweep_at: NOW + delaySeconds * 1_000 + 60_000,
      ...PLAIN,
    });
  });

  test("that failed the next is as late as the receiver asked for, counted from now", () => {
    const entry = { ...failureOf(503, { "retry-after": "120" }), sent_at: NOW - 14_000 };
    expect(stateAfter({ entry })).toEqual({
      status: "retrying",
      reason: null,
      next_attempt_at: NOW + 120_000,
      sweep_at: NOW + 180_000,
      ...PLAIN,
    });
  });

  test("that failed as the schedule's last the log has failed", () => {
    expect(stateAfter({ attempt: 3 })).toEqual(EXHAUSTED);
    expect(stateAfter({ attempt: 3, entry: failureOf(429, { "retry-after": "9" }) })).toEqual(EXHAUSTED);
  });

  test("an empty schedule makes the first failure the last", () => {
    expect(stateAfter({ rules: { ...rules, retryScheduleMs: [] } })).toEqual(EXHAUSTED);
  });

  test("a log waits exactly while it is retrying, and the sweep comes a grace after it is due", () => {
    const entry = fc
      .record({
        response_code: fc.constantFrom(null, 200, 302, 410, 429, 500),
        error: fc.constantFrom(null, "http_status" as const, "timeout" as const, "interrupted" as const),
        response_headers: fc.constantFrom<Record<string, string>>({}, { "retry-after": "9".repeat(400) }),
      })
      .map(entryOf);
    const input = fc.record({
      entry,
      attempt: fc.integer({ min: 1, max: 5 }),
      now: fc.nat({ max: 4_000_000_000_000 }),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(
      fc.property(input, (change) => {
        const { status, reason: _, ...state } = stateAfter(change);
        const { next_attempt_at, sweep_at } = state;
        if (status !== "retrying") {
          expect(state).toEqual(ENDED);
          return;
        }
        const waitMs = (next_attempt_at ?? Number.NaN) - change.now;
        expect(waitMs / 1_000).toSatisfy(Number.isInteger);
        expect(waitMs).toBeGreaterThan(0);
        expect(sweep_at).toBe(change.now + waitMs + rules.sweepGraceMs);
      }),
    );
  });
});

describe("a trial, a probe or an attempt that was released", () => {
  const trialAfter = (log: Partial<Progress>, change: Partial<Parameters<typeof afterAttempt>[0]> = {}) =>
    stateAfter({ log: { ...REGULAR, trials: 0, ...log }, ...change });

  test("that failed is parked again at its place and uses up no step, however many there were", () => {
    for (const attempt of [1, 3, 300])
      expect(trialAfter({ spared: attempt - 1 }, { attempt })).toMatchObject({
        ...{ status: "retrying", reason: null, parked: REGULAR.created_at, trials: 1, spared: 1 },
      });
  });

  test("that failed three times in a row waits behind the others", () => {
    expect(trialAfter({ trials: 1 })).toMatchObject({ parked: REGULAR.created_at, trials: 2 });
    expect(trialAfter({ trials: 2 })).toMatchObject({ parked: NOW, trials: 3, spared: 1 });
    expect(trialAfter({ trials: 3 })).toMatchObject({ parked: REGULAR.created_at, trials: 4 });
    expect(trialAfter({ trials: 5 })).toMatchObject({ parked: NOW, trials: 6 });
    const ahead = { trials: 2, created_at: NOW + 5_000 };
    expect(trialAfter(ahead)).toMatchObject({ parked: NOW + 5_000 });
  });

  test("whose receiver asked for a wait is due after it, and its next attempt is no trial", () => {
    const entry = failureOf(429, { "retry-after": "120" });
    expect(trialAfter({}, { entry })).toMatchObject({
      ...{ next_attempt_at: NOW + 120_000, parked: null, trials: null, spared: 1 },
    });
  });

  test("has the wait of the step before it, in case it can't be parked", () => {
    const waitOf = (attempt: number, spared: number) =>
      ((trialAfter({ spared }, { attempt }).next_attempt_at ?? 0) - NOW) / 1_000;
    expect([waitOf(1, 0), waitOf(2, 0), waitOf(3, 0), waitOf(9, 6)]).toEqual([5, 5, 300, 300]);
    const none = { ...rules, retryScheduleMs: [] };
    expect(trialAfter({}, { rules: none }).next_attempt_at).toBe(NOW + 60_000);
    const asked = { rules: none, entry: failureOf(429, { "retry-after": "3600" }) };
    expect(trialAfter({}, asked).next_attempt_at).toBe(NOW + 3_600_000);
  });

  test("that succeeded or was answered 410 ends its delivery like any other", () => {
    expect(trialAfter({}, { entry: entryOf() })).toEqual({ status: "delivered", reason: null, ...ENDED });
    expect(trialAfter({}, { entry: failureOf(410) })).toMatchObject({ status: "failed", ...ENDED });
  });

  test("was spared: the attempts that follow have the steps that are left", () => {
    const log = { ...REGULAR, spared: 7 };
    expect(stateAfter({ log, attempt: 9 }).next_attempt_at).toBe(NOW + 300_000);
    expect(stateAfter({ log, attempt: 10 })).toEqual(EXHAUSTED);
  });
});

test("a log that is due is late after the grace", () => {
  expect(dueAt(NOW, { sweepGraceMs: 1_500 })).toEqual({ next_attempt_at: NOW, sweep_at: NOW + 1_500 });
});

describe("an entry's time", () => {
  test("is the clock's where that has moved on, else a millisecond after the entry before", () => {
    expect(nextSentAt(NOW, null)).toBe(NOW);
    expect(nextSentAt(NOW, NOW - 1)).toBe(NOW);
    expect(nextSentAt(NOW, NOW)).toBe(NOW + 1);
    expect(nextSentAt(NOW, NOW + 9_000)).toBe(NOW + 9_001);
  });

  test("is later than the entry before and not before the clock, whatever the clocks say", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 50 })), (clocks) => {
        let last: number | null = null;
        for (const clock of clocks) {
          const sentAt: number = nextSentAt(clock, last);
          expect(sentAt).toBeGreaterThan(last ?? -1);
          expect(sentAt).toBeGreaterThanOrEqual(clock);
          last = sentAt;
        }
      }),
    );
  });
});

describe("an attempt that the consumer itself could not process", () => {
  const fault = (faults: number, attempts = 0) =>
    afterFault({ attempts, faults, reason: "dead_letter", rules: { sweepGraceMs: 60_000 }, now: NOW });

  test("is due again after a minute, then after twice as long, up to an hour", () => {
    const waits = Array.from(
      { length: 9 },
      (_, faults) => ((fault(faults).next_attempt_at ?? 0) - NOW) / 60_000,
    );
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  test("is late for the sweep a grace after that, and keeps its log's status", () => {
    expect(fault(0)).toEqual({
      status: "pending",
      reason: "dead_letter",
      faults: 1,
      next_attempt_at: NOW + 60_000,
      sweep_at: NOW + 120_000,
    });
    expect(fault(0, 2).status).toBe("retrying");
  });

  test("fails its delivery in the tenth round", () => {
    const failed = {
      status: "failed",
      reason: "dead_letter",
      faults: 10,
      next_attempt_at: null,
      sweep_at: null,
    };
    expect(fault(9)).toEqual(failed);
  });
});
