/** What is parked while an org is suspended costs nothing, and is released when that is lifted, whatever comes between. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { writeWakeMessage } from "../../../src/core/message.ts";
import type { AttemptKey } from "../../../src/core/webhook-log.ts";
import { afresh, expectParked, newOrg, rowOf, suspend, unsuspend } from "../../support/admin.ts";
import { databaseWith } from "../../support/database.ts";
import {
  attemptOnce,
  degrade,
  endpointsOf,
  takenFrom,
  wakeAndDeliver,
  wakeOnce,
} from "../../support/endpoints.ts";
import {
  databaseOnceOpened,
  envWithLosingQueues,
  handleAttempts,
  handleBatch,
  reportUnheard,
  request,
  sweepOnce,
} from "../../support/handlers.ts";
import { meter } from "../../support/meter.ts";
import { logOf, type Org, receiver } from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await newOrg();
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const later = (milliseconds: number) =>
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + milliseconds });

/** A call of a suspended org that was due, and its receiver. */
async function parkedCall(...answers: number[]) {
  const crm = await receiver(...(answers.length === 0 ? [200] : answers));
  const key = await reportUnheard(org, crm.url);
  await suspend(org);
  await expectParked([key]);
  return { crm, key };
}

const endpointOf = (url: string) =>
  env.DB.prepare("SELECT state, wake_at FROM endpoints WHERE user_id = ? AND url = ?")
    .bind(org.user_id, url)
    .first<{ state: string; wake_at: number | null }>();

/** Lets an endpoint's message come. Returns what the batch enqueues. */
async function wakeMessage(url: string, on: Partial<Env> = {}) {
  const lossy = envWithLosingQueues(on);
  const message = writeWakeMessage({ user_id: org.user_id, url });
  expect(await handleBatch(lossy.env, [message], "postcall-retries")).toEqual(["ack"]);
  return { released: takenFrom({ ...lossy, retries: [...lossy.retries] }), retries: lossy.retries };
}

describe("a call that is parked because its org is suspended", () => {
  test("is parked for the rows of any other, and its endpoint's row", async () => {
    const crm = await receiver(200);
    const [first, second] = [await reportUnheard(org, crm.url), await reportUnheard(org, crm.url)];
    await suspend(org);
    let rows = 0;
    const DB = meter(env.DB, ({ rows_written }) => {
      rows += rows_written;
    });
    await expectParked([first], { DB });
    expect(rows).toBe(2 + 1);
    rows = 0;
    await expectParked([second], { DB });
    expect(rows).toBe(2);
  });

  test("then costs no row and no message, however many sweeps pass, and stays, however old", async () => {
    const { crm, key } = await parkedCall();
    await sweepOnce(envWithLosingQueues().env); // raises the floor of the walk
    await env.DB.prepare("UPDATE webhook_logs SET created_at = 1 WHERE call_id = ?").bind(key.call_id).run();
    const ended = await reportUnheard(await newOrg(), crm.url);
    await env.DB.prepare(
      "UPDATE webhook_logs SET created_at = 1, status = 'failed', next_attempt_at = NULL, user_id = ? WHERE call_id = ?",
    )
      .bind(org.user_id, ended.call_id)
      .run();
    for (let sweep = 1; sweep <= 3; sweep++) {
      later(3_600_000);
      const lossy = envWithLosingQueues();
      await sweepOnce(lossy.env);
      expect(
        [...lossy.deliveries, ...lossy.retries].filter(({ body }) => body.user_id === org.user_id),
      ).toEqual([]);
    }
    expect(await endpointOf(crm.url)).toEqual({ state: "active", wake_at: null });
    expect(await rowOf(key)).toMatchObject({ is_parked: 1 });
    expect(await rowOf({ ...ended, user_id: org.user_id })).toBeNull(); // retention goes on
  });

  test("does not wake an endpoint that has a time to wake: it goes to sleep, and no message follows", async () => {
    const crm = await receiver(500);
    await degrade(org, crm.url);
    const { key } = await attemptOnce(org, crm.url);
    await suspend(org);
    await env.DB.prepare("UPDATE endpoints SET wake_at = 1 WHERE user_id = ?").bind(org.user_id).run();
    const lossy = envWithLosingQueues();
    await sweepOnce(lossy.env);
    expect(lossy.retries).toMatchObject([{ body: { endpoint: crm.url } }]);
    expect((await wakeMessage(crm.url)).retries).toEqual([]);
    expect(await endpointOf(crm.url)).toEqual({ state: "degraded", wake_at: null });
    expect(await rowOf(key)).toMatchObject({ is_parked: 1, reason: null });
    expect(await crm.received()).toHaveLength(5);
  });
});

