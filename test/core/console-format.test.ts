import { describe, expect, test } from "vitest";
import {
  ago,
  bytes,
  countdown,
  duration,
  endpointName,
  endpointOf,
  percent,
  phone,
  until,
  visible,
} from "../../src/console/format.ts";

const NOW = Date.UTC(2026, 10, 26, 12);
const at = (ms: number) => new Date(NOW + ms).toISOString();

describe("times", () => {
  test.each([
    [84, "84 ms"],
    [1_204, "1.2 s"],
    [15_000, "15 s"],
    [252_000, "4 min 12 s"],
    [3_600_000, "1 h"],
    [3_661_000, "1 h 1 min"],
    [86_400_000, "1 day"],
    [3 * 86_400_000 + 7_200_000, "3 days 2 h"],
  ])("a duration of %i ms is told in its two largest units", (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  test("a past time is told roughly, and one of a clock that is ahead is now", () => {
    expect([-12_000, -61_000, -3 * 3_600_000, -5 * 86_400_000, 400].map((ms) => ago(at(ms), NOW))).toEqual([
      "12 s ago",
      "1 min ago",
      "3 h ago",
      "5 days ago",
      "now",
    ]);
  });

  test("a time to come counts whole seconds, and is now when it has come", () => {
    expect([252_000, 3_200, 0, -5].map((ms) => until(at(ms), NOW))).toEqual([
      "in 4 min 12 s",
      "in 4 s",
      "now",
      "now",
    ]);
  });

  test("a countdown has hours only where there are some", () => {
    expect([252_000, 3_852_000, -1].map(countdown)).toEqual(["4:12", "1:04:12", "0:00"]);
  });
});

test("a share is never rounded up to all", () => {
  expect([0.9996, 1, 0.5].map(percent)).toEqual(["99.9 %", "100 %", "50 %"]);
});

test("sizes have the unit that fits", () => {
  expect([12, 6_240, 262_144, 1_500_000_000].map(bytes)).toEqual(["12 B", "6.2 KB", "262 KB", "1.5 GB"]);
});

test("numbers of North America are grouped, others are left as they are", () => {
  expect(["+14155550100", "+442079460958"].map(phone)).toEqual(["+1 415 555 0100", "+442079460958"]);
});

test("an endpoint is its URL without query; its name leaves out the scheme", () => {
  expect(endpointOf("https://crm.example/hook?call=1")).toBe("https://crm.example/hook");
  expect(["https://crm.example/hook?x=1", "https://crm.example/"].map(endpointName)).toEqual([
    "crm.example/hook",
    "crm.example",
  ]);
});

test("what turns text around or can't be seen is shown by its code point", () => {
  expect(visible("a\u202egnp.exe\u0000\ufeff")).toBe("a⟨U+202E⟩gnp.exe⟨U+0000⟩⟨U+FEFF⟩");
  expect(visible("two\nlines\tand <b>markup</b> é 漢字 🙂")).toBe("two\nlines\tand <b>markup</b> é 漢字 🙂");
});
