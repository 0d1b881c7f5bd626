/** How long a caller waits, from its `Prefer` header. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readPrefer } from "../../src/http/webhooks/prefer.ts";

describe("a caller", () => {
  test.each([
    [undefined, 10_000, null],
    ["", 10_000, null],
    ["return=minimal", 10_000, null],
    ["wait", 10_000, null],
    ["wait=", 10_000, null],
    ["wait=soon", 10_000, null],
    ["wait=-1", 10_000, null],
    ["wait=1.5", 10_000, null],
    ["awaits=5", 10_000, null],
    ["respond-asynchronously", 10_000, null],
    ["wait=0", 0, "wait=0"],
    ["wait=7", 7_000, "wait=7"],
    ['wait="7"', 7_000, "wait=7"],
    ["WAIT = 7", 7_000, "wait=7"],
    ["wait=25", 25_000, "wait=25"],
    ["wait=26", 25_000, "wait=25"],
    ["wait=999999999999", 25_000, "wait=25"],
    ["wait=7; strict", 7_000, "wait=7"],
    ["return=minimal; wait=7", 10_000, null],
    ["wait=3, wait=9", 3_000, "wait=3"],
    ["wait=soon, wait=9", 9_000, "wait=9"],
    ["respond-async", 0, "respond-async"],
    ["Respond-Async", 0, "respond-async"],
    ["return=minimal, respond-async", 0, "respond-async"],
    ["respond-async, wait=5", 5_000, "wait=5"],
    ["wait=5, respond-async", 5_000, "wait=5"],
  ])("sending %j waits %i ms and is answered %j", (header, waitMs, applied) => {
    expect(readPrefer(header)).toEqual({ waitMs, applied });
  });

  test("never waits longer than 25 s, and only waits 10 s where nothing was understood", () => {
    const preference = fc.oneof(fc.string(), fc.stringMatching(/^(wait=\d{0,12}|respond-async)$/));
    fc.assert(
      fc.property(fc.array(preference), (preferences) => {
        const { waitMs, applied } = readPrefer(preferences.join(","));
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(25_000);
        if (applied === null) expect(waitMs).toBe(10_000);
      }),
    );
  });
});
