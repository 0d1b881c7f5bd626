/** Citations: combined with a held webhook, sent after it, or kept; once each, whatever comes in which order. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { firstStatus } from "../../src/core/citations.ts";
import type { AttemptKey } from "../../src/core/webhook-log.ts";
import { envWithLosingQueues, handleAttempts, letTimePass, request, sweepOnce } from "../support/handlers.ts";
import { meter } from "../support/meter.ts";
import {
  call,
  create,
  eventually,
  expectRefusal,
  logOf,
  makeKey,
  makeOrg,
  NOBODY,
  newCallId,
  type Org,
  type Receiver,
  receiver,
  reportCall,
  resend,
  rowsOf,
  settledLogOf,
} from "../support/words.ts";

let org: Org;
let crm: Receiver;
beforeEach(async () => {
  org = await makeOrg();
  crm = await receiver(200);
});

const CITED = { citations: [{ variable_name: "plan", value: "gold" }] };
const OTHERS = { citations: [{ variable_name: "plan", value: "iron" }] };
const NONE = { citations: [] };

const cite = (call_id: string, body: unknown, as: Pick<Org, "key"> = org) =>
  call(as, "POST", `/v1/postcall/calls/${call_id}/citations`, { body });

const citationsLogOf = async (call_id: string) =>
  (await call(org, "GET", `/v1/postcall/webhooks/${call_id}?event=citations`)).body.data;

const configure = (settings: object) => call(org, "PATCH", "/v1/org", { body: settings });

/** The org wants citations, and waits for them this long. */
const delay = (citations_timeout_seconds = 120) =>
  configure({ webhook_events: ["citations"], delay_for_citations: true, citations_timeout_seconds });

/** Reports a call that is held, of which no queue ever hears. Returns the attempt that it waits to make. */
async function reportHeld(members: object = {}): Promise<AttemptKey> {
  const lossy = envWithLosingQueues();
  const call_id = newCallId();
  const body = { payload: { call_id, status: "completed", ...members }, webhook: crm.url };
  const answer = await request(lossy.env, org, { method: "POST", path: "/v1/postcall/calls", body });
  expect(answer.body.data).toMatchObject({ status: "held", reason: "awaiting_citations" });
  const [message] = lossy.retries;
  if (message === undefined) throw new Error("the report enqueued nothing");
  expect(lossy.deliveries).toEqual([]);
  const { v: _v, ...key } = message.body;
  return key;
}

const bodies = async () => (await crm.received()).map(({ body }) => JSON.parse(body));

/** Waits till a log is delivered. */
const delivered = (call_id: string, log = (id: string) => logOf(org, id)) =>
  eventually(async () => {
    const found = await log(call_id);
    return found?.status === "delivered" ? found : undefined;
  });

