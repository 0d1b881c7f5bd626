/** An org may have the content of its calls erased once they are delivered: the log stays, and says so. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { cite, configure, crm, delay, newCitedOrg, org } from "../../support/citations.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  reportUnheard,
  request,
  resendUnheard,
  sweepOnce,
} from "../../support/handlers.ts";
import { meter } from "../../support/meter.ts";
import { call, detailsOf, expectRefusal, logOf, receiver, reportCall, resend } from "../../support/words.ts";

beforeEach(newCitedOrg);
const eraseDelivered = (settings: object = {}) =>
  configure({ erase_payload_when_delivered: true, ...settings });
const CITATIONS = { citations: [{ variable_name: "plan", value: "gold" }] };

/** Reports a call and delivers it, with no queue about. */
async function deliverOne(webhook = crm.url, members: object = {}) {
  const key = await reportUnheard(org, webhook, members);
  const { env: lossy } = envWithLosingQueues();
  await handleAttempts(lossy, [key]);
  return key;
}

const sweepLossy = () => sweepOnce(envWithLosingQueues().env);

describe("once it is delivered", () => {
  beforeEach(() => eraseDelivered());

  test("a call's payload and its receiver's answers go with the next sweep; the log and its attempts stay", async () => {
    const { call_id } = await deliverOne(crm.url, { transcript: "secret" });
    expect(await logOf(org, call_id)).toMatchObject({
      status: "delivered",
      payload: { transcript: "secret" },
    });
    await sweepLossy();
    const log = await logOf(org, call_id);
    expect(log).toMatchObject({
      ...{ status: "delivered", payload: null, metadata: [{ response_code: 200 }] },
      payload_erased_at: expect.stringMatching(/^20/),
    });
    expect(await detailsOf(call_id)).toEqual([]);
    const whole = await call(org, "GET", `/v1/postcall/calls/${call_id}`);
    expect(whole.body.data).toMatchObject({
      payload: null,
      citations: null,
      payload_erased_at: log.payload_erased_at,
    });
    const row = await env.DB.prepare("SELECT * FROM webhook_logs WHERE call_id = ?").bind(call_id).first();
    expect(JSON.stringify(row)).not.toContain("secret");
  });

  test("it can't be resent, and its very same report is still the same", async () => {
    const { call_id } = await deliverOne();
    await sweepLossy();
    const { body } = await resend(org, [call_id]);
    expect(body.errors).toMatchObject([{ call_id, reason: "payload_erased" }]);
    const report = (members: object) =>
      call(org, "POST", "/v1/postcall/calls", {
        body: { payload: { call_id, ...members }, webhook: crm.url },
      });
    expect(await report({})).toMatchObject({ status: 200, body: { data: { payload: null } } });
    expectRefusal(await report({ other: 1 }), 409, "CONFLICT", /Its payload was erased/);
    expect(await crm.received()).toHaveLength(1);
  });

  test("it costs one more row at its success, and two when it is erased", async () => {
    const key = await reportUnheard(org, crm.url);
    let written = 0;
    const DB = meter(env.DB, ({ rows_written }) => {
      written += rows_written;
    });
    const { env: metered } = envWithLosingQueues({ DB });
    await handleAttempts(metered, [key]);
    expect(written).toBe(2);
    await sweepLossy();
    expect((await logOf(org, key.call_id)).payload).toBeNull();
  });

  test("a call that failed keeps its payload, until a resend delivers it", async () => {
    const failing = await receiver({ status: 410 }, 200);
    const key = await deliverOne(failing.url);
    await sweepLossy();
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "failed",
      payload: { call_id: key.call_id },
    });
    await call(org, "POST", "/v1/endpoints/enable", { body: { url: failing.url } });
    const resent = await resendUnheard(org, key);
    await handleAttempts(envWithLosingQueues().env, [resent]);
    await sweepLossy();
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", payload: null });
  });

  test("a call that is resent before the sweep keeps its payload until that is delivered too", async () => {
    const key = await deliverOne();
    const resent = await resendUnheard(org, key);
    await sweepLossy();
    expect((await logOf(org, key.call_id)).payload).not.toBeNull();
    await handleAttempts(envWithLosingQueues().env, [resent]);
    await sweepLossy();
    expect((await logOf(org, key.call_id)).payload).toBeNull();
    expect((await crm.received()).map(({ body }) => JSON.parse(body).call_id)).toEqual([
      key.call_id,
      key.call_id,
    ]);
  });

  test("a resend that was decided before the erasure and is written after it sends nothing", async () => {
    const { call_id } = await deliverOne();
    const { env: lossy, deliveries } = envWithLosingQueues();
    let isFirst = true;
    const DB = {
      prepare: (text: string) => {
        const statement = env.DB.prepare(text);
        if (!text.includes("SET status = 'pending'")) return statement;
        return {
          bind: (...values: unknown[]) => ({
            all: async () => {
              if (isFirst) await sweepLossy();
              isFirst = false;
              return statement.bind(...values).all();
            },
          }),
        };
      },
      batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
    } as unknown as D1Database;
    const path = "/v1/postcall/webhooks/resend";
    const answer = await request({ ...lossy, DB }, org, {
      method: "POST",
      path,
      body: { call_ids: [call_id] },
    });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ reason: "payload_erased" }] } });
    expect(deliveries).toEqual([]);
    expect(await logOf(org, call_id)).toMatchObject({ status: "delivered", payload: null });
  });
});

