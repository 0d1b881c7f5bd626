/** Which logs a resend and a create refuse and why, and when a resend joins the delivery that is to come. */
import { expect, test } from "vitest";
import { createRefusal, resendRefusal, startsDelivery } from "../../src/core/refusal.ts";

test.each([
  { name: "an unknown call", log: undefined, resend: "not_found", create: "not_found" },
  { name: "a call without a webhook", log: { url: null }, resend: "no_webhook", create: null },
  { name: "a call with one", log: { url: "https://crm.example" }, resend: null, create: "webhook_exists" },
])("$name is answered $resend by resend and $create by create", ({ log, resend, create }) => {
  expect(resendRefusal(log)).toBe(resend);
  expect(createRefusal(log)).toBe(create);
});

test("a resend joins a delivery whose first attempt is still to come, and else starts its own", () => {
  expect([0, 1, 2].map((attempts) => startsDelivery({ attempts }))).toEqual([false, true, true]);
});