describe("a held call", () => {
  beforeEach(() => delay());

  test("is answered as held until its time, with its message delayed till then, and is not sent", async () => {
    const lossy = envWithLosingQueues();
    const call_id = newCallId();
    const body = { payload: { call_id, status: "completed" }, webhook: crm.url };
    const answer = await request(lossy.env, org, { method: "POST", path: "/v1/postcall/calls", body });
    const { created_at, next_attempt_at } = answer.body.data;
    expect(Date.parse(next_attempt_at) - Date.parse(created_at)).toBe(120_000);
    expect(lossy.retries.map(({ delaySeconds }) => delaySeconds)).toEqual([120]);
    const log = await logOf(org, call_id);
    expect(log).toMatchObject({
      status: "held",
      reason: "awaiting_citations",
      metadata: [],
      next_attempt_at,
    });
    const [message] = lossy.retries;
    expect(await handleAttempts(lossy.env, message ? [message.body] : [])).toEqual([expect.closeTo(120, -1)]);
    expect(await bodies()).toEqual([]);
  });

  test("goes once with its citations, and the message of its time sends nothing more", async () => {
    const key = await reportHeld({ n: 1 });
    const { call_id } = key;
    const answer = await cite(call_id, { ...CITED, corrected_transcript: [{ text: "Hi" }] });
    expect(answer).toMatchObject({ status: 200, body: { data: { call_id, event: "call", reason: null } } });
    const log = await delivered(call_id);
    const payload = { call_id, status: "completed", n: 1, ...CITED, corrected_transcript: [{ text: "Hi" }] };
    expect(log).toMatchObject({ payload, metadata: [{ send_type: "spawn", attempt: 1 }] });
    await letTimePass(key, 120_000);
    expect(await handleAttempts(envWithLosingQueues().env, [key])).toEqual(["ack"]);
    expect(await bodies()).toEqual([payload]);
    expect(await citationsLogOf(call_id)).toBeNull();
    expect(await rowsOf("webhook_logs", org)).toBe(1);
  });

  test("keeps the digits of what was reported and of its citations, in the bytes that are sent", async () => {
    const call_id = newCallId();
    await call(org, "POST", "/v1/postcall/calls", {
      body: `{"payload":{"call_id":"${call_id}","status":"completed","price":1.10},"webhook":"${crm.url}"}`,
    });
    await cite(call_id, '{"citations":[{"value":12345678901234567890}]}');
    await delivered(call_id);
    expect((await crm.received()).map(({ body }) => body)).toEqual([
      `{"call_id":"${call_id}","status":"completed","price":1.10,"citations":[{"value":12345678901234567890}]}`,
    ]);
  });

  test("goes plain when its time is over, and citations that come later follow by themselves", async () => {
    const key = await reportHeld();
    const { call_id } = key;
    await letTimePass(key, 120_000);
    expect(await handleAttempts(envWithLosingQueues().env, [key])).toEqual(["ack"]);
    expect(await logOf(org, call_id)).toMatchObject({ status: "delivered", reason: null });
    const answer = await cite(call_id, CITED);
    expect(answer).toMatchObject({ status: 200, body: { data: { event: "citations", url: crm.url } } });
    const log = await delivered(call_id, citationsLogOf);
    expect(await bodies()).toEqual([{ call_id, status: "completed" }, log.payload]);
    const { timestamp, ...rest } = log.payload;
    expect(rest).toEqual({ call_id, user_id: org.user_id, event_type: "citations", ...CITED });
    expect(new Date(timestamp).toISOString()).toBe(timestamp);
    const ids = (await crm.received()).map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(2);
  });

  test("goes plain by its own delayed message", async () => {
    await delay(1);
    const { call_id, answer } = await reportCall(org, { webhook: crm.url });
    expect(answer.body.data.status).toBe("held");
    await delivered(call_id);
    expect(await bodies()).toEqual([{ call_id, status: "completed" }]);
  });

  test("goes plain by the sweep where its message was lost", async () => {
    const key = await reportHeld();
    await letTimePass(key, 181_000);
    await sweepOnce(env);
    await delivered(key.call_id);
    expect(await bodies()).toEqual([{ call_id: key.call_id, status: "completed" }]);
  });

  test("is still combined where its time is over and no batch has opened with it", async () => {
    const key = await reportHeld();
    await letTimePass(key, 130_000);
    await cite(key.call_id, CITED);
    await delivered(key.call_id);
    expect(await bodies()).toEqual([{ call_id: key.call_id, status: "completed", ...CITED }]);
  });

  test("goes plain at once after empty citations, and later ones are refused", async () => {
    const { call_id } = await reportHeld();
    expect((await cite(call_id, NONE)).body.data).toMatchObject({ event: "call", reason: null });
    await delivered(call_id);
    expect((await cite(call_id, NONE)).status).toBe(200);
    expectRefusal(await cite(call_id, CITED), 409, "CONFLICT", call_id);
    expect(await bodies()).toEqual([{ call_id, status: "completed" }]);
    expect(await rowsOf("webhook_logs", org)).toBe(1);
  });

  test("is not released by citations over 1 MiB with it, and goes plain at its time", async () => {
    const key = await reportHeld({ summary: "x".repeat(600_000) });
    const answer = await cite(key.call_id, { citations: ["y".repeat(500_000)] });
    const until = (await logOf(org, key.call_id)).next_attempt_at;
    expectRefusal(answer, 413, "PAYLOAD_TOO_LARGE", /^citations: .* 11\d{5} bytes .* at most 1048576/);
    expect(answer.body.errors[0].message).toContain(until);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "held", next_attempt_at: until });
    await letTimePass(key, 120_000);
    await handleAttempts(envWithLosingQueues().env, [key]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered" });
    expect((await bodies()).map(({ citations }) => citations)).toEqual([undefined]);
  });

  test("is refused by resend and create, and nothing is sent", async () => {
    const { call_id } = await reportHeld();
    expect(await resend(org, [call_id])).toMatchObject({
      status: 400,
      body: { errors: [{ error: "invalid_parameter", call_id, reason: "held" }] },
    });
    expect((await create(org, [call_id], crm.url)).body.errors[0]).toMatchObject({
      reason: "webhook_exists",
    });
    expect(await bodies()).toEqual([]);
  });

  test("is resent with its citations once it was combined", async () => {
    const { call_id } = await reportHeld();
    await cite(call_id, CITED);
    await delivered(call_id);
    await resend(org, [call_id]);
    const combined = { call_id, status: "completed", ...CITED };
    expect(await bodies()).toEqual([combined, combined]);
  });

  test("stays as it is where the org's settings change", async () => {
    const key = await reportHeld();
    await configure({ webhook_events: [], delay_for_citations: false, default_webhook: NOBODY });
    await cite(key.call_id, CITED);
    await delivered(key.call_id);
    expect(await bodies()).toEqual([{ call_id: key.call_id, status: "completed", ...CITED }]);
  });

  test("whose endpoint was disabled meanwhile waits for it when it is released", async () => {
    const key = await reportHeld();
    const gone = await receiver(410, 200);
    await env.DB.prepare("UPDATE webhook_logs SET url = ? WHERE call_id = ?")
      .bind(gone.url, key.call_id)
      .run();
    await settledLogOf(
      org,
      (await reportCall(org, { webhook: gone.url, payload: { status: "busy" } })).call_id,
    );
    await cite(key.call_id, CITED);
    const isDisabled = ({ status }: { status: string }) => status === "disabled";
    expect(await settledLogOf(org, key.call_id, isDisabled)).toMatchObject({ reason: "endpoint_disabled" });
    await call(org, "POST", "/v1/endpoints/enable", { body: { url: gone.url } });
    expect((await delivered(key.call_id)).payload).toMatchObject(CITED);
  });

  test("is neither late nor removed while it waits, however old", async () => {
    const key = await reportHeld();
    await env.DB.prepare("UPDATE webhook_logs SET created_at = 1 WHERE call_id = ?").bind(key.call_id).run();
    await sweepOnce(env);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "held", metadata: [] });
    expect((await call(org, "GET", "/readyz")).body.data).toMatchObject({ overdue: 0, oldest_due: null });
  });

  test("that goes plain costs one row more than another", async () => {
    const key = await reportHeld();
    const cost = { read: 0, written: 0 };
    const metered = meter(env.DB, ({ rows_read, rows_written }) => {
      cost.read += rows_read;
      cost.written += rows_written;
    });
    await letTimePass(key, 120_000);
    await handleAttempts({ ...envWithLosingQueues().env, DB: metered }, [key]);
    expect(cost.written).toBe(3); // released, its result, its attempt
  });
});

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
    await settledLogOf(org, call_id);
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
  test("are kept with the call, and nothing is sent until they are created by hand", async () => {
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
  await settledLogOf(org, (await reportCall(org, { webhook: gone.url })).call_id);
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
          const expected = firstStatus({ url, isDisabled, wanted, delayed, completed });
          expect(answer.body.data.status, JSON.stringify({ url, wanted, delayed, completed })).toBe(expected);
        }
  }
});