describe("when the suspension is lifted", () => {
  test("a call shows why it waits until it is released, and is then delivered as if new", async () => {
    const { crm, key } = await parkedCall();
    const lossy = envWithLosingQueues();
    const path = `/v1/admin/orgs/${org.user_id}`;
    await request(lossy.env, { key: env.ADMIN_KEY }, { method: "PATCH", path, body: { suspended: false } });
    expect(lossy.retries).toEqual([
      { body: { v: 1, user_id: org.user_id, endpoint: crm.url }, delaySeconds: 0 },
    ]);
    const fresh = await afresh(org);
    expect(await logOf(fresh, key.call_id)).toMatchObject({
      ...{ status: "pending", reason: "org_suspended", next_attempt_at: null, metadata: [] },
    });
    expect(await endpointsOf(fresh)).toMatchObject([{ url: crm.url, state: "active", waiting: 1 }]);
    const { released } = await wakeMessage(crm.url);
    expect(released).toEqual([key]);
    expect(await logOf(fresh, key.call_id)).toMatchObject({
      reason: null,
      next_attempt_at: expect.any(String),
    });
    await handleAttempts(envWithLosingQueues().env, released);
    expect(await logOf(fresh, key.call_id)).toMatchObject({
      status: "delivered",
      metadata: [{ attempt: 1, send_type: "spawn" }],
    });
    expect(await crm.received()).toHaveLength(1);
  });

  test("calls of an endpoint are released ten at a time, and more for each success; its row goes in the end", async () => {
    const crm = await receiver(200);
    const keys = await Promise.all(Array.from({ length: 23 }, () => reportUnheard(org, crm.url)));
    await suspend(org);
    await expectParked(keys);
    await unsuspend(org);
    const first = await wakeAndDeliver(org, crm.url);
    expect([first.released.length, first.following.length]).toEqual([10, 13]);
    await handleAttempts(envWithLosingQueues().env, first.following);
    expect(await crm.received()).toHaveLength(23);
    await wakeOnce(org, crm.url);
    await sweepOnce(envWithLosingQueues().env);
    expect(await endpointOf(crm.url)).toBeNull();
  });

  test("a degraded endpoint is probed, a paused one waits until it is enabled", async () => {
    const [bad, paused] = [await receiver(500), await receiver(200)];
    await degrade(org, bad.url);
    const { key } = await attemptOnce(org, bad.url);
    await request(env, org, { method: "POST", path: "/v1/endpoints/pause", body: { url: paused.url } });
    await suspend(org);
    await wakeMessage(bad.url);
    later(60_000);
    await wakeMessage(bad.url);
    expect(await endpointOf(bad.url)).toMatchObject({ wake_at: null });
    await unsuspend(org);
    expect(await logOf(await afresh(org), key.call_id)).toMatchObject({ reason: "endpoint_degraded" });
    expect((await wakeOnce(org, bad.url)).released).toEqual([key]);
    expect(await endpointOf(paused.url)).toEqual({ state: "paused", wake_at: null });
  });

  test("endpoints are woken a thousand at a time: the operator's request begins, the sweep goes on", async () => {
    const endpoints = 2_300;
    await env.DB.batch(
      [
        `INSERT INTO endpoints (user_id, url, state, version, consecutive_failures)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
         SELECT ?1, 'https://crm.example/' || i, 'active', 'v', 0 FROM n`,
        `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload, payload_bytes,
           status, reason, delivery_id, delivery_ordinal, send_type, attempts, losses, parked, trials)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
         SELECT ?1, 'call-' || i, 'call', 'msg', 'https://crm.example/' || i, i, '', '{}', 2,
           'pending', 'org_suspended', 'dlv', 1, 'spawn', 0, 0, i, 0 FROM n`,
      ].map((text) => env.DB.prepare(text).bind(org.user_id, endpoints)),
    );
    await suspend(org);
    const awake = () =>
      env.DB.prepare("SELECT count(*) AS n FROM endpoints WHERE user_id = ? AND wake_at IS NOT NULL")
        .bind(org.user_id)
        .first("n");
    const lossy = envWithLosingQueues();
    const path = `/v1/admin/orgs/${org.user_id}`;
    const body = { suspended: false };
    await request(lossy.env, { key: env.ADMIN_KEY }, { method: "PATCH", path, body });
    expect([await awake(), lossy.retries.length]).toEqual([1_000, 1_000]);
    await sweepOnce(envWithLosingQueues().env);
    expect(await awake()).toBe(endpoints);
    expect(await env.DB.prepare("SELECT count(*) AS n FROM orgs WHERE woken_to IS NOT NULL").first("n")).toBe(
      0,
    );
  });

  test("a suspension meanwhile stops that, and lifting it again begins anew", async () => {
    const { crm, key } = await parkedCall();
    await env.DB.prepare("UPDATE orgs SET suspended_at = NULL, woken_to = '' WHERE user_id = ?")
      .bind(org.user_id)
      .run();
    await suspend(org);
    await sweepOnce(envWithLosingQueues().env);
    expect(await endpointOf(crm.url)).toMatchObject({ wake_at: null });
    await unsuspend(org);
    expect((await wakeMessage(crm.url)).released).toEqual([key]);
  });
});

