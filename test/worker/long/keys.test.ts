/** What checking a key costs, and what a key without `read` is shown. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { request } from "../../support/handlers.ts";
import { meter } from "../../support/meter.ts";
import {
  call,
  endedLogOf,
  makeKey,
  makeOrg,
  newCallId,
  type Org,
  receiver,
  reportCall,
} from "../../support/words.ts";

/** Asks with these keys one after another. Returns the number of queries. */
async function queriesFor(...keys: string[]): Promise<number> {
  let queries = 0;
  const DB = meter(env.DB, () => {
    queries++;
  });
  for (const key of keys)
    expect(await request({ ...env, DB }, { key }, { path: "/v1/org/none" })).toMatchObject({
      status: 401,
      body: { errors: [{ error: "AUTH_FAILURE" }] },
    });
  return queries;
}

describe("a bad key", () => {
  test.each(["7", "131072", "sk_live_0123456789", "pc_", `pc_${"x".repeat(126)}`, "pc_é12345", "pc_12 345"])(
    "that can't be one by its form costs no query: %s",
    async (key) => {
      expect(await queriesFor(encodeURI(key), `Bearer ${encodeURI(key)}`)).toBe(0);
    },
  );

  test("that nobody has costs one query in ten seconds, however often it comes", async () => {
    const key = `pc_${crypto.randomUUID()}`;
    expect(await queriesFor(key, key, `bearer ${key}`)).toBe(1);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10_001 });
    try {
      expect(await queriesFor(key, key)).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  test("pushes no good one out, however many there are", async () => {
    const org = await makeOrg();
    const isKnown = async () => {
      let queries = 0;
      const DB = meter(env.DB, () => {
        queries++;
      });
      await request({ ...env, DB }, org, { path: "/v1/nothing" });
      return queries === 0;
    };
    await isKnown();
    await queriesFor(...Array.from({ length: 1_500 }, (_, n) => `pc_flood_${n}`));
    expect(await isKnown()).toBe(true);
  });
});

describe("a key that may not read", () => {
  const QUERY = "?token=secret-query";

  /** An org, and keys of it that have one scope each and lack `read`. */
  async function scene() {
    const org = await makeOrg();
    const keyOf = async (...scopes: ("report" | "send" | "configure")[]): Promise<Org> => ({
      ...org,
      key: await makeKey(org.user_id, { scopes }),
    });
    const [reporter, sender, configurer] = [
      await keyOf("report"),
      await keyOf("send"),
      await keyOf("configure"),
    ];
    return { org, reporter, sender, configurer };
  }

  test("is answered without payloads and URL queries, by every route that it may use", async () => {
    const { org, reporter, sender, configurer } = await scene();
    const crm = await receiver(200);
    const webhook = crm.url + QUERY;
    const call_id = newCallId();
    const payload = { call_id, status: "completed", note: "secret-note" };
    const post = (as: Org, path: string, body: object) => call(as, "POST", path, { body });
    const answers = [
      await post(reporter, "/v1/postcall/calls", { payload, webhook }),
      await post(reporter, "/v1/postcall/calls", { payload, webhook }),
      await post(reporter, `/v1/postcall/calls/${call_id}/citations`, {
        citations: [{ value: "secret-value" }],
      }),
      await post(reporter, `/v1/postcall/calls/${call_id}/citations`, {
        citations: [{ value: "secret-value" }],
      }),
      await call(configurer, "PATCH", "/v1/org", {
        body: { default_webhook: webhook, ops_webhook: webhook },
      }),
      await post(configurer, "/v1/inbound/+14155550100", { webhook }),
      await post(sender, "/v1/postcall/webhooks/resend", { call_ids: [call_id] }),
      await post(sender, "/v1/postcall/webhooks/test", {}),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 200, 200, 200, 200, 200, 200, 200]);
    for (const { text } of answers) expect(text).not.toMatch(/secret|"payload"/);
    expect(answers.flatMap(({ body }) => [body.data].flat()).flatMap(({ url }) => url ?? [])).toEqual(
      Array(4).fill(crm.url),
    );
    expect((await endedLogOf(org, call_id)).url).toBe(webhook);
    expect((await call(org, "GET", "/v1/org")).body.data.default_webhook).toBe(webhook);
    expect((await crm.received()).every(({ query }) => query === QUERY.slice(1))).toBe(true);
  });

  test("can't create webhooks, whose URL it could not read back", async () => {
    const { org, sender } = await scene();
    const { call_id } = await reportCall(org);
    const body = { call_ids: [call_id], webhook_url: "https://crm.example/" };
    const answer = await call(sender, "POST", "/v1/postcall/webhooks/create", { body });
    expect(answer).toMatchObject({
      status: 403,
      body: { errors: [{ message: expect.stringContaining('"read"') }] },
    });
  });

  test("does not learn the names of members that it did not send", async () => {
    const { org, reporter } = await scene();
    const { call_id } = await reportCall(org, { payload: { diagnosis: "x", n: 1 } });
    const { answer } = await reportCall(reporter, { call_id, payload: { n: 2 } });
    expect(answer.status).toBe(409);
    expect(answer.body.errors[0].message).toMatch(/What differs: payload\.n\.$/);
    const { answer: fewer } = await reportCall(reporter, { call_id, payload: { n: 1 } });
    expect(fewer.body.errors[0].message).toMatch(/The report before had more members\.$/);
    const { answer: full } = await reportCall(org, { call_id, payload: { n: 1 } });
    expect(full.body.errors[0].message).toMatch(/What differs: payload\.diagnosis\.$/);
  });
});
