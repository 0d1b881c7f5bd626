/** Waits between attempts: the bounds of jitter, the schedule's end, and what a receiver's `Retry-After` may ask for. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { backoffSeconds, parseRetryAfter, RETRY_AFTER_LIMIT_SECONDS } from "../../src/core/backoff.ts";
import { NOW } from "./samples.ts";

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const stepMs = fc.integer({ min: 0, max: 200_000_000 });
const asked = fc.oneof(fc.nat({ max: 200_000 }), fc.constant(Number.POSITIVE_INFINITY));

describe("a wait", () => {
  const step = fc.array(stepMs, { minLength: 1, maxLength: 10 }).chain((scheduleMs) =>
    fc.record({
      scheduleMs: fc.constant(scheduleMs),
      attempt: fc.integer({ min: 1, max: scheduleMs.length }),
      random,
    }),
  );

  test("is its own step's, give or take a tenth, in whole seconds rounded up", () => {
    fc.assert(
      fc.property(step, (input) => {
        const wait = backoffSeconds({ ...input, retryAfterSeconds: null });
        const own = input.scheduleMs[input.attempt - 1] ?? Number.NaN;
        expect(wait).toSatisfy(Number.isInteger);
        expect(wait).toBeGreaterThanOrEqual(Math.ceil((own * 0.9) / 1_000));
        expect(wait).toBeLessThanOrEqual(Math.ceil((own * 1.1) / 1_000));
      }),
    );
  });

  test.each([
    { random: 0, wait: 270 },
    { random: 0.25, wait: 285 },
    { random: 0.5, wait: 300 },
    { random: 0.999, wait: 330 },
  ])("of five minutes is $wait s at random $random", ({ random, wait }) => {
    expect(
      backoffSeconds({ scheduleMs: [5_000, 300_000], attempt: 2, retryAfterSeconds: null, random }),
    ).toBe(wait);
  });

  test("is none past the schedule, whatever the receiver asks for", () => {
    fc.assert(
      fc.property(fc.array(stepMs), fc.integer({ min: 1, max: 20 }), asked, random, (...input) => {
        const [scheduleMs, past, retryAfterSeconds, random] = input;
        const attempt = scheduleMs.length + past;
        expect(backoffSeconds({ scheduleMs, attempt, retryAfterSeconds, random })).toBeNull();
      }),
    );
  });

  test("is the longer of the jittered step and what the receiver asked for, up to a day", () => {
    fc.assert(
      fc.property(step, asked, (input, retryAfterSeconds) => {
        const jittered = backoffSeconds({ ...input, retryAfterSeconds: null });
        const wait = backoffSeconds({ ...input, retryAfterSeconds });
        expect(wait).toBe(Math.max(jittered ?? Number.NaN, Math.min(retryAfterSeconds, 86_400)));
      }),
    );
  });

  test("asked for by the receiver is never undercut by jitter", () => {
    const input = { scheduleMs: [5_000], attempt: 1, random: 0 };
    expect(backoffSeconds({ ...input, retryAfterSeconds: 120 })).toBe(120);
    expect(backoffSeconds({ ...input, retryAfterSeconds: 5 })).toBe(5);
    expect(backoffSeconds({ ...input, retryAfterSeconds: 90_000 })).toBe(RETRY_AFTER_LIMIT_SECONDS);
  });

  test("of a schedule's step over a day is not cut by the limit on Retry-After", () => {
    expect(backoffSeconds({ scheduleMs: [172_800_000], attempt: 1, retryAfterSeconds: 1, random: 0.5 })).toBe(
      172_800,
    );
  });
});

describe("Retry-After", () => {
  // An asctime date names no zone: it is UTC, wherever this runs.
  beforeEach(() => vi.stubEnv("TZ", "America/New_York"));
  afterEach(() => vi.unstubAllEnvs());

  test.each([
    { name: "seconds", header: "120", seconds: 120 },
    { name: "no wait at all", header: "0", seconds: 0 },
    { name: "seconds among spaces", header: " 120 ", seconds: 120 },
    { name: "an IMF-fixdate", header: "Thu, 01 Jan 2026 00:01:00 GMT", seconds: 60 },
    { name: "an RFC 850 date", header: "Thursday, 01-Jan-26 00:01:00 GMT", seconds: 60 },
    { name: "an asctime date", header: "Thu Jan  1 00:01:00 2026", seconds: 60 },
    { name: "a date in the past", header: "Sun, 06 Nov 1994 08:49:37 GMT", seconds: 0 },
    { name: "a date with a day of one digit", header: "Thu, 1 Jan 2026 00:01:00 GMT", seconds: 60 },
    { name: "an asctime date in the past", header: "Sun Nov  6 08:49:37 1994", seconds: 0 },
    { name: "an RFC 850 date in the last century", header: "Sunday, 06-Nov-94 08:49:37 GMT", seconds: 0 },
    { name: "the present", header: "Thu, 01 Jan 2026 00:00:00 GMT", seconds: 0 },
  ])("is read as $name", ({ header, seconds }) => {
    expect(parseRetryAfter(header, NOW)).toBe(seconds);
  });

  test("given as a date is rounded up to a whole second", () => {
    expect(parseRetryAfter("Thu, 01 Jan 2026 00:01:00 GMT", NOW + 1)).toBe(60);
    expect(parseRetryAfter("Thu, 01 Jan 2026 00:01:00 GMT", NOW + 999)).toBe(60);
    expect(parseRetryAfter("Thu, 01 Jan 2026 00:01:00 GMT", NOW + 1_000)).toBe(59);
  });

  test("of a date in the far future leaves a wait of a day at most", () => {
    const retryAfterSeconds = parseRetryAfter("Fri, 31 Dec 9999 23:59:59 GMT", NOW);
    expect(backoffSeconds({ scheduleMs: [5_000], attempt: 1, retryAfterSeconds, random: 0.5 })).toBe(86_400);
  });

  test("in the past or malformed leaves the schedule's own wait", () => {
    for (const header of ["0", "Sun, 06 Nov 1994 08:49:37 GMT", "-5", "soon"]) {
      const retryAfterSeconds = parseRetryAfter(header, NOW);
      expect(backoffSeconds({ scheduleMs: [5_000], attempt: 1, retryAfterSeconds, random: 0.5 })).toBe(5);
    }
  });

  test("of any number of digits leaves a wait of a day at most", () => {
    for (const digits of [5, 16, 400]) {
      const retryAfterSeconds = parseRetryAfter("9".repeat(digits), NOW);
      expect(backoffSeconds({ scheduleMs: [5_000], attempt: 1, retryAfterSeconds, random: 0.5 })).toBe(
        86_400,
      );
    }
  });

  test.each([
    "soon",
    "-5",
    "1.5",
    "",
    "  ",
    "1e3",
    "0x10",
    "5s",
    "120, 130",
    "2026-01-01T00:01:00Z",
    "Sat",
    "+120",
    "-0",
    "120 seconds",
    "Thu, 99 Jan 2026 00:00:00 GMT",
    "Thu, 01 Jan 2026 25:00:00 GMT",
    "Thu, 01 Foo 2026 00:01:00 GMT",
    "Thu, 01 Jan 2026 00:01:00",
    "Thu, 01 Jan 2026 00:01:00 +0100",
    "Thu, 01 Jan 2026 00:01:00 GMT+0100",
    "Thu, 01 Jan 2026 00:01:00 EST",
    "Thu, 01 Jan 2026 00:01:00 GMT, 120",
    "Thu Jan  1 00:01:00 EST 2026",
    null,
    undefined,
  ])("is taken as absent where it is %j", (header) => {
    expect(parseRetryAfter(header, NOW)).toBeNull();
  });

  test("is never negative and never no number, whatever was sent", () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^(Mon|Thursday),? [\d :A-Za-z-]{0,24}$/));
    fc.assert(
      fc.property(text, (header) => {
        const seconds = parseRetryAfter(header, NOW);
        expect(seconds === null || seconds >= 0).toBe(true);
      }),
    );
  });
});
