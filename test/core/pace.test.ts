/** The rate of an endpoint: over every sequence of batches it is kept and reached, and what waits gets slots in order. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lagMs, slotsOf, stepMs, turnsOf } from "../../src/core/pace.ts";
import { NOW } from "./samples.ts";

/** What the record does: moves the time on by those that have their turn. */
function takeTurns(pacedUntil: number, asked: { count: number; ratePerSecond: number; now: number }) {
  const { ratePerSecond, now } = asked;
  const { granted, waitsMs } = turnsOf({ ...asked, pacedUntil });
  const base = Math.max(pacedUntil, now - lagMs(ratePerSecond));
  return { granted, waitsMs, pacedUntil: base + granted * stepMs(ratePerSecond) };
}

/** The most that any window of this length has, which begins with one of them. */
const mostIn = (times: readonly number[], windowMs: number) =>
  Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length));

const someRate = fc.oneof(
  fc.constantFrom(0.1, 0.3, 0.5, 1, 1.5, 3, 7, 50, 1_000),
  fc.double({ min: 0.1, max: 1_000, noNaN: true }),
);
const someBatches = fc.array(fc.record({ waitMs: fc.nat({ max: 3_000 }), count: fc.nat({ max: 25 }) }), {
  maxLength: 60,
});

function play(ratePerSecond: number, batches: readonly { waitMs: number; count: number }[]) {
  const times: number[] = [];
  let now = NOW;
  let pacedUntil = 0;
  for (const { waitMs, count } of batches) {
    now += waitMs;
    const taken = takeTurns(pacedUntil, { count, ratePerSecond, now });
    pacedUntil = taken.pacedUntil;
    for (let index = 0; index < taken.granted; index++) times.push(now);
  }
  return times;
}

describe("a rate", () => {
  test("is kept, whatever comes when: no ten seconds have over 1.1 times of it, and no second over twice", () => {
    fc.assert(
      fc.property(someRate, someBatches, (rate, batches) => {
        const times = play(rate, batches);
        const bound = (windowMs: number, times: number) =>
          Math.max(Math.floor((times * rate * windowMs) / 1_000 + 1e-6), Math.ceil(windowMs / stepMs(rate)));
        expect(mostIn(times, 10_000)).toBeLessThanOrEqual(bound(10_000, 1.1));
        expect(mostIn(times, 1_000)).toBeLessThanOrEqual(bound(1_000, 2));
      }),
    );
  });

  test("below 0.5 a second leaves its time between any two", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 0.49, noNaN: true }), someBatches, (rate, batches) => {
        const times = play(rate, batches);
        for (const [index, at] of times.entries())
          if (index > 0)
            expect(at - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(Math.floor(stepMs(rate)) - 1);
      }),
    );
  });

  test.each([1, 1.5, 3, 10, 50])(
    "of %d a second is reached by slots that come late by up to 0.9 s",
    (rate) => {
      const count = Math.round(60 * rate);
      const slots = slotsOf({ nextSlotAt: NOW + count * stepMs(rate), count, ratePerSecond: rate });
      const waiting = slots.map((slot, index) => slot + ((index * 7_919) % 900));
      let pacedUntil = 0;
      let sent = 0;
      let lastAt = 0;
      for (let now = NOW; sent < count && now < NOW + 120_000; now += 10)
        for (const [index, at] of waiting.entries()) {
          if (at > now) continue;
          const taken = takeTurns(pacedUntil, { count: 1, ratePerSecond: rate, now });
          pacedUntil = taken.pacedUntil;
          if (taken.granted === 0) waiting[index] = now + 1_000;
          else {
            waiting[index] = Number.POSITIVE_INFINITY;
            lastAt = now;
            sent++;
          }
        }
      expect((lastAt - NOW) / 1_000).toBeLessThan(1.1 * 60);
    },
  );

  test("above ten a second leaves room for attempts that are delayed on their way", () => {
    const atOnce = (ratePerSecond: number) => takeTurns(0, { count: 2_000, ratePerSecond, now: NOW }).granted;
    expect([50, 10, 3, 0.1].map(atOnce)).toEqual([46, 10, 4, 1]);
  });

  test("tells each of the others when its turn would be", () => {
    expect(takeTurns(NOW, { count: 3, ratePerSecond: 0.5, now: NOW }).waitsMs).toEqual([2_000, 4_000, 6_000]);
  });
});

describe("slots", () => {
  test("lie a step apart and end where the record's time has come to", () => {
    expect(slotsOf({ nextSlotAt: NOW + 60, count: 3, ratePerSecond: 50 })).toEqual([
      NOW + 20,
      NOW + 40,
      NOW + 60,
    ]);
  });

  test("are whole milliseconds, none before its time", () => {
    for (const slot of slotsOf({ nextSlotAt: NOW + 0.5, count: 7, ratePerSecond: 7 }))
      expect(slot).toSatisfy(Number.isInteger);
  });
});
