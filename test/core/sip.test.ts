/** SIP codes: the table, and that a message given is never overwritten. */
import { expect, test } from "vitest";
import { sipMessage, withErrorMessage } from "../../src/core/sip.ts";

test.each([
  [100, "Call failed."],
  [199, "Call failed."],
  [200, null],
  [299, null],
  [300, "Call failed."],
  [404, "Call failed. The number you dialed is not found."],
  [480, "Call failed. The number you dialed is temporarily unavailable."],
  [486, "Call failed. The number you dialed is busy. Please try again later."],
  [500, "Call failed."],
  [
    608,
    "Call failed. Service Provider Blocked Call due to Spam or Number Reputation. Try a different number.",
  ],
  [699, "Call failed."],
])("%i says %j", (code, message) => {
  expect(sipMessage(code)).toBe(message);
});

test("fills a message that is missing at the end, and one that is null in its place", () => {
  expect(JSON.stringify(withErrorMessage({ call_id: "c" }, 503))).toBe(
    '{"call_id":"c","error_message":"Call failed."}',
  );
  expect(JSON.stringify(withErrorMessage({ error_message: null, call_id: "c" }, 503))).toBe(
    '{"error_message":"Call failed.","call_id":"c"}',
  );
  expect(withErrorMessage({ call_id: "c" }, 200)).toEqual({ call_id: "c", error_message: null });
});

test.each(["Busy", "", 0, false])("leaves the message %j as it was given", (error_message) => {
  const payload = { error_message };
  expect(withErrorMessage(payload, 486)).toBe(payload);
});

test("leaves a payload without a code as it is", () => {
  const payload = { error_message: null };
  expect(withErrorMessage(payload, undefined)).toBe(payload);
});
