/** An org that is erased: only if it is suspended, step by step, wherever it is cut off, and then nothing of it is left. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { admin, afresh, newOrg, rowOf, suspend } from "../../support/admin.ts";
import { sessionOf } from "../../support/console.ts";
import { databaseWith } from "../../support/database.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  letTimePass,
  reportUnheard,
  request,
  sweepOnce,
} from "../../support/handlers.ts";
import { makeInbox, send } from "../../support/inboxes.ts";
import { call, expectRefusal, type Org, receiver, reportCall, rowsOf } from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  await env.DB.prepare("DELETE FROM orgs WHERE erasing_at IS NOT NULL").run(); // a run erases one org
  org = await newOrg();
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const later = (milliseconds: number) =>
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + milliseconds });
const erase = (of = org) => admin("DELETE", `/orgs/${of.user_id}`);
const sweep = (on: Partial<Env> = {}) => sweepOnce(envWithLosingQueues(on).env);

/** How many rows of an org each table has that has any; every table with a column for orgs is asked. */
async function rowsLeft({ user_id } = org): Promise<Record<string, number>> {
  const tables = await env.DB.prepare(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%user_id TEXT%' AND name <> 'sweep_walk'`,
  ).all<{ name: string }>();
  const counts = await env.DB.batch<{ n: number }>(
    tables.results.map(({ name }) =>
      env.DB.prepare(`SELECT count(*) AS n FROM ${name} WHERE user_id = ?`).bind(user_id),
    ),
  );
  const named = tables.results.map(({ name }, index) => [name, counts[index]?.results[0]?.n ?? 0] as const);
  return Object.fromEntries(named.filter(([, n]) => n > 0));
}

/** An org that has something in every table. Returns its inbox. */
async function fill(of: Org) {
  const crm = await receiver(500);
  const due = await reportUnheard(of, crm.url);
  await handleAttempts(envWithLosingQueues().env, [due]);
  const erased = await reportCall(of, { webhook: null });
  await call(of, "DELETE", `/v1/postcall/calls/${erased.call_id}`);
  await call(of, "POST", "/v1/inbound/+14155550100", { body: { webhook: null } });
  await request(envWithLosingQueues().env, of, {
    ...{ method: "POST", path: "/v1/postcall/webhooks/test", body: { url: crm.url } },
    headers: { "idempotency-key": "once", prefer: "respond-async" },
  });
  await sessionOf(env, of);
  return { inbox: await makeInbox(of), due, crm };
}

const ALL = {
  ...{ orgs: 1, api_keys: 1, signing_secrets: 1, numbers: 1, endpoints: 1, webhook_logs: 2, inboxes: 1 },
  ...{ erased_calls: 1, idempotency_keys: 1, audit: 4, console_tokens: 1 },
};

describe("an org is to be erased", () => {
  test("only while it is suspended; then nothing of it can be changed any more, and again is the same", async () => {
    expectRefusal(await erase(), 409, "CONFLICT", /Only a suspended org can be erased/);
    await suspend(org);
    for (let times = 1; times <= 2; times++)
      expect(await erase()).toMatchObject({
        status: 202,
        body: { data: { user_id: org.user_id, state: "erasing" }, errors: null },
      });
    expect((await admin("GET", `/orgs/${org.user_id}`)).body.data.state).toBe("erasing");
    for (const body of [{ suspended: false }, { name: "B" }])
      expectRefusal(await admin("PATCH", `/orgs/${org.user_id}`, body), 409, "CONFLICT", /being erased/);
    const key = { name: "k", scopes: ["read"] };
    expectRefusal(await admin("POST", `/orgs/${org.user_id}/keys`, key), 409, "CONFLICT", /being erased/);
  });

  test("by the operator only, and only one that is there", async () => {
    expectRefusal(await call(org, "DELETE", `/v1/admin/orgs/${org.user_id}`), 403, "FORBIDDEN");
    for (const id of ["org_0_none", "org_7_none"])
      expectRefusal(await admin("DELETE", `/orgs/${id}`), 404, "NOT_FOUND", `There is no org "${id}".`);
  });

  test("not before a minute has passed: until then somebody may remember its keys", async () => {
    await suspend(org);
    await erase();
    later(59_000);
    await sweep();
    expect(await rowsLeft()).toMatchObject({ orgs: 1, api_keys: 1 });
    later(1_001);
    await sweep();
    expect(await rowsLeft()).toEqual({});
  });
});

