import { describe, expect, test } from "vitest";
import {
  isRetrySchedule,
  isSignatureHeader,
  NO_SETTINGS,
  withSettings,
} from "../../src/core/endpoint-settings.ts";

describe("a retry schedule", () => {
  test.each([
    ["no waits", [], true],
    ["one", ["5s"], true],
    ["fifteen", Array(15).fill("1h"), true],
    ["sixteen", Array(16).fill("1h"), false],
    ["five days", ["120h"], true],
    ["more than five days together", ["60h", "60h", "1s"], false],
    ["a wait without a unit", ["5"], false],
    ["a fraction", ["1.5h"], false],
  ])("of %s: %#", (_name, waits, isOne) => {
    expect(isRetrySchedule(waits)).toBe(isOne);
  });
});

describe("a signature's header", () => {
  test.each(["x-signature", "X-Bland-Signature", "x-webhook-signature", "a"])("may be %s", (name) => {
    expect(isSignatureHeader(name)).toBe(true);
  });
  test.each([
    ...[
      "",
      "x signature",
      "x:y",
      "é",
      "-x",
      "a".repeat(65),
      "host",
      "Host",
      "content-length",
      "Content-Type",
    ],
    ...["authorization", "cookie", "connection", "transfer-encoding", "proxy-authorization", "user-agent"],
    ...["webhook-id", "webhook-signature", "x-postcall-attempt", "cf-connecting-ip", "x\r\ny"],
  ])("may not be %j", (name) => {
    expect(isSignatureHeader(name)).toBe(false);
  });
});

test("an endpoint's settings take the place of the deployment's, one by one", () => {
  const rules = { retryScheduleMs: [1, 2], deliveryTimeoutMs: 15_000, other: "kept" };
  expect(withSettings(rules, undefined)).toBe(rules);
  expect(withSettings(rules, NO_SETTINGS)).toEqual(rules);
  expect(withSettings(rules, { ...NO_SETTINGS, timeout_seconds: 3 })).toEqual({
    ...rules,
    deliveryTimeoutMs: 3_000,
  });
  expect(withSettings(rules, { ...NO_SETTINGS, retry_schedule: ["2s", "1h"] })).toEqual({
    ...rules,
    retryScheduleMs: [2_000, 3_600_000],
  });
  expect(withSettings(rules, { ...NO_SETTINGS, retry_schedule: [] }).retryScheduleMs).toEqual([]);
});
