/** A suspended org: its keys are refused, its inboxes are gone, and nothing is sent for it until that is lifted. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { afresh, expectParked, newOrg, rowOf, suspend, unsuspend } from "../../support/admin.ts";
import { attemptOnce, degrade, takenFrom, toldOrg, wakeOnce } from "../../support/endpoints.ts";
import {
  databaseOnceOpened,
  envWithLosingQueues,
  handleAttempts,
  letTimePass,
  reportUnheard,
  request,
  resendUnheard,
} from "../../support/handlers.ts";
import { makeInbox, send } from "../../support/inboxes.ts";
import { call, expectRefusal, type Org, receiver } from "../../support/words.ts";

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

describe("the keys of a suspended org", () => {
  test("are refused, whoami included: at once where they are not remembered, else within half a minute", async () => {
    const other = await newOrg();
    const fresh = await afresh(org);
    await call(org, "GET", "/v1/whoami");
    expect((await suspend(org)).body.data).toMatchObject({ user_id: org.user_id, state: "suspended" });
    for (const [method, path] of [
      ["GET", "/v1/whoami"],
      ["GET", "/v1/org"],
      ["POST", "/v1/postcall/calls"],
      ["GET", "/v1/admin/orgs"],
    ] as const)
      expectRefusal(await call(fresh, method, path), 403, "FORBIDDEN", /This org is suspended/);
    later(30_001);
    const known = await request(env, org, { path: "/v1/whoami" });
    expectRefusal(known, 403, "FORBIDDEN", /This org is suspended/);
    expect((await request(env, other, { path: "/v1/whoami" })).status).toBe(200);
  });

  test("learn no figures of /readyz, and their last use is not noted", async () => {
    const fresh = await afresh(org);
    await suspend(org);
    expect((await call(fresh, "GET", "/readyz")).body.data).toEqual({ status: "ok" });
    await call(fresh, "GET", "/v1/org");
    const { results } = await env.DB.prepare("SELECT last_used_at FROM api_keys WHERE user_id = ?")
      .bind(org.user_id)
      .all();
    expect(results).toEqual([{ last_used_at: null }, { last_used_at: null }]);
  });

  test("work again when that is lifted; again is the same", async () => {
    for (let times = 1; times <= 2; times++) expect((await suspend(org)).body.data.state).toBe("suspended");
    expect((await call(await afresh(org), "GET", "/v1/org")).status).toBe(403);
    for (let times = 1; times <= 2; times++) expect((await unsuspend(org)).body.data.state).toBe("active");
    expect((await call(await afresh(org), "GET", "/v1/org")).status).toBe(200);
  });
});

test("the inboxes of a suspended org and their pages are not found, within half a minute, and then are again", async () => {
  const { url, view_url } = await makeInbox(org);
  const statuses = async () => [(await send(url)).status, (await send(view_url, { method: "GET" })).status];
  expect(await statuses()).toEqual([200, 200]);
  await suspend(org);
  later(30_001);
  const gone = await send(url);
  expect(await gone.text()).toContain("There is no such inbox.");
  expect(await statuses()).toEqual([404, 404]);
  await unsuspend(org);
  later(30_001);
  expect(await statuses()).toEqual([200, 200]);
});

describe("nothing is sent for a suspended org: it is parked", () => {
  test("a first attempt, a retry, and a released call, none of which uses up an attempt", async () => {
    const crm = await receiver(500, 500, 500, 500, 500, 500, 500);
    const [first, { key: failed }] = [await reportUnheard(org, crm.url), await attemptOnce(org, crm.url)];
    await letTimePass(failed, 5_000);
    const other = await receiver(500);
    await degrade(org, other.url);
    const { key: waiting } = await attemptOnce(org, other.url);
    const { released } = await wakeOnce(org, other.url);
    expect(released).toEqual([waiting]);
    await suspend(org);
    await expectParked([first, { ...failed, attempt: 2 }, ...released]);
    expect(await crm.received()).toHaveLength(1);
    expect(await other.received()).toHaveLength(5);
  });

  test("the first attempt of a resend, at a paused endpoint too", async () => {
    const crm = await receiver(200);
    const { key } = await attemptOnce(org, crm.url);
    await call(org, "POST", "/v1/endpoints/pause", { body: { url: crm.url } });
    const again = await resendUnheard(org, key);
    await suspend(org);
    await expectParked([again]);
    expect(await crm.received()).toHaveLength(1);
  });

  test("a test, which is sent once when that is lifted, whatever comes of it", async () => {
    const crm = await receiver(500);
    const lossy = envWithLosingQueues();
    await request(lossy.env, org, {
      method: "POST",
      path: "/v1/postcall/webhooks/test",
      body: { url: crm.url },
      headers: { prefer: "respond-async" },
    });
    const keys = takenFrom(lossy);
    await suspend(org);
    await expectParked(keys);
    expect(await crm.received()).toEqual([]);
    await unsuspend(org);
    const { released } = await wakeOnce(org, crm.url);
    expect(released).toEqual(keys);
    await handleAttempts(envWithLosingQueues().env, released);
    expect(await crm.received()).toHaveLength(1);
    for (const key of keys) expect(await rowOf(key)).toMatchObject({ status: "failed", is_parked: 0 });
  });

  test("an operational webhook", async () => {
    const { org: told, ops } = await toldOrg(200);
    const gone = await receiver(410);
    const { deliveries } = await attemptOnce(told, gone.url);
    await suspend(told);
    await expectParked(deliveries.map(({ body: { v: _v, ...key } }) => key));
    expect(await ops.received()).toEqual([]);
    await unsuspend(told);
    await handleAttempts(envWithLosingQueues().env, (await wakeOnce(told, ops.url)).released);
    expect(await ops.received()).toHaveLength(deliveries.length);
  });

  test("a held call when its hold ends: it is sent without citations afterwards", async () => {
    const crm = await receiver(200);
    await call(org, "PATCH", "/v1/org", {
      body: { webhook_events: ["citations"], delay_for_citations: true, default_webhook: crm.url },
    });
    const lossy = envWithLosingQueues();
    const body = { payload: { call_id: "held", status: "completed" } };
    await request(lossy.env, org, { method: "POST", path: "/v1/postcall/calls", body });
    const [key] = takenFrom(lossy);
    if (key === undefined) throw new Error("the report enqueued nothing");
    await suspend(org);
    await letTimePass(key, 120_000);
    await expectParked([key]);
    expect(await rowOf(key)).toMatchObject({ status: "pending" });
    await unsuspend(org);
    await handleAttempts(envWithLosingQueues().env, (await wakeOnce(org, crm.url)).released);
    expect(await crm.received()).toMatchObject([{ body: JSON.stringify(body.payload) }]);
  });

  test("not what a batch has under way: that is recorded as usual", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const DB = databaseOnceOpened(async (statements) => {
      await suspend(org);
      return env.DB.batch(statements);
    });
    expect(await handleAttempts(envWithLosingQueues({ DB }).env, [key])).toEqual(["ack"]);
    expect(await rowOf(key)).toMatchObject({ status: "delivered", attempts: 1, is_parked: 0 });
    expect(await crm.received()).toHaveLength(1);
  });
});
