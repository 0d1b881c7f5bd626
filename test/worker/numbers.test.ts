/** Inbound numbers are set, answered, listed and removed. Invalid ones are refused, and another org's are not seen. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { request } from "../support/handlers.ts";
import {
  call,
  create,
  endedLogOf,
  expectRefusal,
  logOf,
  makeKey,
  makeOrg,
  NOBODY,
  type Org,
  receiver,
  reportCall,
  resend,
} from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const NUMBER = "+14155550100";
const OTHER = "+442071838750";
const HOOK = "http://127.0.0.1:9000/inbound";

const set = (of: Pick<Org, "key">, number: string, body: unknown) =>
  call(of, "POST", `/v1/inbound/${number}`, { body });
const get = (of: Pick<Org, "key">, number: string) => call(of, "GET", `/v1/inbound/${number}`);
const list = async (of: Pick<Org, "key">, query = "") =>
  (await call(of, "GET", `/v1/inbound${query}`)).body.data;

describe("a number", () => {
  test("is answered as it was set, with its plus sign escaped or not", async () => {
    const data = { phone_number: NUMBER, webhook: HOOK, webhook_events: ["citations"] };
    const answer = await set(org, NUMBER, { webhook: HOOK, webhook_events: ["citations"] });
    expect(answer).toMatchObject({ status: 200, body: { data, errors: null } });
    expect((await get(org, NUMBER)).body).toEqual({ data, errors: null });
    expect((await get(org, NUMBER.replace("+", "%2B"))).body).toEqual({ data, errors: null });
  });

  test("set again keeps its events where none are named, and loses them to null", async () => {
    await set(org, NUMBER, { webhook: HOOK, webhook_events: ["call"] });
    expect((await set(org, NUMBER, { webhook: null })).body.data).toEqual({
      phone_number: NUMBER,
      webhook: null,
      webhook_events: ["call"],
    });
    await set(org, NUMBER, { webhook: null, webhook_events: null });
    expect((await get(org, NUMBER)).body.data.webhook_events).toBeNull();
  });

  test("has no events of its own before they are set, which an empty list is not", async () => {
    expect((await set(org, NUMBER, { webhook: HOOK })).body.data.webhook_events).toBeNull();
    expect((await set(org, NUMBER, { webhook: HOOK, webhook_events: [] })).body.data.webhook_events).toEqual(
      [],
    );
  });

  test("is listed with the others in order, from any of them on", async () => {
    await set(org, OTHER, { webhook: null });
    await set(org, NUMBER, { webhook: HOOK });
    const [first, second] = [
      { phone_number: NUMBER, webhook: HOOK, webhook_events: null },
      { phone_number: OTHER, webhook: null, webhook_events: null },
    ];
    expect(await list(org)).toEqual([first, second]);
    expect(await list(org, `?cursor=${NUMBER}`)).toEqual([second]);
    const page = await call(org, "GET", "/v1/inbound?limit=1");
    expect(page.body).toEqual({ data: [first], next_cursor: NUMBER, errors: null });
    const last = await call(org, "GET", `/v1/inbound?limit=1&cursor=${NUMBER}`);
    expect(last.body).toEqual({ data: [second], next_cursor: null, errors: null });
    expect(await list(org, `?cursor=${OTHER.replace("+", "%2B")}`)).toEqual([]);
  });

  test("that was removed is gone, and can't be removed again", async () => {
    await set(org, NUMBER, { webhook: HOOK });
    const removed = await call(org, "DELETE", `/v1/inbound/${NUMBER}`);
    expect(removed).toMatchObject({ status: 200, body: { data: { phone_number: NUMBER, deleted: true } } });
    expectRefusal(await get(org, NUMBER), 404, "NOT_FOUND", /\+14155550100/);
    expectRefusal(await call(org, "DELETE", `/v1/inbound/${NUMBER}`), 404, "NOT_FOUND", /\+14155550100/);
    expect(await list(org)).toEqual([]);
  });

  test("is each org's own", async () => {
    const other = await makeOrg();
    await set(org, NUMBER, { webhook: HOOK });
    expectRefusal(await get(other, NUMBER), 404, "NOT_FOUND");
    expectRefusal(await call(other, "DELETE", `/v1/inbound/${NUMBER}`), 404, "NOT_FOUND");
    expect(await list(other)).toEqual([]);
    await set(other, NUMBER, { webhook: null });
    expect((await get(org, NUMBER)).body.data.webhook).toBe(HOOK);
  });
});

describe("a number is refused, and nothing is set", () => {
  test.each(["14155550100", "+1415555010", "+141555501000", "+999123456789", "anonymous", "+1%20415"])(
    "for %s, which is none",
    async (number) => {
      const shown = decodeURIComponent(number).replace("+", "\\+");
      const message = new RegExp(`^phone_number must be a phone number in E\\.164, .* and is "${shown}"`);
      expectRefusal(await set(org, number, { webhook: HOOK }), 400, "invalid_parameter", message);
      expectRefusal(await get(org, number), 400, "invalid_parameter", message);
      expectRefusal(await call(org, "DELETE", `/v1/inbound/${number}`), 400, "invalid_parameter", message);
      expect(await list(org)).toEqual([]);
    },
  );

  test.each([
    ["no webhook", {}, /^webhook must be a URL or null, and is missing/],
    ["a webhook that is no URL", { webhook: "crm" }, /^webhook must be a URL, and is "crm"/],
    ["an unknown event", { webhook: null, webhook_events: ["cites"] }, /webhook_events\[0\] .* is "cites"/],
    [
      "an event twice",
      { webhook: null, webhook_events: ["call", "call"] },
      /webhook_events\[1\] must not repeat/,
    ],
    ["an unknown member", { webhook: null, webook: HOOK }, /not known: "webook"/],
  ])("for %s", async (_what, body, message) => {
    expectRefusal(await set(org, NUMBER, body), 400, "invalid_parameter", message);
    expect(await list(org)).toEqual([]);
  });

  test("for a URL that may not be called", async () => {
    const deployed = { ...env, ALLOW_PRIVATE_TARGETS: "false" };
    const input = { method: "POST", path: `/v1/inbound/${NUMBER}`, body: { webhook: "https://10.0.0.1/" } };
    const message = /^webhook "https:\/\/10\.0\.0\.1\/" may not be called/;
    expectRefusal(await request(deployed, org, input), 422, "BLOCKED_URL", message);
    expect(await list(org)).toEqual([]);
  });

  test("for a key without the scope configure, which read alone may GET", async () => {
    await set(org, NUMBER, { webhook: HOOK });
    const reader = { key: await makeKey(org.user_id, { scopes: ["read"] }) };
    const configurer = { key: await makeKey(org.user_id, { scopes: ["configure"] }) };
    expectRefusal(await set(reader, NUMBER, { webhook: null }), 403, "FORBIDDEN", /configure/);
    expectRefusal(await call(reader, "DELETE", `/v1/inbound/${NUMBER}`), 403, "FORBIDDEN", /configure/);
    expectRefusal(await get(configurer, NUMBER), 403, "FORBIDDEN", /read/);
    expectRefusal(await call(configurer, "GET", "/v1/inbound"), 403, "FORBIDDEN", /read/);
    expect((await get(reader, NUMBER)).body.data.webhook).toBe(HOOK);
  });
});

describe("a report goes to", () => {
  const GIVEN = "http://127.0.0.1:1/given";
  const ORG = "http://127.0.0.1:1/org";
  const inbound = { inbound: true, to: NUMBER };
  const urlOf = async (report: Parameters<typeof reportCall>[1]) => {
    const { answer } = await reportCall(org, report);
    expect(answer.status).toBe(202);
    return answer.body.data.url;
  };

  beforeEach(async () => {
    await call(org, "PATCH", "/v1/org", { body: { default_webhook: ORG } });
    await set(org, NUMBER, { webhook: HOOK });
  });

  test("its own webhook first", async () => {
    expect(await urlOf({ webhook: GIVEN, payload: inbound })).toBe(GIVEN);
  });

  test("then the webhook of the number that was called", async () => {
    expect(await urlOf({ payload: inbound })).toBe(HOOK);
  });

  test("then its org's default, also where the number's webhook is null", async () => {
    expect(await urlOf({})).toBe(ORG);
    await set(org, NUMBER, { webhook: null });
    expect(await urlOf({ payload: inbound })).toBe(ORG);
  });

  test.each([
    ["outbound", { inbound: false, to: NUMBER }],
    ["inbound in quotes", { inbound: "true", to: NUMBER }],
    ["to another number", { inbound: true, to: OTHER }],
    ["to what is no number", { inbound: true, to: "anonymous" }],
    ["to no text", { inbound: true, to: { number: NUMBER } }],
    ["to nobody", { inbound: true }],
  ])("the org's default where the call is %s", async (_what, payload) => {
    expect(await urlOf({ payload })).toBe(ORG);
  });

  test("nobody where none of them is set, and where its own webhook is null", async () => {
    expect(await urlOf({ webhook: null, payload: inbound })).toBeNull();
    await call(org, "PATCH", "/v1/org", { body: { default_webhook: null } });
    const { answer } = await reportCall(org);
    expect(answer.body.data).toMatchObject({ url: null, status: "no_webhook", next_attempt_at: null });
    const other = await makeOrg();
    expect((await reportCall(other, { payload: inbound })).answer.body.data.url).toBeNull();
  });
});

test("a call goes where the settings of its report say, whatever they become", async () => {
  const [first, second] = [await receiver(200), await receiver(200)];
  await call(org, "PATCH", "/v1/org", { body: { default_webhook: first.url } });
  const { call_id } = await reportCall(org);
  await endedLogOf(org, call_id);
  await call(org, "PATCH", "/v1/org", { body: { default_webhook: second.url } });
  const again = await reportCall(org, { call_id });
  expect(again.answer).toMatchObject({ status: 200, body: { data: { url: first.url } } });
  expect((await resend(org, [call_id])).body.data[0]).toMatchObject({ url: first.url, status: "delivered" });
  expect(await first.received()).toHaveLength(2);
  expect(await second.received()).toEqual([]);
});

test("a call stored without a webhook stays so when a default is set, and can be created", async () => {
  const crm = await receiver(200);
  const { call_id } = await reportCall(org);
  await call(org, "PATCH", "/v1/org", { body: { default_webhook: NOBODY } });
  expect((await reportCall(org, { call_id })).answer).toMatchObject({
    status: 200,
    body: { data: { url: null, status: "no_webhook" } },
  });
  expect(await logOf(org, call_id)).toBeNull();
  await create(org, [call_id], crm.url);
  expect(await logOf(org, call_id)).toMatchObject({ url: crm.url, status: "delivered" });
});

test("a report to a default whose endpoint is disabled waits for it", async () => {
  const crm = await receiver(410, 200);
  await call(org, "PATCH", "/v1/org", { body: { default_webhook: crm.url } });
  await endedLogOf(org, (await reportCall(org)).call_id);
  const { call_id, answer } = await reportCall(org);
  expect(answer.body.data).toMatchObject({ status: "disabled", url: crm.url, reason: "endpoint_disabled" });
  await call(org, "POST", "/v1/endpoints/enable", { body: { url: crm.url } });
  await endedLogOf(org, call_id, ({ status }) => status === "delivered");
  expect(await crm.received()).toHaveLength(2);
});