describe("no call is stranded", () => {
  /** A database on which something happens before, or after, the transaction of a batch. */
  const around = (before: () => Promise<unknown>, after: () => Promise<unknown> = async () => {}) =>
    databaseOnceOpened(async (statements) => {
      await before();
      const result = await env.DB.batch(statements);
      await after();
      return result;
    });

  async function expectDelivered(keys: readonly AttemptKey[]): Promise<void> {
    await handleAttempts(envWithLosingQueues().env, keys);
    for (const key of keys) expect(await rowOf(key)).toMatchObject({ status: "delivered", is_parked: 0 });
  }

  test("if the suspension is lifted between a batch's read and its write: its message comes back", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    await suspend(org);
    const DB = around(() => unsuspend(org));
    expect(await handleAttempts(envWithLosingQueues({ DB }).env, [key])).toEqual([1]);
    expect(await rowOf(key)).toMatchObject({ status: "pending", is_parked: 0 });
    expect(await endpointOf(crm.url)).toBeNull();
    await expectDelivered([key]);
  });

  test("if it is lifted right after the write: the endpoint is woken", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    await suspend(org);
    const DB = around(
      async () => {},
      () => unsuspend(org),
    );
    expect(await handleAttempts(envWithLosingQueues({ DB }).env, [key])).toEqual(["ack"]);
    const { released } = await wakeMessage(crm.url);
    expect(released).toEqual([key]);
    await expectDelivered(released);
  });

  test("if it is lifted while an endpoint goes to sleep because of it: the endpoint stays awake", async () => {
    const { crm, key } = await parkedCall();
    await env.DB.prepare("UPDATE endpoints SET wake_at = 1 WHERE user_id = ?").bind(org.user_id).run();
    const DB = databaseWith(async (queries, work) => {
      if (queries.some((query) => query.includes("SET wake_at = NULL"))) await unsuspend(org);
      return work();
    });
    await wakeMessage(crm.url, { DB });
    expect(await endpointOf(crm.url)).toMatchObject({ wake_at: 1 });
    expect((await wakeMessage(crm.url)).released).toEqual([key]);
  });

  test("if it begins while an endpoint wakes: what was released is parked again", async () => {
    const { crm, key } = await parkedCall();
    await unsuspend(org);
    const DB = databaseWith(async (queries, work) => {
      if (queries.some((query) => query.includes("next_attempt_at = ?1"))) await suspend(org);
      return work();
    });
    const { released } = await wakeMessage(crm.url, { DB });
    await expectParked(released);
    await unsuspend(org);
    expect((await wakeOnce(org, crm.url)).released).toEqual([key]);
  });

  test("if a call is parked at its endpoint while the org is suspended: it wakes afterwards", async () => {
    const crm = await receiver(500, 500, 500, 500, 500, 200);
    const key = await reportUnheard(org, crm.url);
    await degrade(org, crm.url);
    const DB = around(() => suspend(org)); // read before, so parked because of the endpoint
    expect(await handleAttempts(envWithLosingQueues({ DB }).env, [key])).toEqual(["ack"]);
    expect(await rowOf(key)).toMatchObject({ is_parked: 1, reason: null });
    expect(await endpointOf(crm.url)).toEqual({ state: "degraded", wake_at: null });
    await unsuspend(org);
    await expectDelivered((await wakeOnce(org, crm.url)).released);
  });
});
