/** SIP codes in a report: what they fill, what they leave alone, and what is no code. */
import { beforeEach, expect, test } from "vitest";
import {
  call,
  endedLogOf,
  expectRefusal,
  logOf,
  makeOrg,
  newCallId,
  type Org,
  receiver,
  rowsOf,
} from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const BUSY = "Call failed. The number you dialed is busy. Please try again later.";

const report = (body: string) => call(org, "POST", "/v1/postcall/calls", { body });

test.each([
  ["a message that is missing, at the end", "", `,"error_message":"${BUSY}"`],
  [
    "a message that is null, in its place",
    ',"error_message":null,"n":1.10',
    `,"error_message":"${BUSY}","n":1.10`,
  ],
  ["no message that is given", ',"error_message":"Line busy"', ',"error_message":"Line busy"'],
  ["no message that is given empty", ',"error_message":""', ',"error_message":""'],
])("a code fills %s, and those are the bytes sent and stored", async (_what, members, filled) => {
  const crm = await receiver(200);
  const call_id = newCallId();
  const payload = `{"call_id":"${call_id}"${members}}`;
  const answer = await report(`{"payload":${payload},"webhook":"${crm.url}","sip_code":486}`);
  expect(answer.status).toBe(202);
  const sent = `{"call_id":"${call_id}"${filled}}`;
  expect(answer.text).toContain(`"payload":${sent}`);
  const log = await endedLogOf(org, call_id);
  expect(log.payload).toEqual(JSON.parse(sent));
  expect((await crm.received()).map(({ body }) => body)).toEqual([sent]);
});

test("a code of 2xx says null, one that is not in the table that the call failed", async () => {
  for (const [code, error_message] of [
    [200, null],
    [503, "Call failed."],
  ]) {
    const answer = await report(`{"payload":{"call_id":"${newCallId()}"},"sip_code":${code}}`);
    expect(answer).toMatchObject({ status: 202, body: { data: { payload: { error_message } } } });
  }
});

test("the same report with its code again is the same; with another code or the message spelled out it is not", async () => {
  const id = newCallId();
  const first = `{"payload":{"call_id":"${id}"},"sip_code":486}`;
  expect((await report(first)).status).toBe(202);
  expect((await report(first)).status).toBe(200);
  for (const other of [
    `{"payload":{"call_id":"${id}"},"sip_code":404}`,
    `{"payload":{"call_id":"${id}"}}`,
    `{"payload":{"call_id":"${id}","error_message":"${BUSY}"}}`,
    `{"payload":{"call_id":"${id}","error_message":"${BUSY}"},"sip_code":486}`,
  ]) {
    expectRefusal(await report(other), 409, "CONFLICT", id);
  }
});

test.each(["99", "700", "-486", "486.5", "0.486", '"486"', "null", "true", "1e400"])(
  "%s is no code, and nothing is stored",
  async (code) => {
    const id = newCallId();
    const answer = await report(`{"payload":{"call_id":"${id}"},"sip_code":${code}}`);
    const shown = code.replace(/[.]/g, "\\.");
    const message = new RegExp(`^sip_code must be a whole number from 100 to 699, and is ${shown}`);
    expectRefusal(answer, 400, "invalid_parameter", message);
    expect(await logOf(org, id)).toBeNull();
    expect(await rowsOf("webhook_logs", org)).toBe(0);
  },
);
