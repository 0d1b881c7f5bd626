/** The times that a query may give: ISO 8601 with a zone, and nothing else. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readInstant } from "../../src/core/instant.ts";

const NOON = Date.UTC(2026, 10, 26, 12);

describe("a time", () => {
  test.each([
    ["2026-11-26T12:00:00Z", NOON],
    ["2026-11-26T12:00Z", NOON],
    ["2026-11-26T13:30:00+01:30", NOON],
    ["2026-11-26T07:00:00-05:00", NOON],
    ["2026-11-26T13:00:00 01:00", NOON], // a + that was not escaped
    ["2026-11-26T12:00:00.5Z", NOON + 500],
    ["2026-11-26T12:00:00.001000000Z", NOON + 1],
    ["2028-02-29T00:00:00Z", Date.UTC(2028, 1, 29)],
    ["0000-01-01T00:00:00Z", Date.parse("0000-01-01T00:00:00Z")],
    ["9999-12-31T23:59:59.999Z", Date.parse("9999-12-31T23:59:59.999Z")],
    ["9999-12-31T23:59:00+23:00", Date.parse("9999-12-31T00:59:00Z")],
  ])("%s is read", (text, milliseconds) => {
    expect(readInstant(text)).toBe(milliseconds);
  });

  test("finer than a millisecond is rounded up: no whole millisecond lies between the two", () => {
    expect(readInstant("2026-11-26T12:00:00.000001Z")).toBe(NOON + 1);
    expect(readInstant("2026-11-26T11:59:59.999999999Z")).toBe(NOON);
  });

  test.each([
    "",
    "2026-11-26",
    "2026-11-26T12:00:00",
    "2026-11-26 12:00:00Z",
    "2026-11-26t12:00:00z",
    "20261126T120000Z",
    "2026-11-26T12Z",
    "2026-11-26T12:00.5Z",
    "2026-11-26T12:00:00+0100",
    "2026-11-26T12:00:00+99:00",
    "2026-11-26T24:00:00Z",
    "2026-11-26T12:60:00Z",
    "2026-11-26T12:00:60Z",
    "2026-13-01T00:00:00Z",
    "2026-02-29T00:00:00Z",
    "2026-11-31T00:00:00Z",
    "2026-11-26T12:00:00.1234567890Z",
    "2026-11-26T12:00:00Z\n",
    " 2026-11-26T12:00:00Z",
    "1764158400000",
    "+020026-11-26T12:00:00Z",
    "now",
    "9999-12-31T23:59:00-23:00", // the years before 0000 and after 9999 in UTC
    "9999-12-31T23:59:59.9991Z",
    "0000-01-01T00:00:00+00:01",
  ])("%j is refused", (text) => {
    expect(readInstant(text)).toBeNull();
  });

  test("that we have written is read as it was", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }),
        (date) => {
          expect(readInstant(date.toISOString())).toBe(date.getTime());
        },
      ),
    );
  });
});