describe("an org that was erased", () => {
  test("has nothing left in any table, nor in its inboxes; another org has lost nothing", async () => {
    const other = await newOrg();
    const [{ inbox }, { inbox: others }] = [await fill(org), await fill(other)];
    await send(inbox.url, { body: "personal" });
    expect(await rowsLeft()).toEqual(ALL);
    await suspend(org);
    await erase();
    later(60_001);
    await sweep();
    expect(await rowsLeft()).toEqual({});
    expect(await rowsLeft(other)).toEqual(ALL);
    expect((await send(inbox.url)).status).toBe(404);
    expect((await send(others.url)).status).toBe(200);
  });

  test("is not found, and its keys are unknown; before, they were refused", async () => {
    await suspend(org);
    await erase();
    expectRefusal(await call(await afresh(org), "GET", "/v1/whoami"), 401, "AUTH_FAILURE"); // no more keys are made
    expectRefusal(await call(org, "GET", "/v1/whoami"), 403, "FORBIDDEN", /suspended/);
    later(60_001);
    await sweep();
    later(30_001);
    const unknown = await request(env, { key: "pc_0_unknown" }, { path: "/v1/whoami" });
    const known = await request(env, org, { path: "/v1/whoami" });
    expect([known.status, known.text]).toEqual([401, unknown.text]);
    expectRefusal(await admin("GET", `/orgs/${org.user_id}`), 404, "NOT_FOUND");
    expectRefusal(await erase(), 404, "NOT_FOUND");
  });

  test("gets no call any more, and nothing is sent for it, whatever message is still to come", async () => {
    const { due, crm } = await fill(org);
    const again = { ...due, attempt: 2 };
    await letTimePass(due, 5_000);
    const held = await makeSlowReport(org, async () => {
      await suspend(org);
      await erase();
      later(60_001);
      await sweep();
    });
    expect(held.status).toBe(409);
    const lossy = envWithLosingQueues();
    expect(await handleAttempts(lossy.env, [again])).toEqual(["ack"]);
    expect([...lossy.deliveries, ...lossy.retries]).toEqual([]);
    expect(await rowOf(again)).toBeNull();
    expect(await rowsLeft()).toEqual({});
    expect(await crm.received()).toHaveLength(1);
  });
});

/** A report whose key was checked before `between`, and which is written after it. */
async function makeSlowReport(of: Org, between: () => Promise<unknown>) {
  let isFirst = true;
  const DB = databaseWith(async (queries, work) => {
    if (isFirst && queries.some((query) => query.includes("INSERT INTO webhook_logs"))) {
      isFirst = false;
      await between();
    }
    return work();
  });
  const body = { payload: { call_id: "late" }, webhook: null };
  return request({ ...env, DB }, of, { method: "POST", path: "/v1/postcall/calls", body });
}

describe("an erasure", () => {
  test("goes three thousand rows of a table at a time", async () => {
    await env.DB.prepare(
      `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload, payload_bytes,
         status, delivery_id, delivery_ordinal, send_type, attempts, losses)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3345)
       SELECT ?1, 'call-' || i, 'call', 'msg', 'https://crm.example/', ?2, '', '{}', 2, 'delivered', 'dlv', 1, 'spawn', 1, 0 FROM n`,
    )
      .bind(org.user_id, Date.now())
      .run();
    await suspend(org);
    await erase();
    later(60_001);
    await sweep();
    expect(await rowsOf("webhook_logs", org)).toBe(345);
    expect(await rowsLeft()).toMatchObject({ orgs: 1, api_keys: 1 });
    await sweep();
    expect(await rowsLeft()).toEqual({});
  });

  test("that is cut off after any of its statements goes on, and the org's row is the last to go", async () => {
    await fill(org);
    await suspend(org);
    await erase();
    later(60_001);
    let cuts = 0;
    while ((await rowsLeft()).orgs === 1) {
      const before = await rowsLeft();
      let isCut = false;
      const DB = databaseWith(async (queries, work) => {
        const result = await work();
        if (queries.some((query) => /^DELETE FROM/.test(query) && query.includes("user_id = ?1")) && !isCut) {
          isCut = Object.keys(await rowsLeft()).length < Object.keys(before).length;
          if (isCut) throw new Error("cut off");
        }
        return result;
      });
      await sweep({ DB }).catch(() => {});
      cuts++;
      expect(cuts).toBeLessThan(20);
    }
    expect(cuts).toBe(Object.keys(ALL).length);
    expect(await rowsLeft()).toEqual({});
  });

  test("waits for an inbox that can't be ended, and ends it later", async () => {
    const { url } = await makeInbox(org);
    await suspend(org);
    await erase();
    later(60_001);
    const away = {
      ...{ idFromString: (id: string) => env.INBOXES.idFromString(id) },
      get: () => ({ end: () => Promise.reject(new Error("away")) }),
    } as unknown as Env["INBOXES"];
    await expect(sweep({ INBOXES: away })).rejects.toThrow("away");
    expect(await rowsLeft()).toMatchObject({ orgs: 1, inboxes: 1 });
    await sweep();
    expect(await rowsLeft()).toEqual({});
    expect((await send(url)).status).toBe(404);
  });
});
