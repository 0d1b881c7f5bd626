/** Inbound numbers: set, answered, listed, removed; what is none is refused by name, and another org's is not seen. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { request } from "../support/handlers.ts";
import { call, expectRefusal, makeKey, makeOrg, type Org } from "../support/words.ts";

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
    expect(await list(org, `?after=${NUMBER}`)).toEqual([second]);
    expect(await list(org, `?after=${OTHER.replace("+", "%2B")}`)).toEqual([]);
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