test("citations that race with the release of their call go with it or after it, and never both", async () => {
  await delay();
  for (let round = 0; round < 12; round++) {
    const key = await reportHeld({ round });
    await letTimePass(key, 120_000);
    const { env: lossy } = envWithLosingQueues();
    const path = `/v1/postcall/calls/${key.call_id}/citations`;
    const cited = request(lossy, org, { method: "POST", path, body: CITED });
    const [answer] = await Promise.all([cited, handleAttempts(lossy, [key]), handleAttempts(lossy, [key])]);
    expect(answer.status).toBe(200);
    const { event, status } = answer.body.data;
    const log = await logOf(org, key.call_id);
    const due = event === "call" ? log : await citationsLogOf(key.call_id);
    if (status === "pending") {
      const row = env.DB.prepare("SELECT delivery_id FROM webhook_logs WHERE call_id = ? AND event = ?");
      const delivery_id = (await row.bind(key.call_id, event).first<string>("delivery_id")) ?? "";
      await handleAttempts(lossy, [{ ...key, event, delivery_id }]);
    }
    const sent = (await bodies()).filter(({ call_id }) => call_id === key.call_id);
    expect(sent.filter(({ citations }) => citations !== undefined)).toHaveLength(1);
    expect(sent.filter(({ event_type }) => event_type === undefined)).toHaveLength(1);
    expect(due.payload).toMatchObject(CITED);
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
