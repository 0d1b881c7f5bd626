/** Durations as operators write them, one or a list. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDuration, parseDurations } from "../../src/core/duration.ts";

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const someDuration = fc
  .tuple(fc.nat({ max: 100_000 }), fc.constantFrom("ms" as const, "s" as const, "m" as const, "h" as const))
  .map(([count, unit]) => ({ text: `${count}${unit}`, milliseconds: count * UNITS[unit] }));

describe("a duration", () => {
  test("is its count of its unit", () => {
    fc.assert(
      fc.property(someDuration, ({ text, milliseconds }) => {
        expect(parseDuration(text)).toBe(milliseconds);
        expect(parseDuration(` ${text}\n`)).toBe(milliseconds);
      }),
    );
  });

  test.each([
    ["250ms", 250],
    ["0s", 0],
    ["15s", 15_000],
    ["30m", 1_800_000],
    ["24h", 86_400_000],
  ])("%s is %i ms", (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  test.each([
    "",
    "5",
    "s",
    "1.5s",
    "-5s",
    "+5s",
    "5 s",
    "5S",
    "5d",
    "5sec",
    "1h30m",
    "1e3s",
    "٥s",
    "1234567890123s",
  ])("is not %j", (text) => {
    expect(parseDuration(text)).toBeNull();
  });
});

describe("a list of durations", () => {
  test("is each of its parts, in order, with or without spaces", () => {
    fc.assert(
      fc.property(fc.array(someDuration), fc.constantFrom(",", ", ", " ,\n"), (durations, comma) => {
        expect(parseDurations(durations.map(({ text }) => text).join(comma))).toEqual(
          durations.map(({ milliseconds }) => milliseconds),
        );
      }),
    );
  });

  test.each(["", "  "])("is empty where the text is %j", (text) => {
    expect(parseDurations(text)).toEqual([]);
  });

  test.each(["5s,", ",5s", "5s,,5m", "5s 5m", "5s, soon", "5s;5m", ","])("is not %j", (text) => {
    expect(parseDurations(text)).toBeNull();
  });
});
