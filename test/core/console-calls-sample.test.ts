/** The call that a report is tried with. */
import { expect, test } from "vitest";
import { freshCallId, readJson, reportCommand, sampleReport } from "../../src/console/calls/sample.ts";
import { isCallId } from "../../src/core/call-id.ts";
import { isPhoneNumber } from "../../src/core/phone-number.ts";
import { reportSchema } from "../../src/http/schemas.ts";

const NOW = Date.UTC(2026, 10, 26, 12);

test("the sample is a report that is taken", () => {
  const payload = sampleReport({ call_id: freshCallId(NOW, 0.5), now: NOW });
  expect(reportSchema.safeParse({ payload }).success).toBe(true);
  expect([payload.to, payload.from].every(isPhoneNumber)).toBe(true);
});

test("its call id is a new one each time", () => {
  expect(isCallId(freshCallId(NOW, 0))).toBe(true);
  expect(isCallId(freshCallId(NOW, 0.999999))).toBe(true);
  expect(freshCallId(NOW, 0.1)).not.toBe(freshCallId(NOW, 0.2));
});

test("the command names this server", () => {
  expect(reportCommand("https://postcall.example")).toContain(
    "curl https://postcall.example/v1/postcall/calls",
  );
});

test("JSON keeps the digits of its numbers", () => {
  const read = readJson('{"big": 12345678901234567890, "price": 1.10, "list": [0.30]}');
  expect(read.ok && JSON.stringify(read.value)).toBe(
    '{"big":12345678901234567890,"price":1.10,"list":[0.30]}',
  );
});

test("what is not JSON yet is explained", () => {
  expect(readJson("{")).toEqual({ ok: false, why: expect.stringMatching(/^This is not JSON yet: .+\.$/) });
});
