/** An org's own limits: what it stores, and how much it reports. Nobody else is held up by them. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { countUsage } from "../../../src/record/usage.ts";
import { readWalked } from "../../../src/record/walk.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  letTimePass,
  reportUnheard,
  sweepOnce,
} from "../../support/handlers.ts";
import {
  call,
  endedLogOf,
  expectRefusal,
  makeOrg,
  type Org,
  receiver,
  reportCall,
  resend,
  rowsOf,
} from "../../support/words.ts";

const ADMIN = { key: env.ADMIN_KEY };
let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const limit = (limits: object, of = org) =>
  call(ADMIN, "PATCH", `/v1/admin/orgs/${of.user_id}`, { body: { limits } });
const setStored = (bytes: number) =>
  env.DB.prepare("UPDATE orgs SET stored_bytes = ? WHERE user_id = ?").bind(bytes, org.user_id).run();
const usageOf = async (of = org) => (await call(of, "GET", "/v1/org")).body.data.usage;

/** Lets what isolates remember of orgs go by. */
async function later<T>(work: () => Promise<T>, seconds = 31): Promise<T> {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1_000 });
  try {
    return await work();
  } finally {
    vi.useRealTimers();
  }
}

describe("an org that stores what it may", () => {
  test("reports no new call, and is answered the ones that it has reported", async () => {
    const { call_id } = await reportCall(org);
    await limit({ stored_gb: 0.001 });
    await setStored(1_000_000);
    await later(async () => {
      const { answer } = await reportCall(org);
      expectRefusal(answer, 429, "QUOTA_EXCEEDED", /^This org stores 0\.001 GB, and may store 0\.001/);
      expect(answer.headers.get("retry-after")).toBe("3600");
      expect((await reportCall(org, { call_id })).answer.status).toBe(200);
      expect((await reportCall(org, { call_id, payload: { n: 1 } })).answer.status).toBe(409);
      expect(await rowsOf("webhook_logs", org)).toBe(1);
      expect((await reportCall(await makeOrg())).answer.status).toBe(202);
    });
  });

  test("adds no citations and makes no test, and resends until it stores a tenth more", async () => {
    const crm = await receiver(200);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    await endedLogOf(org, call_id);
    await limit({ stored_gb: 0.001 });
    await setStored(1_050_000);
    await later(async () => {
      const cited = await call(org, "POST", `/v1/postcall/calls/${call_id}/citations`, {
        body: { citations: [1] },
      });
      expectRefusal(cited, 429, "QUOTA_EXCEEDED");
      expectRefusal(
        await call(org, "POST", "/v1/postcall/webhooks/test", { body: { url: crm.url } }),
        429,
        "QUOTA_EXCEEDED",
      );
      expect((await resend(org, [call_id], { prefer: "wait=1" })).status).toBe(200);
    });
    await setStored(1_100_000);
    await later(async () => expectRefusal(await resend(org, [call_id]), 429, "QUOTA_EXCEEDED"), 62);
    expect(await rowsOf("webhook_logs", org)).toBe(1);
  });

  test("keeps of further attempts only what `metadata` shows; receivers get the whole of them", async () => {
    const failing = await receiver({ status: 503, body: "x".repeat(4_096) }, 200);
    const key = await reportUnheard(org, failing.url, { n: 1 });
    await limit({ stored_gb: 0.001 });
    await setStored(1_000_000);
    const { env: lossy } = envWithLosingQueues();
    await handleAttempts(lossy, [key]);
    await letTimePass(key, 60_000);
    await handleAttempts(lossy, [{ ...key, attempt: 2 }], "postcall-retries");
    const { data } = (await call(org, "GET", `/v1/postcall/webhooks/${key.call_id}/attempts`)).body;
    expect(data).toMatchObject([
      { response_code: 503, request: null, response: null, details_dropped: true },
      { response_code: 200, request: null, response: null, details_dropped: true },
    ]);
    expect((await failing.received()).map(({ body }) => JSON.parse(body).n)).toEqual([1, 1]);
  });

  test("goes on once there is room again", async () => {
    await reportCall(org);
    await limit({ stored_gb: 0.001 });
    await setStored(1_000_000);
    await later(async () => expect((await reportCall(org)).answer.status).toBe(429));
    await limit({ stored_gb: null });
    await later(async () => expect((await reportCall(org)).answer.status).toBe(202), 62);
  });

  test("by what this isolate has let in since, before anything is counted", async () => {
    await limit({ stored_gb: 0.001 });
    await setStored(950_000);
    const payload = { note: "x".repeat(60_000) };
    expect((await reportCall(org, { payload })).answer.status).toBe(202);
    expectRefusal((await reportCall(org)).answer, 429, "QUOTA_EXCEEDED");
  });
});

describe("what an isolate has let in", () => {
  test("counts until the record counts it, however long that takes", async () => {
    await limit({ stored_gb: 0.001 });
    await setStored(900_000);
    const note = "x".repeat(60_000);
    const statuses: number[] = [];
    for (let n = 0; n < 4; n++)
      statuses.push((await later(() => reportCall(org, { payload: { note } }), 11 * (n + 1))).answer.status);
    expect(statuses).toEqual([202, 202, 429, 429]);
  });
});

