/** Reports are recorded once, answered again, and refused if they differ. Other orgs don't see them. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  call,
  create,
  endedLogOf,
  expectRefusal,
  logOf,
  makeKey,
  makeOrg,
  newCallId,
  type Org,
  receiver,
  reportCall,
  resend,
  rowsOf,
} from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const report = (body: string, as = org) => call(as, "POST", "/v1/postcall/calls", { body });

describe("the same report again", () => {
  test("is answered 200 with the log as it is now, and nothing is sent twice", async () => {
    const crm = await receiver(200);
    const { call_id } = await reportCall(org, { webhook: crm.url, payload: { n: 1 } });
    const log = await endedLogOf(org, call_id);
    const { answer } = await reportCall(org, { call_id, webhook: crm.url, payload: { n: 1 } });
    expect(answer).toMatchObject({ status: 200, body: { data: log, errors: null } });
    expect(await crm.received()).toHaveLength(1);
    expect(await rowsOf("webhook_logs", org)).toBe(1);
  });

  test("at the same moment is one log and one request", async () => {
    const crm = await receiver(200);
    const call_id = newCallId();
    const reports = Array.from({ length: 8 }, () => reportCall(org, { call_id, webhook: crm.url }));
    const statuses = (await Promise.all(reports)).map(({ answer }) => answer.status);
    expect(statuses.sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 202]);
    await endedLogOf(org, call_id);
    expect(await crm.received()).toHaveLength(1);
  });

  test("in other words is the same: order, white space and the spelling of numbers and strings don't matter", async () => {
    const crm = await receiver(200);
    const id = newCallId();
    const first = `{"call_id":"${id}","n":1.0,"deep":{"a":[1,2.50,"\u00e9"],"12":-0,"b":12345678901234567890}}`;
    expect((await report(`{"payload":${first},"webhook":"${crm.url}"}`)).status).toBe(202);
    const log = await endedLogOf(org, id);
    for (const again of [
      `{"webhook":"${crm.url}", "payload": ${first}}`,
      `{"payload":{"deep":{"b":1234567890123456789e1,"a":[1.0,25e-1,"é"],"12":0},"n":1,"call_id":"${id}"},"webhook":"${crm.url}"}`,
      `{"payload":{"n":7,"deep":{"a":[1,2.5,"\\u00e9"],"12":0,"b":12345678901234567890.00},"n":10E-1,"call_id":"${id}"},"webhook":"${crm.url}"}`,
    ]) {
      const answer = await report(again);
      expect(answer).toMatchObject({ status: 200, body: { data: log } });
      expect(answer.text).toContain(
        `"payload":${first}`.replace('"12":-0,', "").replace('{"a":', '{"12":-0,"a":'),
      );
    }
    expect((await crm.received()).map(({ body }) => body)).toHaveLength(1);
  });

  test("is compared by its webhook as it was given, not as it is kept", async () => {
    const crm = await receiver(200);
    const { call_id } = await reportCall(org, { webhook: `${crm.url}#1` });
    const log = await endedLogOf(org, call_id);
    expect(log.url).toBe(crm.url);
    const same = await reportCall(org, { call_id, webhook: `${crm.url}#1` });
    expect(same.answer).toMatchObject({ status: 200, body: { data: log } });
    const other = await reportCall(org, { call_id, webhook: crm.url });
    expectRefusal(other.answer, 409, "CONFLICT", /What differs: webhook\.$/);
    expect(await crm.received()).toHaveLength(1);
  });

  test("with other content is a conflict, whose message names what differs", async () => {
    const id = newCallId();
    await report(`{"payload":{"call_id":"${id}","n":12345678901234567890,"list":[1,2],"old":null}}`);
    const same = `"call_id":"${id}","n":12345678901234567890,"list":[1,2],"old":null`;
    for (const [other, differing] of [
      [`{"payload":{${same.replace("7890,", "7891,")}}}`, "payload.n."],
      [`{"payload":{${same.replace("[1,2]", "[2,1]")}}}`, "payload.list."],
      [
        `{"payload":{"call_id":"${id}","n":12345678901234567890,"list":[1,2],"new":[]}}`,
        "payload.new, payload.old.",
      ],
      [`{"payload":{${same}},"webhook":null}`, "webhook."],
      [`{"payload":{${same}},"webhook_events":["call"],"sip_code":200}`, "sip_code, webhook_events."],
      [
        `{"payload":{${same},${Array.from({ length: 20 }, (_, n) => `"m${n + 10}":1`).join()}}}`,
        "payload.m10, payload.m11, payload.m12, payload.m13, payload.m14, payload.m15, payload.m16, payload.m17, payload.m18, payload.m19 and 10 more.",
      ],
    ]) {
      const answer = await report(other ?? "");
      expect(answer).toMatchObject({ status: 409, body: { data: null, errors: [{ error: "CONFLICT" }] } });
      expect(answer.body.errors[0].message).toBe(
        `payload.call_id "${id}" was reported before with other content. What differs: ${differing}`,
      );
    }
    expect(await rowsOf("webhook_logs", org)).toBe(1);
  });

  test("is compared byte for byte once a SIP code has filled its payload", async () => {
    const id = newCallId();
    const first = `{"payload":{"call_id":"${id}","n":1},"sip_code":486}`;
    expect((await report(first)).status).toBe(202);
    expect((await report(first)).status).toBe(200);
    const other = await report(`{"payload":{"n":1,"call_id":"${id}"},"sip_code":486}`);
    expect(other.status).toBe(409);
    expect(other.body.errors[0].message).toContain("filled from its sip_code");
  });
});

describe("a call without a webhook", () => {
  test("is stored as no_webhook, is not found by GET, and sends nothing", async () => {
    const { call_id, answer } = await reportCall(org);
    expect(answer).toMatchObject({
      status: 202,
      body: { data: { status: "no_webhook", url: null, next_attempt_at: null } },
    });
    const get = await call(org, "GET", `/v1/postcall/webhooks/${call_id}`);
    expect(get).toMatchObject({ status: 404, body: { data: null, errors: [{ error: "NOT_FOUND" }] } });
  });
});

describe("another org", () => {
  test("can't see, resend or create a call, and is answered as for one that does not exist", async () => {
    const crm = await receiver(200);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    const without = (await reportCall(org)).call_id;
    await endedLogOf(org, call_id);
    const stranger = await makeOrg();
    const get = await call(stranger, "GET", `/v1/postcall/webhooks/${call_id}`);
    const missing = await call(org, "GET", `/v1/postcall/webhooks/${call_id.replace("call", "llac")}`);
    expect(get.status).toBe(404);
    expect(get.text.replace(call_id, "")).toBe(missing.text.replace(call_id.replace("call", "llac"), ""));
    expect(await resend(stranger, [call_id])).toMatchObject({
      status: 400,
      body: { errors: [{ reason: "not_found" }] },
    });
    expect(await create(stranger, [without], crm.url)).toMatchObject({
      status: 400,
      body: { errors: [{ reason: "not_found" }] },
    });
    expect(await crm.received()).toHaveLength(1);
  });

  test("may report the same call id as a call of its own", async () => {
    const crm = await receiver(200);
    const other = await makeOrg();
    const call_id = newCallId();
    const answers = [
      (await reportCall(org, { call_id, webhook: crm.url, payload: { n: 1 } })).answer,
      (await reportCall(other, { call_id, webhook: crm.url, payload: { n: 2 } })).answer,
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    const logs = [await endedLogOf(org, call_id), await endedLogOf(other, call_id)];
    expect(logs.map((log) => log.payload.n)).toEqual([1, 2]);
    expect(await crm.received()).toHaveLength(2);
  });
});

describe("an API key", () => {
  test("that is missing, unknown or expired is answered alike: 401", async () => {
    const expired = await makeKey(org.user_id, { expires_at: Date.now() - 1 });
    const answers = await Promise.all(
      ["", "pc_unknown", `Bearer ${expired}`, "Bearer", `Basic ${org.key}`, `${org.key}x`].map((key) =>
        call({ key }, "GET", "/v1/postcall/webhooks/any"),
      ),
    );
    for (const answer of answers) {
      expect(answer.status).toBe(401);
      expect(answer.text).toBe(answers[0]?.text);
      expect(answer.body.errors[0].error).toBe("AUTH_FAILURE");
    }
  });

  test("is taken bare, and after Bearer in any case", async () => {
    for (const key of [org.key, `Bearer ${org.key}`, `bearer ${org.key}`, `BEARER  ${org.key}`]) {
      expect((await call({ key }, "GET", "/v1/postcall/webhooks/any")).status).toBe(404);
    }
  });

  test("without the scope is answered 403, and nothing happens", async () => {
    const crm = await receiver(200);
    const reader = { ...org, key: await makeKey(org.user_id, { scopes: ["read"] }) };
    const reporter = { ...org, key: await makeKey(org.user_id, { scopes: ["report"] }) };
    const { call_id, answer } = await reportCall(reader, { webhook: crm.url });
    expect(answer).toMatchObject({ status: 403, body: { errors: [{ error: "FORBIDDEN" }] } });
    expect((await resend(reader, [call_id])).status).toBe(403);
    expect((await create(reader, [call_id], crm.url)).status).toBe(403);
    expect((await call(reporter, "GET", `/v1/postcall/webhooks/${call_id}`)).status).toBe(403);
    expect((await reportCall(reporter)).answer.status).toBe(202);
    expect(await logOf(org, call_id)).toBeNull();
    expect(await crm.received()).toEqual([]);
  });
});
