/** What is parked while an org is suspended costs nothing, and is released when that is lifted. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { afresh, expectParked, newOrg, rowOf, suspend, unsuspend } from "../../support/admin.ts";
import { attemptOnce, degrade, endpointsOf, wakeAndDeliver, wakeOnce } from "../../support/endpoints.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  reportUnheard,
  request,
  sweepOnce,
} from "../../support/handlers.ts";
import { meter } from "../../support/meter.ts";
import { endpointOf, parkedCall, wakeMessage } from "../../support/suspension.ts";
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
    const { crm, key } = await parkedCall(org);
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
    expect(await endpointOf(org, crm.url)).toEqual({ state: "active", wake_at: null });
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
    expect((await wakeMessage(org, crm.url)).retries).toEqual([]);
    expect(await endpointOf(org, crm.url)).toEqual({ state: "degraded", wake_at: null });
    expect(await rowOf(key)).toMatchObject({ is_parked: 1, reason: null });
    expect(await crm.received()).toHaveLength(5);
  });
});

describe("when the suspension is lifted", () => {
  test("a call shows why it waits until it is released, and is then delivered as if new", async () => {
    const { crm, key } = await parkedCall(org);
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
    const { released } = await wakeMessage(org, crm.url);
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
    expect(await endpointOf(org, crm.url)).toBeNull();
  });

  test("a degraded endpoint is probed, a paused one waits until it is enabled", async () => {
    const [bad, paused] = [await receiver(500), await receiver(200)];
    await degrade(org, bad.url);
    const { key } = await attemptOnce(org, bad.url);
    await request(env, org, { method: "POST", path: "/v1/endpoints/pause", body: { url: paused.url } });
    await suspend(org);
    await wakeMessage(org, bad.url);
    later(60_000);
    await wakeMessage(org, bad.url);
    expect(await endpointOf(org, bad.url)).toMatchObject({ wake_at: null });
    await unsuspend(org);
    expect(await logOf(await afresh(org), key.call_id)).toMatchObject({ reason: "endpoint_degraded" });
    expect((await wakeOnce(org, bad.url)).released).toEqual([key]);
    expect(await endpointOf(org, paused.url)).toEqual({ state: "paused", wake_at: null });
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
    const { crm, key } = await parkedCall(org);
    await env.DB.prepare("UPDATE orgs SET suspended_at = NULL, woken_to = '' WHERE user_id = ?")
      .bind(org.user_id)
      .run();
    await suspend(org);
    await sweepOnce(envWithLosingQueues().env);
    expect(await endpointOf(org, crm.url)).toMatchObject({ wake_at: null });
    await unsuspend(org);
    expect((await wakeMessage(org, crm.url)).released).toEqual([key]);
  });
});
