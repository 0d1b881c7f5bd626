/** What one slow receiver, a lost object or a record that is away does to the rest: nothing, and nothing is lost. */
import { evictAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Call } from "../../src/call/object.ts";
import {
  databaseOnceOpened,
  envWithLosingQueues,
  handleAttempts,
  letTimePass,
  reportUnheard,
  request,
} from "../support/handlers.ts";
import {
  eventually,
  logOf,
  makeOrg,
  NOBODY,
  newCallId,
  type Org,
  receiver,
  reportCall,
  resend,
  settledLogOf,
} from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
  for (const method of ["error", "warn"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a slow receiver", () => {
  test("of 12 s in a batch of 50 does not hold back the other 49, and is delivered too", async () => {
    const slow = await receiver({ status: 200, delayMs: 12_000 });
    const crm = await receiver(200);
    const keys = await Promise.all(
      [slow.url, ...Array(49).fill(crm.url)].map((url) => reportUnheard(org, url)),
    );
    const { env: lossy, retries } = envWithLosingQueues();
    const started = Date.now();
    const outcomes = await handleAttempts(lossy, keys);
    expect(Date.now() - started).toBeLessThan(6_000);
    expect(outcomes).toEqual(Array(50).fill("ack"));
    expect(retries).toEqual([{ body: { v: 1, ...keys[0] }, delaySeconds: 3 }]);
    expect(await crm.received()).toHaveLength(49);
    const [first, ...others] = await Promise.all(keys.map((key) => logOf(org, key.call_id)));
    expect(first).toMatchObject({ status: "pending", metadata: [] });
    expect(others.every((log) => log.status === "delivered" && log.metadata.length === 1)).toBe(true);

    const again = keys.slice(0, 1);
    const joined = await eventually(async () => {
      const [outcome] = await handleAttempts(lossy, again, "postcall-retries");
      return outcome === "ack" ? logOf(org, again[0]?.call_id ?? "") : undefined;
    });
    expect(joined).toMatchObject({ status: "delivered", metadata: [{ attempt: 1, response_code: 200 }] });
    expect(await slow.received()).toHaveLength(1);
  });
});

describe("one call", () => {
  test("never has two requests at once, whatever asks for them", async () => {
    const crm = await receiver({ status: 500, delayMs: 150 });
    const { call_id } = await reportCall(org, { webhook: crm.url });
    for (let round = 0; round < 4; round++) {
      await Promise.all([resend(org, [call_id]), resend(org, [call_id])]);
    }
    const log = await settledLogOf(org, call_id);
    const received = await crm.received();
    expect(received.length).toBe(log.metadata.length);
    expect(received.length).toBeGreaterThanOrEqual(6);
    for (const [index, request] of received.slice(1).entries()) {
      expect(request.started_at).toBeGreaterThanOrEqual(
        received[index]?.ended_at ?? Number.POSITIVE_INFINITY,
      );
    }
    const sentAt = log.metadata.map((entry: { sent_at: string }) => Date.parse(entry.sent_at));
    expect(sentAt.every((at: number, index: number) => index === 0 || at > sentAt[index - 1])).toBe(true);
  });
});

/** An object is evicted only once it is idle: one that kept a timer for its attempt's 15 s would run into this. */
const EVICTION = { timeout: 10_000 };

describe("a lost object", () => {
  const lostObjects = () =>
    envWithLosingQueues({
      CALLS: {
        getByName: () => ({ attempt: () => Promise.reject(new Error("Durable Object reset")) }),
      } as unknown as DurableObjectNamespace<Call>,
    });

  test("has its attempt made again twice, 5 s apart, and then recorded as interrupted", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy, retries } = lostObjects();
    expect(await handleAttempts(lossy, [key])).toEqual([5]);
    expect(await handleAttempts(lossy, [key])).toEqual([5]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "pending", metadata: [] });
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "retrying",
      metadata: [{ attempt: 1, response_code: null, error: "interrupted" }],
    });
    expect(retries).toMatchObject([{ body: { attempt: 2 } }]);
    await letTimePass(key, 5_000);
    const second = { ...key, attempt: 2 };
    expect(await handleAttempts(lossy, [second])).toEqual([5]);
    expect(await handleAttempts(envWithLosingQueues().env, [second])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "delivered",
      metadata: [{}, { attempt: 2 }],
    });
  });

  test("is counted once where its write committed and was made again", async () => {
    const key = await reportUnheard(org, NOBODY);
    let tries = 0;
    const DB = databaseOnceOpened(async (statements) => {
      const answers = await env.DB.batch(statements);
      if (++tries <= 2) throw new Error("D1_ERROR: Network connection lost.");
      return answers;
    });
    const { env: lossy } = lostObjects();
    expect(await handleAttempts({ ...lossy, DB }, [key])).toEqual([5]);
    expect(tries).toBe(3);
    expect(await handleAttempts(lossy, [key])).toEqual([5]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "pending", metadata: [] });
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({ metadata: [{ error: "interrupted" }] });
  });

  test("that forgot an attempt which is recorded does not send it again", EVICTION, async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    await handleAttempts(lossy, [key]);
    await evictAllDurableObjects();
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(await crm.received()).toHaveLength(1);
  });

  test("orders the entries after it by what the record holds", EVICTION, async () => {
    const crm = await receiver(500, 200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    await handleAttempts(lossy, [key]);
    const ahead = Date.now() + 60_000;
    await env.DB.prepare("UPDATE attempts SET sent_at = ? WHERE call_id = ?").bind(ahead, key.call_id).run();
    await letTimePass(key, 5_000);
    await evictAllDurableObjects();
    await handleAttempts(lossy, [{ ...key, attempt: 2 }]);
    const { metadata } = await logOf(org, key.call_id);
    expect(metadata.map(({ sent_at }: { sent_at: string }) => Date.parse(sent_at))).toEqual([
      ahead,
      ahead + 1,
    ]);
  });
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

  test("for a moment when a batch is read is asked again in place, and each call is sent once", async () => {
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

  test("for a moment, or after it committed, is written again in place: once in the log, and the retry is enqueued", async () => {
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
    expect(tries).toBe(3);
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
