/** Which logs a resend and a create refuse and why, and when a resend joins a delivery. */
import { expect, test } from "vitest";
import { createRefusal, resendRefusal, startsDelivery } from "../../src/core/refusal.ts";
import { NOW } from "./samples.ts";

const healthy = {
  ...{ url: "https://crm.example", status: "delivered" as const },
  ...{ endpoint_state: null, payload_erased_at: null },
};

test.each([
  { name: "an unknown call", log: undefined, resend: "not_found", create: "not_found" },
  {
    name: "a call without a webhook",
    log: { ...healthy, url: null, status: "no_webhook" as const },
    resend: "no_webhook",
    create: null,
  },
  { name: "a call with one", log: healthy, resend: null, create: "webhook_exists" },
  {
    name: "a call that is held",
    log: { ...healthy, status: "held" as const },
    resend: "held",
    create: "webhook_exists",
  },
  {
    name: "a call whose payload was erased",
    log: { ...healthy, payload_erased_at: NOW },
    resend: "payload_erased",
    create: "webhook_exists",
  },
  {
    name: "kept citations that were erased with their call",
    log: { ...healthy, url: null, status: "no_webhook" as const, payload_erased_at: NOW },
    resend: "no_webhook",
    create: "payload_erased",
  },
  {
    name: "a call whose endpoint is degraded",
    log: { ...healthy, endpoint_state: "degraded" as const },
    resend: null,
    create: "webhook_exists",
  },
  {
    name: "a call whose endpoint is disabled",
    log: { ...healthy, endpoint_state: "disabled" as const },
    resend: "endpoint_disabled",
    create: "webhook_exists",
  },
])("$name is answered $resend by resend and $create by create", ({ log, resend, create }) => {
  expect(resendRefusal(log)).toBe(resend);
  expect(createRefusal(log, { endpointDisabled: false })).toBe(create);
});

test("a create to a disabled endpoint is refused", () => {
  const log = { url: null, payload_erased_at: null };
  expect(createRefusal(log, { endpointDisabled: true })).toBe("endpoint_disabled");
});

const due = { attempts: 0, next_attempt_at: NOW, parked: null };

test.each([
  ["joins a delivery whose first attempt is still to come", due, false],
  ["starts its own where the first attempt is made", { ...due, attempts: 1 }, true],
  ["starts its own where nothing is to come", { ...due, next_attempt_at: null }, true],
  ["does not wait for an endpoint as the delivery before does", { ...due, parked: 1 as const }, true],
])("a resend %s", (_name, log, starts) => {
  expect(startsDelivery(log)).toBe(starts);
});
