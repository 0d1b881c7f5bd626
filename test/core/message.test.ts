/** Queue messages: which are ours, and which are sent, delayed again or done with. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  clampDelay,
  isNewerMessage,
  judgeMessage,
  MESSAGE_VERSION,
  QUEUE_DELAY_LIMIT_SECONDS,
  readMessage,
  writeMessage,
} from "../../src/core/message.ts";
import { type AttemptKey, LOG_EVENTS } from "../../src/core/webhook-log.ts";
import { keyOf, NOW } from "./samples.ts";

const someKey: fc.Arbitrary<AttemptKey> = fc.record({
  user_id: fc.string({ minLength: 1 }),
  call_id: fc.stringMatching(/^[A-Za-z0-9_:-]{1,128}$/),
  event: fc.constantFrom(...LOG_EVENTS),
  delivery_id: fc.string({ minLength: 1 }),
  attempt: fc.integer({ min: 1, max: 1_000 }),
});

describe("a message", () => {
  test("is read as the key it was written for, also after a journey as JSON", () => {
    fc.assert(
      fc.property(someKey, (key) => {
        expect(readMessage(writeMessage(key))).toEqual(key);
        expect(readMessage(JSON.parse(JSON.stringify(writeMessage(key))))).toEqual(key);
      }),
    );
  });

  test("carries its version and the key's own members, nothing else", () => {
    const wide = { ...keyOf(), payload: "secret", url: "https://crm.example" };
    expect(writeMessage(wide)).toEqual({ v: MESSAGE_VERSION, ...keyOf() });
  });

  test("keeps its meaning with members that are not known yet, and does not pass them on", () => {
    expect(readMessage({ ...writeMessage(keyOf()), priority: "high" })).toEqual(keyOf());
  });

  test.each([
    ["of no version", { v: undefined }],
    ["of another version", { v: 2 }],
    ["of a version in text", { v: "1" }],
    ["without an org", { user_id: "" }],
    ["whose org is a number", { user_id: 7 }],
    ["without a call id", { call_id: undefined }],
    ["with an empty call id", { call_id: "" }],
    ["whose call id is a path", { call_id: "../x" }],
    ["whose call id is two dots", { call_id: ".." }],
    ["whose call id is too long", { call_id: "c".repeat(129) }],
    ["of an unknown event", { event: "transcript" }],
    ["without a delivery", { delivery_id: "" }],
    ["of attempt 0", { attempt: 0 }],
    ["of half an attempt", { attempt: 1.5 }],
    ["whose attempt is text", { attempt: "1" }],
  ])("%s is not ours", (_name, change) => {
    expect(readMessage({ ...writeMessage(keyOf()), ...change })).toBeNull();
  });

  test("is never read out of something that is no message", () => {
    for (const body of [null, undefined, 1, "x", true, [], {}, [writeMessage(keyOf())]])
      expect(readMessage(body)).toBeNull();
    fc.assert(
      fc.property(fc.anything(), (body) => {
        expect(readMessage(body)).toBeNull();
      }),
    );
  });
});

describe("a message of a newer version", () => {
  test.each([2, 3, 4_000])("is recognised by its number: %i", (v) => {
    for (const body of [{ ...writeMessage(keyOf()), v }, { v }, { v, attempts: [] }]) {
      expect(readMessage(body)).toBeNull();
      expect(isNewerMessage(body)).toBe(true);
    }
  });

  test.each([
    ["today's", writeMessage(keyOf())],
    ["a garbled one of today", { ...writeMessage(keyOf()), call_id: "../x" }],
    ["one of version 0", { ...writeMessage(keyOf()), v: 0 }],
    ["one of version 1.5", { ...writeMessage(keyOf()), v: 1.5 }],
    ["one of a version in text", { ...writeMessage(keyOf()), v: "2" }],
    ["one without a version", {}],
    ["a list", [{ v: 2 }]],
    ["text", '{"v":2}'],
    ["nothing", null],
  ])("is not %s", (_name, body) => {
    expect(isNewerMessage(body)).toBe(false);
  });
});

describe("judging a message", () => {
  const someLog = fc.record({
    delivery_id: fc.constantFrom("dlv_1", "dlv_2", null),
    attempts: fc.integer({ min: 0, max: 3 }),
    next_attempt_at: fc.option(
      fc
        .oneof(fc.integer({ min: -5_000, max: 5_000 }), fc.integer({ min: 0, max: 400_000_000 }))
        .map((offset) => NOW + offset),
    ),
  });
  const named = fc.record({
    delivery_id: fc.constantFrom("dlv_1", "dlv_2"),
    attempt: fc.integer({ min: 1, max: 4 }),
  });
  type Log = Parameters<typeof judgeMessage>[1];
  const awaits = (log: Log, key: Pick<AttemptKey, "delivery_id" | "attempt">) =>
    log?.delivery_id === key.delivery_id && key.attempt === log.attempts + 1;
  const isClosed = (log: Log, key: Pick<AttemptKey, "delivery_id" | "attempt">) =>
    log !== undefined &&
    (log.delivery_id !== key.delivery_id || (awaits(log, key) && log.next_attempt_at === null));

  test("sends exactly the attempt that the log waits for, within a second of when it is due", () => {
    fc.assert(
      fc.property(named, someLog, (key, log) => {
        const dueInMs = log.next_attempt_at === null ? Number.POSITIVE_INFINITY : log.next_attempt_at - NOW;
        const sends = awaits(log, key) && dueInMs <= 1_000;
        expect(judgeMessage(key, log, NOW).kind === "send").toBe(sends);
      }),
      { numRuns: 500 },
    );
  });

  test("takes a message as closed exactly where its delivery is not its log's, or was given up before its attempt", () => {
    fc.assert(
      fc.property(named, someLog, (key, log) => {
        expect(judgeMessage(key, log, NOW).kind === "closed").toBe(isClosed(log, key));
      }),
      { numRuns: 500 },
    );
  });

  test("takes a message as stale exactly where its log does not wait for it and it is not closed", () => {
    fc.assert(
      fc.property(named, someLog, (key, log) => {
        const waits = awaits(log, key) && log.next_attempt_at !== null;
        const stale = !waits && !isClosed(log, key);
        expect(judgeMessage(key, log, NOW).kind === "stale").toBe(stale);
      }),
      { numRuns: 500 },
    );
  });

  test("delays an early one by 1 to 86,400 whole seconds, after which it is sent or still early", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_001, max: 400_000_000 }), (earlyMs) => {
        const log = { delivery_id: "dlv_1", attempts: 0, next_attempt_at: NOW + earlyMs };
        const verdict = judgeMessage(keyOf(), log, NOW);
        const delaySeconds = verdict.kind === "early" ? verdict.delaySeconds : Number.NaN;
        expect(delaySeconds).toSatisfy(Number.isInteger);
        expect(delaySeconds).toBeGreaterThanOrEqual(1);
        expect(delaySeconds).toBe(Math.min(Math.ceil(earlyMs / 1_000), 86_400));
        const later = judgeMessage(keyOf(), log, NOW + delaySeconds * 1_000);
        expect(later.kind).toBe(earlyMs > 86_401_000 ? "early" : "send");
      }),
    );
  });

  test.each([
    { name: "a log that is gone", log: undefined, verdict: { kind: "stale" } },
    { name: "a ended log", log: { attempts: 1, next_attempt_at: null }, verdict: { kind: "stale" } },
    {
      name: "a log that was given up before it",
      log: { next_attempt_at: null },
      verdict: { kind: "closed" },
    },
    { name: "a recorded attempt", log: { attempts: 1 }, verdict: { kind: "stale" } },
    { name: "a retry whose log is gone", attempt: 2, log: undefined, verdict: { kind: "stale" } },
    {
      name: "the first attempt of a replaced delivery",
      log: { delivery_id: "dlv_2" },
      verdict: { kind: "closed" },
    },
    {
      name: "a retry of a replaced delivery",
      attempt: 2,
      log: { delivery_id: "dlv_2", attempts: 1 },
      verdict: { kind: "closed" },
    },
    {
      name: "a retry whose replacement is not due yet",
      attempt: 2,
      log: { delivery_id: "dlv_2", next_attempt_at: NOW + 9_000 },
      verdict: { kind: "closed" },
    },
    {
      name: "a retry whose replacement has ended",
      attempt: 2,
      log: { delivery_id: "dlv_2", next_attempt_at: null },
      verdict: { kind: "closed" },
    },
    { name: "an attempt due now", log: {}, verdict: { kind: "send" } },
    { name: "an attempt long overdue", log: { next_attempt_at: 0 }, verdict: { kind: "send" } },
    { name: "one a second early", log: { next_attempt_at: NOW + 1_000 }, verdict: { kind: "send" } },
    {
      name: "one a little over a second early",
      log: { next_attempt_at: NOW + 1_001 },
      verdict: { kind: "early", delaySeconds: 2 },
    },
  ])("answers $verdict.kind for $name", ({ log, verdict, attempt = 1 }) => {
    const waiting = { delivery_id: "dlv_1", attempts: 0, next_attempt_at: NOW };
    expect(judgeMessage(keyOf({ attempt }), log && { ...waiting, ...log }, NOW)).toEqual(verdict);
  });
});

test("a delay is cut to what a queue takes", () => {
  expect(clampDelay(0)).toBe(0);
  expect(clampDelay(QUEUE_DELAY_LIMIT_SECONDS)).toBe(86_400);
  expect(clampDelay(QUEUE_DELAY_LIMIT_SECONDS + 1)).toBe(86_400);
});
