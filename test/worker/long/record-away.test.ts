/** A record that is away for a moment or longer: everything is written once, and nothing is sent twice. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  databaseOnceOpened,
  envWithLosingQueues,
  handleAttempts,
  reportUnheard,
  request,
} from "../../support/handlers.ts";
import { logOf, makeOrg, newCallId, type Org, receiver } from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
  for (const method of ["error", "warn"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a record that is away", () => {
  const away = new Error("D1_ERROR: Network connection lost.");

  test("when a batch is read sends the messages back, unsent", async () => {
    const crm = await receiver(200);
    const keys = [await reportUnheard(org, crm.url), await reportUnheard(org, crm.url)];
    const DB = brokenDatabase({ batch: () => Promise.reject(away) });
    expect(await handleAttempts(envWithLosingQueues({ DB }).env, keys)).toEqual([5, 5]);
    expect(await crm.received()).toEqual([]);
  });

  test("for a moment when a batch is read is asked again at once, and each call is sent once", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    let tries = 0;
    const batch = async (statements: D1PreparedStatement[]) => {
      const answers = await env.DB.batch(statements);
      if (++tries === 1) throw away;
      return answers;
    };
    const DB = brokenDatabase({ batch });
    expect(await handleAttempts(envWithLosingQueues({ DB }).env, [key])).toEqual(["ack"]);
    expect(tries).toBe(3);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
    expect(await crm.received()).toHaveLength(1);
  });

  test("when the results are written sends them back, and the attempt is recorded later and not made again", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    let tries = 0;
    const DB = databaseOnceOpened(() => {
      tries++;
      return Promise.reject(away);
    });
    expect(await handleAttempts(envWithLosingQueues({ DB }).env, [key])).toEqual([2]);
    expect(tries).toBeGreaterThan(3);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "pending", metadata: [] });
    expect(await handleAttempts(envWithLosingQueues().env, [key])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
    expect(await crm.received()).toHaveLength(1);
  });

  test("for a moment, or after it committed, is written again at once: one entry in the log, and the retry is enqueued", async () => {
    const crm = await receiver(500);
    const key = await reportUnheard(org, crm.url);
    let tries = 0;
    const DB = databaseOnceOpened(async (statements) => {
      tries++;
      if (tries === 1) throw away;
      const answers = await env.DB.batch(statements);
      if (tries === 2) throw away;
      return answers;
    });
    const { env: lossy, retries } = envWithLosingQueues({ DB });
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(tries).toBe(4); // the last one finds that the entry is there
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "retrying", metadata: [{ attempt: 1 }] });
    expect(retries).toMatchObject([{ body: { call_id: key.call_id, attempt: 2 } }]);
    expect(await crm.received()).toHaveLength(1);
  });

  test("for a moment while a call is reported, or after it committed, is asked again: 202, and enqueued once", async () => {
    const crm = await receiver(200);
    let tries = 0;
    const failing = (statement: D1PreparedStatement): object => ({
      bind: (...values: unknown[]) => failing(statement.bind(...values)),
      first: async () => {
        tries++;
        if (tries === 1) throw away;
        const row = await statement.first();
        if (tries === 2) throw away;
        return row;
      },
    });
    const DB = brokenDatabase({
      prepare: (query: string) =>
        query.startsWith("INSERT INTO webhook_logs") ? failing(env.DB.prepare(query)) : env.DB.prepare(query),
    });
    const { env: lossy, deliveries } = envWithLosingQueues({ DB });
    const call_id = newCallId();
    const body = { payload: { call_id }, webhook: crm.url };
    const answer = await request(lossy, org, { method: "POST", path: "/v1/postcall/calls", body });
    expect(answer).toMatchObject({ status: 202, body: { data: { status: "pending" } } });
    expect(tries).toBe(3);
    expect(deliveries.map((message) => message.body.call_id)).toEqual([call_id]);
    const again = await request(lossy, org, { method: "POST", path: "/v1/postcall/calls", body });
    expect(again.status).toBe(200);
    expect(deliveries).toHaveLength(1);
  });

  test("for a moment while a call is resent, after it committed, starts one delivery and enqueues it", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    await handleAttempts(envWithLosingQueues().env, [key]);
    let tries = 0;
    const failing = (statement: D1PreparedStatement): object => ({
      bind: (...values: unknown[]) => failing(statement.bind(...values)),
      all: async () => {
        tries++;
        const rows = await statement.all();
        if (tries === 1) throw away;
        return rows;
      },
    });
    const DB = brokenDatabase({
      prepare: (query: string) =>
        query.startsWith("UPDATE webhook_logs") ? failing(env.DB.prepare(query)) : env.DB.prepare(query),
    });
    const { env: lossy, deliveries } = envWithLosingQueues({ DB });
    const path = "/v1/postcall/webhooks/resend";
    const headers = { prefer: "respond-async" };
    const body = { call_ids: [key.call_id] };
    expect((await request(lossy, org, { method: "POST", path, body, headers })).status).toBe(202);
    expect(tries).toBe(2);
    expect(deliveries).toHaveLength(1);
    await handleAttempts(
      envWithLosingQueues().env,
      deliveries.map(({ body: { v: _v, ...resent } }) => resent),
    );
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "delivered",
      metadata: [{ send_type: "spawn" }, { send_type: "resend" }],
    });
    expect(await crm.received()).toHaveLength(2);
  });
});

/** The test's database with some of its methods replaced. */
const brokenDatabase = (methods: object): D1Database =>
  ({
    prepare: (query: string) => env.DB.prepare(query),
    batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
    ...methods,
  }) as unknown as D1Database;
