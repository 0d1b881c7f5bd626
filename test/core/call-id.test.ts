/** Which texts are call ids. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isCallId } from "../../src/core/call-id.ts";

describe("a call id", () => {
  test.each(["a", "0", "call-1", "CA:1.2_3-x", "...", ".a", "a.", "..a", "-", "c".repeat(128)])(
    "may be %s",
    (text) => {
      expect(isCallId(text)).toBe(true);
    },
  );

  test.each([
    "",
    ".",
    "..",
    "c".repeat(129),
    "a b",
    "a/b",
    "a\\b",
    "a%2Fb",
    "é",
    "a\n",
    "\na",
    "a\0",
    "a?b",
    "a#b",
  ])("may not be %j", (text) => {
    expect(isCallId(text)).toBe(false);
  });

  test("has only characters that a URL's path carries unchanged, and is a path segment of its own", () => {
    const text = fc.oneof(fc.string({ maxLength: 140 }), fc.stringMatching(/^[A-Za-z0-9._:-]{1,128}$/));
    fc.assert(
      fc.property(text, (id) => {
        if (isCallId(id)) expect(new URL(`https://a.example/v1/${id}`).pathname).toBe(`/v1/${id}`);
      }),
    );
  });

  test("is any text of its characters but the two that paths swallow", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9._:-]{1,128}$/), (id) => {
        expect(isCallId(id)).toBe(id !== "." && id !== "..");
      }),
    );
  });
});
