/** An org that asks too often is told to wait, and nobody else is. A limit of three requests stands in for a deployment's. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { LIMIT_PERIOD_SECONDS } from "../../src/http/limits.ts";
import { envWithLosingQueues, request } from "../support/handlers.ts";
import { meter } from "../support/meter.ts";
import { expectRefusal, makeOrg, newCallId, type Org, rowsOf } from "../support/words.ts";

const CONFIG = import.meta.glob<string>("../../wrangler.toml", {
  ...{ eager: true, query: "?raw", import: "default" },
});

let org: Org;
let other: Org;
beforeEach(async () => {
  [org, other] = [await makeOrg(), await makeOrg()];
});

type Limits = Partial<Pick<Env, "REPORTS_LIMIT" | "SENDS_LIMIT" | "REQUESTS_LIMIT" | "ADDRESSES_LIMIT">>;
const limited = (limits: Limits) => envWithLosingQueues(limits).env;

const report = (on: Env, as: Org, payload: object = {}) =>
  request(on, as, {
    ...{ method: "POST", path: "/v1/postcall/calls" },
    body: { payload: { call_id: newCallId(), ...payload } },
  });

/** The statuses of requests made one after another. A new period may begin among them, so there are enough for two. */
async function statusesOf(count: number, ask: () => Promise<{ status: number }>): Promise<number[]> {
  const statuses: number[] = [];
  for (let n = 0; n < count; n++) statuses.push((await ask()).status);
  return statuses;
}

test("over its limit an org's reports are refused with 429 and when to come back; another org's are taken", async () => {
  const on = limited({ REPORTS_LIMIT: env.TIGHT_LIMIT });
  const statuses = await statusesOf(8, () => report(on, org));
  expect(statuses.filter((status) => status === 202).length).toBeLessThanOrEqual(6);
  const refused = statuses.filter((status) => status === 429).length;
  expect(refused).toBeGreaterThanOrEqual(2);
  expect(await rowsOf("webhook_logs", org)).toBe(8 - refused);
  const answer = await report(on, org);
  expectRefusal(answer, 429, "RATE_LIMITED", /reports and citations come from this org/);
  expect(answer.headers.get("retry-after")).toBe(String(LIMIT_PERIOD_SECONDS));
  expect((await report(on, other)).status).toBe(202);
  expect((await request(on, org, { path: "/v1/org" })).status).toBe(200);
});

test("a report counts once for each 64 KiB that its body has begun", async () => {
  const on = limited({ REPORTS_LIMIT: env.TIGHT_LIMIT });
  const large = await report(on, org, { note: "x".repeat(4 * 65_536) });
  expectRefusal(large, 429, "RATE_LIMITED");
  expect(await rowsOf("webhook_logs", org)).toBe(0);
});

test("a report that is refused counts as much as one that is taken: it was read", async () => {
  const on = limited({ REPORTS_LIMIT: env.TIGHT_LIMIT });
  const body = { payload: { note: "x".repeat(4 * 65_536) } };
  const refused = await request(on, org, { method: "POST", path: "/v1/postcall/calls", body });
  expectRefusal(refused, 429, "RATE_LIMITED");
});

test("a resend counts once for each 20 calls that it has begun", async () => {
  const on = limited({ SENDS_LIMIT: env.TIGHT_LIMIT });
  const resend = (count: number) =>
    request(on, org, {
      ...{ method: "POST", path: "/v1/postcall/webhooks/resend" },
      body: { call_ids: Array.from({ length: count }, (_, n) => `call-${n}`) },
    });
  expectRefusal(await resend(61), 429, "RATE_LIMITED");
  expect(
    (
      await request(on, other, {
        method: "POST",
        path: "/v1/postcall/webhooks/resend",
        body: { call_ids: ["call"] },
      })
    ).status,
  ).toBe(400);
});

