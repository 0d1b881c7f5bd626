/** What a report is: recorded once, answered again, refused where it differs; nobody else's to see. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  call,
  create,
  endedLogOf,
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

  test("with other white space is the same; with other content or members it is a conflict", async () => {
    const id = newCallId();
    expect((await report(`{"payload":{"call_id":"${id}","n":1.0}}`)).status).toBe(202);
    expect((await report(`{ "payload": { "call_id": "${id}", "n": 1.0 } }`)).status).toBe(200);
    for (const other of [
      `{"payload":{"call_id":"${id}","n":1}}`,
      `{"payload":{"n":1.0,"call_id":"${id}"}}`,
      `{"payload":{"call_id":"${id}","n":1.0},"webhook":null}`,
      `{"payload":{"call_id":"${id}","n":1.0},"webhook_events":["call"]}`,
    ]) {
      const answer = await report(other);
      expect(answer).toMatchObject({ status: 409, body: { data: null, errors: [{ error: "CONFLICT" }] } });
      expect(answer.body.errors[0].message).toContain(id);
    }
    expect(await rowsOf("webhook_logs", org)).toBe(1);
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
