/** The rate of an endpoint: over every sequence of batches it is kept, and what waits gets slots in their order. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BURST_MS, slotsOf, stepMs, turnWaits } from "../../src/core/pace.ts";
import { NOW } from "./samples.ts";

/** What the record does: moves the time on by all that ask, and back by those that were not let through. */
function letThrough(pacedUntil: number, asked: { count: number; ratePerSecond: number; now: number }) {
  const { count, ratePerSecond, now } = asked;
  const step = stepMs(ratePerSecond);
  const moved = Math.max(pacedUntil, now - Math.max(BURST_MS, step)) + count * step;
  const waits = turnWaits({ pacedUntil: moved, count, ratePerSecond, now });
  const free = waits.filter((waitMs) => waitMs === 0).length;
  return { count: free, waits, pacedUntil: moved - (count - free) * step };
}

/** The most that any window of this length has, which begins with one of them. */
const mostIn = (times: readonly number[], windowMs: number) =>
  Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length));

const someRate = fc.oneof(
  fc.constantFrom(0.1, 0.3, 1, 3, 7, 50, 1_000),
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
    const taken = letThrough(pacedUntil, { count, ratePerSecond, now });
    pacedUntil = taken.pacedUntil;
    for (let index = 0; index < taken.count; index++) times.push(now);
  }
  return times;
}

describe("a rate", () => {
  test("is kept: no ten seconds have over 1.1 times of it, and no second over twice, whatever comes when", () => {
    fc.assert(
      fc.property(someRate, someBatches, (rate, batches) => {
        const times = play(rate, batches);
        expect(mostIn(times, 10_000)).toBeLessThanOrEqual(Math.max(1.1 * 10 * rate, rate < 1 ? 2 : 0) + 1);
        expect(mostIn(times, 1_000)).toBeLessThanOrEqual(2 * rate + 1);
      }),
    );
  });

  test("is reached where something always waits; a long step ends when the next batch comes", () => {
    fc.assert(
      fc.property(someRate, (rate) => {
        const batches = Array.from({ length: 100 }, () => ({ waitMs: 500, count: 1_000 }));
        const step = stepMs(rate);
        const spacing = step > BURST_MS / 2 ? Math.ceil(step / 500) * 500 : step;
        expect(play(rate, batches).length).toBeGreaterThanOrEqual(Math.floor((0.95 * 49_000) / spacing));
      }),
    );
  });

  test("lets an idle endpoint have a second's worth at once, and one attempt in any case", () => {
    const atOnce = (ratePerSecond: number) => letThrough(0, { count: 2_000, ratePerSecond, now: NOW }).count;
    expect([50, 3, 1, 0.1].map(atOnce)).toEqual([50, 3, 1, 1]);
  });

  test("tells each of the others when its turn would be", () => {
    const { waits } = letThrough(NOW, { count: 3, ratePerSecond: 0.5, now: NOW });
    expect(waits).toEqual([2_000, 4_000, 6_000]);
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
