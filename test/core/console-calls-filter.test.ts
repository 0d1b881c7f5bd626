/** What a list of calls is narrowed down by, and its time. */
import { describe, expect, test } from "vitest";
import {
  apiQuery,
  CLEARED,
  endpointChip,
  isNarrowed,
  moreChip,
  numberChip,
  plainNumber,
  readFilter,
  readSearch,
  refusalWords,
  statusChip,
  statusWord,
} from "../../src/console/calls/filter.ts";
import { fromInput, rangeOf, readTime, timeWords, toInput } from "../../src/console/calls/time.ts";

const NOON = new Date(2026, 10, 26, 12, 0, 30).getTime();
const HOUR = 3_600_000;
const here = (hour: number, minute = 0, day = 26): string =>
  new Date(2026, 10, day, hour, minute).toISOString();
const filterOf = (text: string) => readFilter(new URLSearchParams(text));
const timeOf = (text: string) => readTime(new URLSearchParams(text));

describe("the time", () => {
  test("is the last 24 hours if the address names none, and all time for who looks for a call id", () => {
    expect(timeOf("")).toEqual({ preset: "24h" });
    expect(timeOf("q=c-9f")).toEqual({ preset: "all" });
    expect(timeOf("q=%2B1415")).toEqual({ preset: "24h" });
    expect(timeOf("q=c-9f&last=7d")).toEqual({ preset: "7d" });
    expect(timeOf("last=century")).toEqual({ preset: "24h" });
  });

  test("of a preset begins at a whole minute and has no end", () => {
    expect(rangeOf({ preset: "1h" }, NOON)).toEqual({ since: NOON - HOUR - 30_000, until: null });
    expect(rangeOf({ preset: "all" }, NOON)).toEqual({ since: null, until: null });
  });

  test("is said as somebody would say it", () => {
    const words = (since: string | null, until: string | null) => timeWords({ since, until }, NOON);
    expect(words(here(9, 30), here(11))).toBe("09:30 – 11:00");
    expect(words(here(22, 0, 25), here(4))).toBe("yesterday 22:00 – 04:00");
    expect(words(here(22, 0, 20), here(23, 0, 20))).toBe("20 Nov 22:00 – 23:00");
    expect(words(here(9), null)).toBe("since 09:00");
    expect(words(null, here(9))).toBe("until 09:00");
    expect(words(here(9), new Date(Date.parse(here(9)) + 2_000).toISOString())).toBe("09:00:00 – 09:00:02");
    expect(timeWords({ preset: "30d" }, NOON)).toBe("Last 30 days");
  });

  test("goes through a date input and comes back the same", () => {
    expect(fromInput(toInput(NOON))).toBe(new Date(NOON).toISOString());
    expect(fromInput("")).toBeNull();
    expect(toInput(null)).toBe("");
  });
});

describe("a filter", () => {
  test("asks the API for what the address says", () => {
    const asked = apiQuery(
      filterOf("status=failed,retrying&url=https://a.example/&is_test=true&last=all"),
      NOON,
    );
    expect(asked).toMatchObject({ status: "failed,retrying", url: "https://a.example/", is_test: "true" });
    expect(asked).toMatchObject({ since: null, until: null, q: "" });
  });

  test("leaves it to the server to refuse a time that is none", () => {
    const asked = apiQuery(filterOf("since=monday"), NOON);
    expect(asked.since).toBe("monday");
    expect(timeWords(timeOf("since=monday"), NOON)).toBe("monday");
  });

  test("is said in its chip", () => {
    expect(statusChip(filterOf("status=failed,no_webhook"))).toBe("Failed, No webhook");
    expect(statusChip(filterOf("waiting=true"))).toBe("Waiting");
    expect(numberChip(filterOf("to=%2B14155550100"))).toBe("to +1 415 555 0100");
    expect(numberChip(filterOf("q=%2B14155550100"))).toBe("+1 415 555 0100");
    expect(numberChip(filterOf("q=c-1"))).toBe("");
    expect(endpointChip(filterOf("url=https://crm.example/hook"))).toBe("crm.example/hook");
    expect(endpointChip(filterOf("url=crm"))).toBe("crm");
    expect(moreChip(filterOf("event=citations&is_test=true"))).toBe("Tests, Citations only");
  });

  test("narrows if it names anything but a time", () => {
    expect(isNarrowed(filterOf("last=1h"))).toBe(false);
    for (const name of ["status", "waiting", "reason", "event", "url", "to", "from", "q", "is_test"])
      expect(isNarrowed(filterOf(`${name}=x`)), name).toBe(true);
  });

  test("is cleared by name", () => {
    expect(Object.keys(CLEARED).sort()).toEqual([
      "event",
      "from",
      "is_test",
      "last",
      "q",
      "reason",
      "since",
      "status",
      "to",
      "until",
      "url",
      "waiting",
    ]);
  });
});

test.each(["constructor", "__proto__", "toString"])("%s in the address is shown as it is", (name) => {
  expect([statusWord(name), moreChip(filterOf(`event=${name}`))]).toEqual([name, name]);
});

describe("a search", () => {
  test.each([
    ["c-9f2e", "c-9f2e"],
    ["  c-9f2e ", "c-9f2e"],
    ["+1 (415) 555-0100", "+14155550100"],
    ["0044 20 7946 0958", "+442079460958"],
    ["", ""],
  ])("%j looks for %j", (typed, q) => {
    expect(readSearch(typed)).toEqual({ ok: true, q });
  });

  test.each([
    ["415 555 0100", /begins with \+/],
    ["two words", /beginning of a call id/],
    ["c/1", /beginning of a call id/],
    ["c".repeat(129), /128/],
  ])("%j is explained", (typed, why) => {
    expect(readSearch(typed)).toEqual({ ok: false, why: expect.stringMatching(why) });
  });

  test("keeps what is no number as it is", () => {
    expect(plainNumber("sip:ada@example.com")).toBe("sip:ada@example.com");
  });

  test("that the server refuses is explained in other words than its own", () => {
    expect(refusalWords({ message: "q must be + and a number", field: "q" })).toMatch(/^The search takes/);
    expect(refusalWords({ message: "status must be one of", field: "status" })).toBe("status must be one of");
  });
});