describe("an org with a number of reports a minute", () => {
  test("has those and no more, however many keys or isolates report; another org's are taken", async () => {
    await limit({ reports_per_minute: 3 });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push((await reportCall(org)).answer.status);
    expect(statuses).toEqual([202, 202, 202, 429, 429]);
    const { answer } = await later(() => reportCall(org), 11);
    expectRefusal(answer, 429, "RATE_LIMITED", /may report 3 calls a minute/);
    expect(answer.headers.get("retry-after")).toBe("60");
    expect((await later(() => reportCall(org), 73)).answer.status).toBe(202);
    expect(await rowsOf("webhook_logs", org)).toBe(4);
    expect((await reportCall(await makeOrg())).answer.status).toBe(202);
  });
});

describe("what is stored", () => {
  /** Counts all orgs anew, up to now, as if so many days had gone by. */
  async function count(days = 1) {
    await env.DB.prepare("UPDATE sweep_walk SET floor = ?").bind(Date.now()).run();
    const floor = (await readWalked(env.DB)) ?? 0;
    const now = Date.now() + days * 86_400_001;
    for (let run = 0; run < 20; run++) await countUsage(env.DB, { now, floor });
  }

  test("is counted each day: each log about as it is, and what was removed no more", async () => {
    await sweepOnce(envWithLosingQueues().env); // from now on there is a floor
    const other = await makeOrg();
    const note = Array.from({ length: 20_000 }, () => Math.random().toString(36)[2]).join("");
    const { call_id } = await reportCall(org, { payload: { note } });
    await reportCall(org, { payload: { note } });
    await count(1);
    const { stored_bytes, counted_at } = await usageOf();
    expect(stored_bytes).toBeGreaterThan(2 * 10_000);
    expect(stored_bytes).toBeLessThan(2 * 22_000);
    expect(counted_at).toMatch(/^20/);
    expect((await usageOf(other)).stored_bytes).toBe(0);
    await call(org, "DELETE", `/v1/postcall/calls/${call_id}`);
    await count(3);
    expect(Math.abs((await usageOf()).stored_bytes / stored_bytes - 0.5)).toBeLessThan(0.05);
  });

  test("is counted over many logs in steps, none twice and none left out", async () => {
    await sweepOnce(envWithLosingQueues().env);
    const crowd = await makeOrg();
    await env.DB.prepare(
      `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, created_at, report_digest, payload, payload_bytes,
         status, delivery_ordinal, attempts, losses)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
       SELECT ?1, 'call-' || i, 'call', 'msg', i, '', printf('%.*c', 984, 'x'), 984, 'no_webhook', 0, 0, 0 FROM n`,
    )
      .bind(crowd.user_id)
      .run();
    await count(5);
    expect((await usageOf(crowd)).stored_bytes).toBe(2_500 * (984 + 2 + 2 + 512));
  });

  test("that large answers add to logs is added by their batch", async () => {
    const crm = await receiver({ status: 200, body: "x".repeat(4_096) });
    const keys = await Promise.all(Array.from({ length: 20 }, () => reportUnheard(org, crm.url)));
    await handleAttempts(envWithLosingQueues().env, keys);
    expect((await usageOf()).stored_bytes).toBeGreaterThan(20 * 4_096);
  });

  test("of endpoints that failed counts too, also when their calls are gone", async () => {
    await sweepOnce(envWithLosingQueues().env);
    await env.DB.prepare(
      `INSERT INTO endpoints (user_id, url, state, version, consecutive_failures)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
       SELECT ?, 'https://crm.example/' || i, 'active', 'v', 1 FROM n`,
    )
      .bind(org.user_id)
      .run();
    await count(9);
    expect((await usageOf()).stored_bytes).toBe(50 * 1_024);
  });

  test("is counted only up to where the sweep has walked, so that nothing is counted twice", async () => {
    await sweepOnce(envWithLosingQueues().env);
    await reportCall(org);
    await env.DB.prepare("UPDATE sweep_walk SET low = 0, floor = ?, user_id = ''").bind(Date.now()).run();
    expect(await readWalked(env.DB)).toBe(0);
    await env.DB.prepare("UPDATE sweep_walk SET user_id = NULL").run();
    expect(await readWalked(env.DB)).toBeGreaterThan(0);
  });

  test("that is much is taken away when it is removed", async () => {
    await env.DB.prepare(
      `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, created_at, report_digest, payload, payload_bytes,
         status, delivery_ordinal, attempts, losses)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5)
       SELECT ?1, 'call-' || i, 'call', 'msg', i, '', zeroblob(1000000), 1000000, 'no_webhook', 0, 0, 0 FROM n`,
    )
      .bind(org.user_id)
      .run();
    await setStored(6_000_000);
    await sweepOnce(envWithLosingQueues().env);
    expect(await rowsOf("webhook_logs", org)).toBe(0);
    expect((await usageOf()).stored_bytes).toBeLessThan(1_000_000);
  });

  test("that is much is added when the sweep walks over it", async () => {
    const { env: lossy } = envWithLosingQueues();
    await sweepOnce(lossy);
    const before = (await usageOf()).stored_bytes;
    const note = () =>
      Array.from({ length: 100_000 }, () => Math.random().toString(36).slice(2, 10)).join("");
    for (let n = 0; n < 3; n++) {
      const key = await reportUnheard(org, "http://127.0.0.1:1/", { note: note() });
      await letTimePass(key, 0);
      await env.DB.prepare("UPDATE webhook_logs SET created_at = created_at - 61000 WHERE call_id = ?")
        .bind(key.call_id)
        .run();
    }
    await env.DB.prepare("UPDATE sweep_walk SET floor = floor - 120000").run();
    await sweepOnce(lossy);
    expect((await usageOf()).stored_bytes - before).toBeGreaterThan(1_048_576);
  });
});
