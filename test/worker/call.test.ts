/** `GET /v1/postcall/calls/{call_id}`: a call as it was reported, its citations and its webhooks' logs. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  CITED,
  citationsLogOf,
  cite,
  configure,
  crm,
  delay,
  delivered,
  NONE,
  newCitedOrg,
  org,
  reportHeld,
} from "../support/citations.ts";
import { call, expectRefusal, makeKey, makeOrg, newCallId, type Org, reportCall } from "../support/words.ts";

beforeEach(newCitedOrg);

const callOf = (call_id: string, as: Pick<Org, "key"> = org) =>
  call(as, "GET", `/v1/postcall/calls/${call_id}`);

describe("a call", () => {
  test("is answered with its payload, and the log of its webhook without it", async () => {
    const { call_id } = await reportCall(org, { webhook: `${crm.url}?token=1`, payload: { n: 1 } });
    const { payload: _, ...log } = await delivered(call_id);
    expect((await callOf(call_id)).body).toEqual({
      data: {
        ...{ call_id, user_id: org.user_id, created_at: log.created_at },
        payload: { call_id, status: "completed", n: 1 },
        citations: null,
        logs: [log],
      },
      errors: null,
    });
    expect(log.url).toBe(`${crm.url}?token=1`);
  });

  test("without a webhook is answered too, with the log that says so", async () => {
    const { call_id } = await reportCall(org, { webhook: null });
    expectRefusal(await call(org, "GET", `/v1/postcall/webhooks/${call_id}`), 404, "NOT_FOUND");
    expect((await callOf(call_id)).body.data).toMatchObject({
      payload: { call_id },
      logs: [{ event: "call", status: "no_webhook", url: null, metadata: [] }],
    });
  });

  test("keeps the digits of its numbers, also in its citations", async () => {
    await configure({ webhook_events: ["citations"] });
    const call_id = newCallId();
    const digits = '"n":12345678901234567890,"x":1.10,"e":1E5';
    await call(org, "POST", "/v1/postcall/calls", {
      body: `{"payload":{"call_id":"${call_id}",${digits}},"webhook":"${crm.url}"}`,
    });
    await cite(call_id, '{"citations":[{"value":1.10}],"corrected_transcript":[{"start":0.10}]}');
    const { text, body } = await callOf(call_id);
    expect(text).toContain(`"payload":{"call_id":"${call_id}",${digits}}`);
    expect(text).toContain('"citations":[{"value":1.10}],"corrected_transcript":[{"start":0.10}]');
    expect(body.data.logs).toHaveLength(2);
  });
});

describe("citations", () => {
  test("that were sent apart are those of their own log, which is listed", async () => {
    await configure({ webhook_events: ["citations"] });
    const { call_id } = await reportCall(org, { webhook: crm.url });
    await cite(call_id, CITED);
    await delivered(call_id, citationsLogOf);
    const { data } = (await callOf(call_id)).body;
    expect(data).toMatchObject({
      ...CITED,
      payload: { call_id },
      logs: [{ event: "call" }, { event: "citations" }],
    });
    expect(data.payload).not.toHaveProperty("citations");
    expect(data).not.toHaveProperty("corrected_transcript");
  });

  test("that were combined with the payload are those in it", async () => {
    await delay();
    const { call_id } = await reportHeld({ n: 1 });
    expect((await callOf(call_id)).body.data).toMatchObject({ citations: null, logs: [{ status: "held" }] });
    await cite(call_id, CITED);
    expect((await callOf(call_id)).body.data).toMatchObject({ ...CITED, payload: { n: 1, ...CITED } });
  });

  test("that nobody wanted are kept with the call", async () => {
    const { call_id } = await reportCall(org, { webhook: null });
    await cite(call_id, CITED);
    expect((await callOf(call_id)).body.data).toMatchObject(CITED);
  });

  test("are null where there are none, also if the payload has a member of that name", async () => {
    await delay();
    const { call_id } = await reportHeld({ citations: ["its own"] });
    await cite(call_id, NONE);
    expect((await callOf(call_id)).body.data).toMatchObject({
      citations: null,
      payload: { citations: ["its own"] },
    });
  });
});

describe("no call is answered", () => {
  test("of an unknown id, of one that can't be, and of another org", async () => {
    const { call_id: foreign } = await reportCall(await makeOrg());
    for (const id of [newCallId(), foreign, "%00", "a%20b", "x".repeat(129)])
      expectRefusal(await callOf(id), 404, "NOT_FOUND", /^There is no call /);
  });

  test("to a key without `read`", async () => {
    const { call_id } = await reportCall(org);
    const key = await makeKey(org.user_id, { scopes: ["report", "send", "configure"] });
    expectRefusal(await callOf(call_id, { key }), 403, "FORBIDDEN", /"read"/);
  });
});