describe("each kind has a limit of its own", () => {
  test.each<[string, Limits, { method: string; path: string; body?: object }]>([
    [
      "resends",
      { SENDS_LIMIT: env.TIGHT_LIMIT },
      { method: "POST", path: "/v1/postcall/webhooks/resend", body: { call_ids: ["none"] } },
    ],
    ["other requests", { REQUESTS_LIMIT: env.TIGHT_LIMIT }, { method: "GET", path: "/v1/org" }],
  ])("%s", async (_kind, limits, input) => {
    const on = limited(limits);
    const statuses = await statusesOf(8, () => request(on, org, input));
    expect(statuses).toContain(429);
    expect((await request(on, other, input)).status).not.toBe(429);
    expect((await report(on, org)).status).toBe(202);
  });

  test("a request for statistics counts as many", async () => {
    const on = limited({ REQUESTS_LIMIT: env.TIGHT_LIMIT });
    expectRefusal(await request(on, org, { path: "/v1/postcall/stats" }), 429, "RATE_LIMITED");
  });
});

describe("an address from which bad keys come", () => {
  const badKey = () => ({ key: `pc_${crypto.randomUUID()}` });
  const from = (address: string) => ({ path: "/v1/org", headers: { "cf-connecting-ip": address } });

  test("is refused before a key is looked up, and a key that is known goes on working from there", async () => {
    let queries = 0;
    const DB = meter(env.DB, () => {
      queries++;
    });
    const on = { ...limited({ ADDRESSES_LIMIT: env.TIGHT_LIMIT }), DB };
    const address = crypto.randomUUID();
    await request(on, org, from(address)); // now it is known
    const statuses = await statusesOf(8, () => request(on, badKey(), from(address)));
    expect(statuses).toContain(401);
    const answer = await request(on, badKey(), from(address));
    expectRefusal(answer, 429, "RATE_LIMITED", /without a valid API key/);
    const before = queries;
    await statusesOf(20, () => request(on, badKey(), from(address)));
    expect(queries).toBe(before);
    expect((await request(on, org, from(address))).status).toBe(200);
    expect((await request(on, badKey(), from(crypto.randomUUID()))).status).toBe(401);
  });
});

test("a key that was valid before is looked up again, whatever comes from its address", async () => {
  const on = limited({ ADDRESSES_LIMIT: env.TIGHT_LIMIT });
  const from = { path: "/v1/org", headers: { "cf-connecting-ip": crypto.randomUUID() } };
  expect((await request(on, org, from)).status).toBe(200);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31_000 });
  try {
    const statuses = await statusesOf(8, () => request(on, { key: `pc_${crypto.randomUUID()}` }, from));
    expect(statuses).toContain(429);
    expect((await request(on, org, from)).status).toBe(200);
  } finally {
    vi.useRealTimers();
  }
});

test("the addresses of one IPv6 network count as one, another network apart", async () => {
  const on = limited({ ADDRESSES_LIMIT: env.TIGHT_LIMIT });
  const ask = (address: string) =>
    request(
      on,
      { key: `pc_${crypto.randomUUID()}` },
      { path: "/v1/org", headers: { "cf-connecting-ip": address } },
    );
  let host = 0;
  const statuses = await statusesOf(8, () => ask(`2001:db8::${(++host).toString(16)}`));
  expect(statuses).toContain(429);
  expect((await ask("2001:db8:0:0:ffff:1:2:3")).status).toBe(429);
  expect((await ask("2001:db8:0:1::1")).status).toBe(401);
});

test("what is asked without a key is counted by its address: whether the service is ready, and an inbox's page", async () => {
  const on = limited({ ADDRESSES_LIMIT: env.TIGHT_LIMIT });
  for (const path of ["/readyz", `/view/${"0".repeat(32)}`]) {
    const headers = { "cf-connecting-ip": crypto.randomUUID() };
    const statuses = await statusesOf(8, () => request(on, { key: "" }, { path, headers }));
    expect(statuses).toContain(429);
    expect((await request(on, { key: "" }, { path: "/healthz", headers })).status).toBe(200);
  }
});

test("the period that refusals name is that of every limit of a deployment", () => {
  const [config = ""] = Object.values(CONFIG);
  const periods = [...config.matchAll(/simple = \{ limit = \d+, period = (\d+) \}/g)].map(
    ([, period]) => period,
  );
  expect(periods).toHaveLength(4);
  expect(new Set(periods)).toEqual(new Set([String(LIMIT_PERIOD_SECONDS)]));
});
