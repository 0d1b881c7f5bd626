/** Test webhooks at the Worker's boundary: where they go, what they carry, and that they don't affect endpoints. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { degrade, endpointsOf } from "../../support/endpoints.ts";
import { envWithLosingQueues, handleAttempts, request } from "../../support/handlers.ts";
import {
  call,
  endedLogOf,
  expectRefusal,
  logOf,
  makeKey,
  makeOrg,
  type Org,
  receiver,
  reportCall,
  resend,
  rowsOf,
} from "../../support/words.ts";

const PATH = "/v1/postcall/webhooks/test";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const sendTest = (body?: object, headers: Record<string, string> = {}) =>
  call(org, "POST", PATH, body === undefined ? { headers } : { body, headers });

const patchOrg = (body: object) => call(org, "PATCH", "/v1/org", { body });

describe("a test", () => {
  test("goes the way of real calls to the URL given, and is answered with its log", async () => {
    const crm = await receiver(200);
    const { status, body } = await sendTest({ url: crm.url });
    expect(status).toBe(200);
    expect(body.errors).toBeNull();
    expect(body.data).toMatchObject({
      call_id: expect.stringMatching(/^test_/),
      user_id: org.user_id,
      event: "call",
      url: crm.url,
      is_test: true,
      status: "delivered",
      next_attempt_at: null,
      metadata: [{ send_type: "create", attempt: 1, response_code: 200, error: null }],
    });
    expect(await logOf(org, body.data.call_id)).toEqual(body.data);
    const [received, ...others] = await crm.received();
    expect(others).toEqual([]);
    expect(JSON.parse(received?.body ?? "")).toEqual(body.data.payload);
    expect(received?.headers).toMatchObject({
      "x-postcall-send-type": "create",
      "webhook-signature": expect.stringMatching(/^v1,/),
    });
  });

  test("goes to the org's default where no URL is given, and is refused where there is none", async () => {
    expectRefusal(await sendTest(), 400, "invalid_parameter", /^url is missing, and none is saved/);
    expect(await rowsOf("webhook_logs", org)).toBe(0);
    const crm = await receiver(200);
    await patchOrg({ default_webhook: crm.url });
    expect((await sendTest()).body.data).toMatchObject({ url: crm.url, status: "delivered" });
    expect((await sendTest({})).body.data).toMatchObject({ url: crm.url, status: "delivered" });
    expect(await crm.received()).toHaveLength(2);
  });

  test("goes to the URL saved for its number, to the org's default where that has none, to the one given before both", async () => {
    const [ofNumber, ofOrg, given] = [await receiver(200), await receiver(200), await receiver(200)];
    await patchOrg({ default_webhook: ofOrg.url });
    await call(org, "POST", "/v1/inbound/+14155550100", { body: { webhook: ofNumber.url } });
    await call(org, "POST", "/v1/inbound/+14155550101", { body: { webhook: null } });
    const urls = [];
    for (const body of [
      { phone_number: "+14155550100" },
      { phone_number: "+14155550101" },
      { phone_number: "+14155550102" },
      { phone_number: "+14155550100", url: given.url },
    ]) {
      const { data } = (await sendTest(body)).body;
      expect(data).toMatchObject({ status: "delivered", payload: { to: body.phone_number } });
      urls.push(data.url);
    }
    expect(urls).toEqual([ofNumber.url, ofOrg.url, ofOrg.url, given.url]);
  });

  test("makes one attempt, whatever the receiver answers and the schedule has", async () => {
    const crm = await receiver({ status: 503, headers: { "retry-after": "1" } }, 200);
    const { body } = await sendTest({ url: crm.url });
    expect(body.data).toMatchObject({
      status: "failed",
      reason: "attempts_exhausted",
      next_attempt_at: null,
      metadata: [{ attempt: 1, response_code: 503, error: "http_status" }],
    });
    const [again] = (await resend(org, [body.data.call_id])).body.data;
    expect(again).toMatchObject({ status: "delivered", is_test: true });
    expect(await crm.received()).toHaveLength(2);
  });

  test.each([
    [{ kind: "ended" }, /^kind must be one of completed, citations, failed, and is "ended"\.$/],
    [{ url: 7 }, /^url must be a URL, and is 7\.$/],
    [{ url: "crm" }, /^url must be a URL, and is "crm"\.$/],
    [{ phone_number: "0800" }, /^phone_number must be a phone number in E\.164, .*, and is "0800"\.$/],
    [{ colour: "red" }, /members that are not known: "colour"/],
  ])("asked for with %j is refused by name, and nothing is stored", async (body, message) => {
    expectRefusal(await sendTest(body), 400, "invalid_parameter", message);
    expect(await rowsOf("webhook_logs", org)).toBe(0);
  });

  test("to a URL that may not be called is refused with the rule", async () => {
    const deployed = { ...env, ALLOW_PRIVATE_TARGETS: "false", PUBLIC_URL: "https://hooks.postcall.example" };
    const body = { url: "https://hooks.postcall.example/v1/postcall/webhooks/test" };
    const answer = await request(deployed, org, { method: "POST", path: PATH, body });
    expectRefusal(answer, 422, "BLOCKED_URL", /url .* may not be called: its host is this service's own/);
    expect(await rowsOf("webhook_logs", org)).toBe(0);
  });

  test("takes the scope send", async () => {
    const key = await makeKey(org.user_id, { scopes: ["read", "report", "configure"] });
    expectRefusal(await call({ key }, "POST", PATH, { body: {} }), 403, "FORBIDDEN", /"send"/);
  });

  test("does not wait with respond-async, and is delivered all the same", async () => {
    const crm = await receiver({ status: 200, delayMs: 200 });
    const { status, body, headers } = await sendTest({ url: crm.url }, { prefer: "respond-async" });
    expect([status, headers.get("preference-applied")]).toEqual([202, "respond-async"]);
    expect(body.data).toMatchObject({ status: "pending", metadata: [], is_test: true });
    expect(await endedLogOf(org, body.data.call_id)).toMatchObject({ status: "delivered" });
  });
});

describe("the sample", () => {
  test("of a completed call has what real payloads have", async () => {
    const crm = await receiver(200);
    const { payload, call_id } = (await sendTest({ url: crm.url, phone_number: "+14155550117" })).body.data;
    expect(payload).toMatchObject({
      call_id,
      status: "completed",
      completed: true,
      inbound: true,
      to: "+14155550117",
      error_message: null,
      queue_status: "complete",
      call_length: expect.any(Number),
      corrected_duration: expect.stringMatching(/^\d+$/),
      summary: expect.stringMatching(/\w/),
      variables: { call_id, to: "+14155550117" },
    });
    expect(payload.transcripts.length).toBeGreaterThan(5);
    expect(payload.transcripts[0]).toEqual({
      id: 1,
      user: "assistant",
      text: expect.any(String),
      created_at: expect.any(String),
    });
    for (const { text } of payload.transcripts) expect(payload.concatenated_transcript).toContain(text);
  });

  test("of a failed call says why", async () => {
    const crm = await receiver(200);
    const { payload } = (await sendTest({ url: crm.url, kind: "failed" })).body.data;
    expect(payload).toMatchObject({
      status: "failed",
      completed: false,
      inbound: false,
      transcripts: [],
      error_message: "Call failed. The number you dialed is temporarily unavailable.",
    });
  });

  test("of citations is the separate event, with a log of that event", async () => {
    const crm = await receiver(200);
    const log = (await sendTest({ url: crm.url, kind: "citations" })).body.data;
    expect(log).toMatchObject({ event: "citations", status: "delivered", is_test: true });
    expect(Object.keys(log.payload)).toEqual(["call_id", "user_id", "event_type", "timestamp", "citations"]);
    expect(log.payload).toMatchObject({ event_type: "citations", user_id: org.user_id });
    expect(log.payload.citations[0]).toMatchObject({
      call_id: log.call_id,
      variable_name: "patient_name",
      variable_type: "string",
      value: "Jonas Weller",
      cited_utterances: [{ idx: 3, transcript: "Jonas Weller.", speaker_name: "user" }],
    });
    const found = await call(org, "GET", `/v1/postcall/webhooks/${log.call_id}?event=citations`);
    expect(found.body.data).toEqual(log);
  });
});

describe("an endpoint", () => {
  test("that is disabled gets a test all the same, stays disabled, and gets no real call", async () => {
    const crm = await receiver(410, 200);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    await endedLogOf(org, call_id);
    const before = await endpointsOf(org);
    expect(before).toMatchObject([{ state: "disabled", reason: "gone" }]);
    expect((await sendTest({ url: crm.url })).body.data).toMatchObject({ status: "delivered" });
    expect(await endpointsOf(org)).toEqual(before);
    const later = await reportCall(org, { webhook: crm.url });
    expect(later.answer.body.data).toMatchObject({ status: "disabled" });
    expect(await crm.received()).toHaveLength(2);
  });

  test("that is degraded gets a test at once, and no test mends it", async () => {
    const crm = await receiver(500, 500, 500, 500, 500, 200);
    await degrade(org, crm.url);
    const before = await endpointsOf(org);
    expect((await sendTest({ url: crm.url })).body.data).toMatchObject({ status: "delivered" });
    expect(await endpointsOf(org)).toEqual(before);
  });

  test("is neither degraded nor disabled by failing tests, and no operational webhook is sent", async () => {
    const ops = await receiver(200);
    await patchOrg({ ops_webhook: ops.url });
    const crm = await receiver(500, 500, 500, 500, 500, 410);
    for (let sent = 0; sent < 6; sent++)
      expect((await sendTest({ url: crm.url })).body.data).toMatchObject({ status: "failed" });
    expect(await endpointsOf(org)).toEqual([]);
    expect(await rowsOf("webhook_logs", org)).toBe(6);
    expect(await ops.received()).toEqual([]);
  });
});

test("a test whose message is lost is still due, and its attempt is made once", async () => {
  const crm = await receiver(200);
  const { env: lossy, deliveries } = envWithLosingQueues();
  const headers = { prefer: "respond-async" };
  await request(lossy, org, { method: "POST", path: PATH, body: { url: crm.url }, headers });
  const { v: _v, ...key } = deliveries[0]?.body ?? { v: 1 as const };
  if (!("call_id" in key)) throw new Error("the test enqueued nothing");
  expect(await handleAttempts(envWithLosingQueues().env, [key, key])).toEqual(["ack", "ack"]);
  expect(await handleAttempts(envWithLosingQueues().env, [key])).toEqual(["ack"]);
  expect(await crm.received()).toHaveLength(1);
  expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
});
