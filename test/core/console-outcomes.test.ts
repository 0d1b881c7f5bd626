/** The bars of outcomes over time, and the counts above the list of calls. */
import { describe, expect, test } from "vitest";
import type { Stats } from "../../src/console/answers.ts";
import { summaryOf } from "../../src/console/calls/summary.ts";
import {
  barsOf,
  barWords,
  chosenTime,
  moveBound,
  type Span,
  spanOf,
  ticksOf,
  widthOf,
} from "../../src/console/outcomes/bars.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = new Date(2026, 10, 26, 16, 3).getTime();
const lastOf = (length: number): Span => ({ since: NOW - length, until: NOW });
const iso = (time: number): string => new Date(time).toISOString();

describe("bars", () => {
  test.each([
    ["an hour", HOUR, 5 * MINUTE, "5m"],
    ["6 hours", 6 * HOUR, 5 * MINUTE, "5m"],
    ["12 hours", 12 * HOUR, 10 * MINUTE, "5m"],
    ["a day", DAY, 30 * MINUTE, "30m"],
    ["7 days", 7 * DAY, 3 * HOUR, "1h"],
    ["30 days", 30 * DAY, DAY, "1d"],
    ["a year", 365 * DAY, 7 * DAY, "1d"],
  ])("of %s are as fine as the server and the screen allow", (_name, length, ms, interval) => {
    expect(widthOf(lastOf(length))).toEqual({ ms, interval });
  });

  test("span what is kept if no beginning is given, and never more than the server counts", () => {
    expect(spanOf({ since: null, until: null }, { now: NOW, keptDays: 30 })).toEqual(lastOf(31 * DAY));
    const long = spanOf({ since: 0, until: null }, { now: NOW, keptDays: 30 });
    expect(NOW - long.since).toBeLessThan(400 * DAY);
    expect(spanOf({ since: NOW + DAY, until: null }, { now: NOW, keptDays: 30 }).since).toBe(NOW - 1);
  });

  const begin = Date.UTC(2026, 10, 26, 3);
  const buckets = [0, 1, 2, 3].map((hours) => ({
    ...{ at: iso(begin + hours * HOUR), delivered: 10, failed: hours, other: 1 },
  }));

  test("put several of the server's buckets together, and are cut by the time", () => {
    const span = { since: iso(begin + 10 * MINUTE), until: iso(begin + 4 * HOUR) };
    expect(barsOf({ buckets, ...span }, 3 * HOUR)).toEqual([
      { since: begin + 10 * MINUTE, until: begin + 3 * HOUR, delivered: 30, failed: 3, other: 3 },
      { since: begin + 3 * HOUR, until: begin + 4 * HOUR, delivered: 10, failed: 3, other: 1 },
    ]);
  });

  test("say what is in them, and that it is counted from a sample", () => {
    const bar = {
      since: new Date(2026, 10, 26, 14).getTime(),
      until: new Date(2026, 10, 26, 14, 30).getTime(),
    };
    const figures = { delivered: 1_200, failed: 3, other: 0 };
    expect(barWords({ ...bar, ...figures }, { now: NOW, isSampled: false })).toBe(
      "14:00 – 14:30: 1,200 delivered, 3 failed",
    );
    expect(barWords({ ...bar, ...figures }, { now: NOW, isSampled: true })).toContain("≈ 1,200 delivered");
    expect(barWords({ ...bar, delivered: 0, failed: 0, other: 0 }, { now: NOW, isSampled: true })).toBe(
      "14:00 – 14:30: no call",
    );
  });

  test("that are chosen become the address's time, open if they reach to now", () => {
    const bars = barsOf({ buckets, since: iso(begin), until: iso(begin + 4 * HOUR) }, HOUR);
    expect(chosenTime(bars, { from: 1, to: 3 }, true)).toEqual({
      since: iso(begin + HOUR),
      until: iso(begin + 3 * HOUR),
    });
    expect(chosenTime(bars, { from: 1, to: 4 }, true)?.until).toBeNull();
    expect(chosenTime(bars, { from: 1, to: 4 }, false)?.until).toBe(iso(begin + 4 * HOUR));
    expect(chosenTime([], { from: 0, to: 1 }, true)).toBeNull();
  });
});

test("the axis names both ends and round hours between them", () => {
  expect(ticksOf(lastOf(DAY), NOW).map(({ text }) => text)).toEqual([
    ...["yesterday 16:03", "00:00", "06:00", "12:00", "now"],
  ]);
  const days = ticksOf(lastOf(30 * DAY), NOW);
  expect(days[0]?.text).toBe("27 Oct");
  expect(days.every(({ at }) => at >= 0 && at <= 1)).toBe(true);
  expect(ticksOf({ since: NOW - 2 * DAY, until: NOW - DAY }, NOW).at(-1)?.text).toBe("yesterday 16:03");
});

describe("a bound that the keyboard moves", () => {
  const move = (end: "from" | "to", key: string, bounds = { from: 2, to: 5 }) =>
    moveBound(bounds, { end, key, bars: 48 });

  test("goes a bar, six bars, or to the end", () => {
    expect(move("from", "ArrowLeft")).toEqual({ from: 1, to: 5 });
    expect(move("to", "ArrowRight")).toEqual({ from: 2, to: 6 });
    expect(move("to", "PageUp")).toEqual({ from: 2, to: 11 });
    expect(move("to", "End")).toEqual({ from: 2, to: 48 });
    expect(move("from", "Home")).toEqual({ from: 0, to: 5 });
  });

  test("never passes the other one, nor the ends", () => {
    expect(move("from", "End")).toEqual({ from: 4, to: 5 });
    expect(move("to", "Home")).toEqual({ from: 2, to: 3 });
    expect(move("from", "PageDown")).toEqual({ from: 0, to: 5 });
  });

  test("ignores other keys", () => {
    expect(move("from", "a")).toBeNull();
  });
});

describe("the summary", () => {
  const calls: Stats["calls"] = {
    ...{ total: 52_310, delivered: 52_118, failed: 14, waiting: 41 },
    ...{ disabled: 0, retrying: 0, pending: 0, held: 0, no_webhook: 0 },
  };

  test("names the states that there are", () => {
    const { total, parts } = summaryOf({ calls, sampled: false });
    expect([total, ...parts.map(({ text }) => text)].join(", ")).toBe(
      "52,310 calls, 52,118 delivered, 14 failed, 41 waiting",
    );
    expect(parts[2]?.filter).toEqual({ status: null, waiting: "true" });
  });

  test("puts rare states together, and names one that is alone", () => {
    const lastOf = (more: Partial<Stats["calls"]>) =>
      summaryOf({ calls: { ...calls, ...more }, sampled: false }).parts.at(-1);
    expect(lastOf({ held: 1 })?.text).toBe("1 held");
    expect(lastOf({ held: 1, no_webhook: 3 })).toEqual({
      text: "4 others",
      title: "1 held, 3 without a webhook",
      filter: { status: "held,no_webhook", waiting: null },
    });
  });

  test("says that figures are scaled up", () => {
    expect(summaryOf({ calls, sampled: true }).total).toBe("≈52,310 calls");
  });
});