describe("with citations", () => {
  test("a call that waits for them keeps its payload until they were delivered, and then both go", async () => {
    await eraseDelivered({ webhook_events: ["citations"] });
    const { call_id } = await deliverOne(crm.url, { status: "completed" });
    await sweepLossy();
    expect((await logOf(org, call_id)).payload).not.toBeNull();
    await cite(call_id, CITATIONS);
    await expect.poll(async () => (await crm.received()).length, { timeout: 10_000 }).toBe(2);
    await expect
      .poll(async () => {
        await sweepLossy();
        return (await call(org, "GET", `/v1/postcall/webhooks/${call_id}?event=citations`)).body.data.payload;
      })
      .toBeNull();
    expect((await logOf(org, call_id)).payload).toBeNull();
  });

  test("that were kept unsent go with the call, and then can't be created", async () => {
    await eraseDelivered();
    const { call_id } = await deliverOne(crm.url, { status: "completed" });
    await cite(call_id, CITATIONS);
    await sweepLossy();
    const body = { call_ids: [call_id], event: "citations", webhook_url: crm.url };
    const answer = await call(org, "POST", "/v1/postcall/webhooks/create", { body });
    expect(answer.body.errors).toMatchObject([{ call_id, reason: "payload_erased" }]);
    expect(await crm.received()).toHaveLength(1);
  });

  test("that failed, these stay to be resent, and the call's payload goes all the same", async () => {
    await eraseDelivered({ webhook_events: ["citations"] });
    const failing = await receiver(200, 404);
    const { call_id } = await deliverOne(failing.url, { status: "completed" });
    await cite(call_id, CITATIONS);
    const cited = async () =>
      (await call(org, "GET", `/v1/postcall/webhooks/${call_id}?event=citations`)).body.data;
    await expect.poll(async () => (await cited()).metadata.length, { timeout: 10_000 }).toBe(1);
    // The sweep comes while they are retried, and again the next day, when they have failed.
    const DAY_MS = 86_400_000;
    const come = env.DB.prepare("UPDATE webhook_logs SET erase_at = erase_at - ?2 WHERE call_id = ?1").bind(
      ...[call_id, DAY_MS],
    );
    await come.run();
    await sweepLossy();
    expect((await logOf(org, call_id)).payload).not.toBeNull();
    await expect.poll(async () => (await cited()).status, { timeout: 15_000 }).toBe("failed");
    await come.run();
    await sweepLossy();
    expect((await logOf(org, call_id)).payload).toBeNull();
    expect(await cited()).toMatchObject({ payload: CITATIONS, status: "failed" });
  });

  test("that never come, it goes when their time is over", async () => {
    await eraseDelivered({ webhook_events: ["citations"], citations_timeout_seconds: 60 });
    const { call_id } = await deliverOne(crm.url, { status: "completed" });
    await env.DB.prepare("UPDATE webhook_logs SET erase_at = erase_at - 59000 WHERE call_id = ?")
      .bind(call_id)
      .run();
    await sweepLossy();
    expect((await logOf(org, call_id)).payload).not.toBeNull();
    await env.DB.prepare("UPDATE webhook_logs SET erase_at = erase_at - 1000 WHERE call_id = ?")
      .bind(call_id)
      .run();
    await sweepLossy();
    expect((await logOf(org, call_id)).payload).toBeNull();
  });

  test("that are due while its time comes, both stay until they were delivered", async () => {
    await eraseDelivered({ webhook_events: ["citations"], citations_timeout_seconds: 1 });
    const { call_id } = await deliverOne(crm.url, { status: "completed" });
    const { env: lossy, deliveries } = envWithLosingQueues();
    const path = `/v1/postcall/calls/${call_id}/citations`;
    await request(lossy, org, { method: "POST", path, body: CITATIONS });
    await env.DB.prepare("UPDATE webhook_logs SET erase_at = 1 WHERE call_id = ? AND event = 'call'")
      .bind(call_id)
      .run();
    await sweepLossy();
    expect((await logOf(org, call_id)).payload).not.toBeNull();
    await handleAttempts(
      lossy,
      deliveries.map(({ body: { v: _, ...key } }) => key),
    );
    expect(JSON.parse((await crm.received())[1]?.body ?? "{}")).toMatchObject(CITATIONS);
    await sweepLossy();
    expect((await logOf(org, call_id)).payload).toBeNull();
  });

  test("that were combined with it, nothing more is awaited", async () => {
    await delay();
    await eraseDelivered();
    const { call_id } = await reportCall(org, { webhook: crm.url });
    await cite(call_id, CITATIONS);
    await expect.poll(async () => (await logOf(org, call_id)).status, { timeout: 10_000 }).toBe("delivered");
    await sweepLossy();
    expect((await logOf(org, call_id)).payload).toBeNull();
  });
});

test("without the setting nothing is erased, and a success writes no more than before", async () => {
  const { call_id } = await deliverOne();
  await sweepLossy();
  expect((await logOf(org, call_id)).payload).toEqual({ call_id });
});
