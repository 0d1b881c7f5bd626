/** Citations: sent after their call, or kept; once each, and refused where there is no call for them. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  bodies,
  CITED,
  citationsLogOf,
  cite,
  configure,
  crm,
  delay,
  delivered,
  NONE,
  newCitedOrg,
  OTHERS,
  org,
} from "../../support/citations.ts";
import { firstState } from "../../support/first-status.ts";
import {
  call,
  create,
  endedLogOf,
  eventually,
  expectRefusal,
  logOf,
  makeKey,
  makeOrg,
  NOBODY,
  receiver,
  reportCall,
  rowsOf,
} from "../../support/words.ts";

beforeEach(newCitedOrg);

describe("citations that are not waited for", () => {
  beforeEach(() => configure({ webhook_events: ["citations"] }));

  test("go as an event of their own, to the URL their call went to", async () => {
    const { call_id } = await reportCall(org, { webhook: crm.url });
    await delivered(call_id);
    await configure({ webhook_events: [], default_webhook: NOBODY });
    await cite(call_id, CITED);
    const log = await delivered(call_id, citationsLogOf);
    expect(log).toMatchObject({
      call_id,
      event: "citations",
      url: crm.url,
      metadata: [{ send_type: "spawn" }],
    });
    expect((await bodies()).map(({ event_type }) => event_type)).toEqual([undefined, "citations"]);
    expect((await logOf(org, call_id)).payload).toEqual({ call_id, status: "completed" });
  });

  test("that come while the plain webhook is in flight are sent beside it", async () => {
    const slow = await receiver({ status: 200, held: true });
    const { call_id } = await reportCall(org, { webhook: slow.url });
    await eventually(async () => ((await slow.received()).length === 1 ? true : undefined));
    expect((await cite(call_id, CITED)).body.data).toMatchObject({ event: "citations", status: "pending" });
    await slow.answer({ fromNowOn: true });
    await delivered(call_id);
    await delivered(call_id, citationsLogOf);
    expect(await slow.received()).toHaveLength(2);
  });

  test("can be got and sent again by their event", async () => {
    const { call_id } = await reportCall(org, { webhook: crm.url });
    await cite(call_id, CITED);
    await delivered(call_id, citationsLogOf);
    const body = { call_ids: [call_id], event: "citations" };
    const again = await call(org, "POST", "/v1/postcall/webhooks/resend", { body });
    expect(again.body.data[0]).toMatchObject({ event: "citations", status: "delivered" });
    const sent = (await crm.received()).filter(({ body }) => body.includes("event_type"));
    expect(new Set(sent.map(({ body }) => body)).size).toBe(1);
    expect(sent).toHaveLength(2);
  });

  test("are accepted once: equal ones are answered alike, others refused, also at the same moment", async () => {
    const { call_id } = await reportCall(org, { webhook: crm.url });
    const posts = [CITED, CITED, CITED, OTHERS, OTHERS].map((body) => cite(call_id, body));
    const statuses = (await Promise.all(posts)).map(({ status }) => status);
    expect([
      [200, 200, 200, 409, 409],
      [409, 409, 409, 200, 200],
    ]).toContainEqual(statuses);
    await delivered(call_id);
    const log = await delivered(call_id, citationsLogOf);
    expect((await cite(call_id, { citations: log.payload.citations })).body.data).toEqual(log);
    expect(await bodies()).toHaveLength(2);
  });

  test("go where the call failed too, which is never held", async () => {
    await delay();
    const { call_id, answer } = await reportCall(org, { webhook: crm.url, payload: { status: "failed" } });
    expect(answer.body.data.status).toBe("pending");
    await cite(call_id, CITED);
    expect((await delivered(call_id, citationsLogOf)).payload).toMatchObject(CITED);
  });

  test("that are empty are kept and not sent", async () => {
    const { call_id } = await reportCall(org, { webhook: crm.url });
    expect((await cite(call_id, NONE)).body.data).toMatchObject({ event: "citations", status: "no_webhook" });
    await delivered(call_id);
    expect(await bodies()).toHaveLength(1);
  });

  test("wait for an endpoint that is disabled, as their call does", async () => {
    const gone = await receiver(410, 200);
    const { call_id } = await reportCall(org, { webhook: gone.url });
    await endedLogOf(org, call_id);
    const { data } = (await cite(call_id, CITED)).body;
    expect(data).toMatchObject({ event: "citations", status: "disabled", reason: "endpoint_disabled" });
    await call(org, "POST", "/v1/endpoints/enable", { body: { url: gone.url } });
    await delivered(call_id, citationsLogOf);
  });

  test("over 1 MiB are refused, and nothing is kept", async () => {
    const { call_id } = await reportCall(org, { webhook: crm.url });
    const answer = await cite(call_id, { citations: ["y".repeat(1_048_576)] });
    expectRefusal(answer, 413, "PAYLOAD_TOO_LARGE", /^citations: their webhook is 1048\d{3} bytes/);
    expect((await cite(call_id, CITED)).status).toBe(200);
  });
});

describe("citations that nobody wanted", () => {
  test("are kept with the call, and nothing is sent until a create", async () => {
    const { call_id } = await reportCall(org, { webhook: crm.url });
    await delivered(call_id);
    const answer = await cite(call_id, CITED);
    expect(answer).toMatchObject({
      status: 200,
      body: { data: { event: "citations", status: "no_webhook", url: null, payload: CITED } },
    });
    expect((await cite(call_id, CITED)).body).toEqual(answer.body);
    expect(await citationsLogOf(call_id)).toBeNull();
    const body = { call_ids: [call_id], event: "citations" };
    const resent = await call(org, "POST", "/v1/postcall/webhooks/resend", { body });
    expect(resent.body.errors[0]).toMatchObject({ reason: "no_webhook" });
    expect(await bodies()).toHaveLength(1);
    await call(org, "POST", "/v1/postcall/webhooks/create", { body: { ...body, webhook_url: crm.url } });
    expect(await delivered(call_id, citationsLogOf)).toMatchObject({ metadata: [{ send_type: "create" }] });
    expect(await bodies()).toHaveLength(2);
  });

  test("are kept where the call has no webhook, and go apart from it where it got one before", async () => {
    await configure({ webhook_events: ["citations"] });
    const [without, created] = [(await reportCall(org)).call_id, (await reportCall(org)).call_id];
    expect((await cite(without, CITED)).body.data).toMatchObject({ status: "no_webhook", url: null });
    await create(org, [created], crm.url);
    await cite(created, CITED);
    await delivered(created, citationsLogOf);
    await create(org, [without], crm.url);
    expect((await bodies()).map(({ event_type }) => event_type)).toEqual([undefined, "citations", undefined]);
  });
});

describe("who wants citations is said by", () => {
  const NUMBER = "+14155550100";
  const inbound = { inbound: true, to: NUMBER };
  const isWanted = async (report: object) => {
    const { call_id } = await reportCall(org, { webhook: NOBODY, ...report });
    return (await cite(call_id, CITED)).body.data.url !== null;
  };
  const setNumber = (webhook_events: string[] | null) =>
    call(org, "POST", `/v1/inbound/${NUMBER}`, { body: { webhook: null, webhook_events } });

  test("the report, else the number, else the org", async () => {
    await configure({ webhook_events: ["call", "citations"] });
    expect(await isWanted({})).toBe(true);
    expect(await isWanted({ webhook_events: [] })).toBe(false);
    await setNumber(["call"]);
    expect(await isWanted({ payload: inbound })).toBe(false);
    expect(await isWanted({ payload: { ...inbound, inbound: false } })).toBe(true);
    expect(await isWanted({ payload: inbound, webhook_events: ["citations"] })).toBe(true);
    await setNumber(null);
    expect(await isWanted({ payload: inbound })).toBe(true);
    await configure({ webhook_events: [] });
    expect(await isWanted({})).toBe(false);
    await setNumber(["citations"]);
    expect(await isWanted({ payload: inbound })).toBe(true);
  });
});

test("a report's first status is what the table says, for every row of it", async () => {
  const gone = await receiver(410);
  await endedLogOf(org, (await reportCall(org, { webhook: gone.url })).call_id);
  const flags = [false, true];
  for (const delayed of flags) {
    await configure({ delay_for_citations: delayed });
    for (const wanted of flags)
      for (const completed of flags)
        for (const url of [null, NOBODY, gone.url]) {
          const { answer } = await reportCall(org, {
            webhook: url,
            payload: { status: completed ? "completed" : "failed" },
            ...{ webhook_events: wanted ? ["citations"] : [] },
          });
          const isDisabled = url === gone.url;
          const conditions = { isDisabled, isParking: false, wanted, delayed, completed };
          const expected = firstState({ hasUrl: url !== null, ...conditions });
          expect(answer.body.data.status, JSON.stringify({ url, wanted, delayed, completed })).toBe(
            expected === "parked" ? "disabled" : expected,
          );
        }
  }
});

describe("citations are refused", () => {
  test("for a call that is unknown, is another org's or can't be one", async () => {
    const other = await makeOrg();
    const { call_id } = await reportCall(other, { webhook: crm.url });
    for (const id of ["call-unknown", call_id, "a%20b"]) {
      expectRefusal(await cite(id, CITED), 404, "NOT_FOUND", decodeURIComponent(id));
    }
    expect(await rowsOf("webhook_logs", org)).toBe(0);
  });

  test.each([
    ["none at all", {}, /^citations must be an array, and is missing/],
    ["null", { citations: null }, /^citations must be an array, and is null/],
    [
      "a transcript that is none",
      { citations: [], corrected_transcript: "Hi" },
      /^corrected_transcript .* "Hi"/,
    ],
    ["an unknown member", { citations: [], transcript: [] }, /not known: "transcript"/],
  ])("for %s", async (_what, body, message) => {
    const { call_id } = await reportCall(org, { webhook: crm.url });
    expectRefusal(await cite(call_id, body), 400, "invalid_parameter", message);
    expect((await cite(call_id, CITED)).status).toBe(200);
  });

  test("for a key without the scope report", async () => {
    const { call_id } = await reportCall(org);
    const reader = { key: await makeKey(org.user_id, { scopes: ["read", "send", "configure"] }) };
    expectRefusal(await cite(call_id, CITED, reader), 403, "FORBIDDEN", /report/);
  });
});
