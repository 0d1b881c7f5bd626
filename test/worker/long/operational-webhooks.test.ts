/** Operational webhooks report an org's webhooks to its engineers: signed, once each, and never about themselves. */
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import {
  attemptOnce,
  degrade,
  endpointsOf,
  operationalWebhooksOf,
  toldOrg,
  wakeAndDeliver,
} from "../../support/endpoints.ts";
import { envWithLosingQueues, handleAttempts, letTimePass, request } from "../../support/handlers.ts";
import { endedLogOf, eventually, makeOrg, type Receiver, receiver, reportCall } from "../../support/words.ts";

const bodiesAt = async (ops: Receiver) => (await ops.received()).map(({ body }) => JSON.parse(body));

test("a delivery that failed for good is reported once, signed like all others, through the real queue", async () => {
  const { org, ops } = await toldOrg(200);
  const crm = await receiver(500);
  const { call_id } = await reportCall(org, { webhook: crm.url });
  const log = await endedLogOf(org, call_id);
  const [received] = await eventually(async () => {
    const all = await ops.received();
    return all.length > 0 ? all : undefined;
  });
  const { headers = {}, body = "" } = received ?? {};
  expect(new Webhook(org.secret).verify(body, headers)).toEqual({
    type: "delivery.failed",
    timestamp: expect.stringMatching(/^20\d\d-.*Z$/),
    data: {
      user_id: org.user_id,
      call_id,
      event: "call",
      url: crm.url,
      delivery_id: log.metadata[0].delivery_id,
      attempts: 3,
      reason: "attempts_exhausted",
    },
  });
  expect(await ops.received()).toHaveLength(1);
});

describe("an endpoint's change", () => {
  test("is reported when it is degraded and when it has recovered, once each", async () => {
    const { org, ops } = await toldOrg(200);
    const crm = await receiver(500, 500, 500, 500, 500, 500, 200);
    await degrade(org, crm.url);
    await attemptOnce(org, crm.url); // parked
    await wakeAndDeliver(org, crm.url);
    await wakeAndDeliver(org, crm.url);
    await attemptOnce(org, crm.url);
    expect(await operationalWebhooksOf(org)).toMatchObject([
      {
        type: "endpoint.degraded",
        data: {
          user_id: org.user_id,
          url: crm.url,
          state: "degraded",
          reason: "failing",
          consecutive_failures: 5,
          last_error: "http_status",
          ...{ waiting: 0, waiting_exact: true },
        },
      },
      { type: "endpoint.recovered", data: { url: crm.url, state: "active", reason: null } },
    ]);
    expect(await ops.received()).toEqual([]); // none of these queues hears of anything
  });

  test("is reported when it is disabled, beside the delivery that failed by it", async () => {
    const { org } = await toldOrg(200);
    const crm = await receiver(410);
    const { retries, deliveries } = await attemptOnce(org, crm.url);
    const operationalWebhooks = await operationalWebhooksOf(org);
    expect(operationalWebhooks.map(({ type, data }) => [type, data.reason]).toSorted()).toEqual([
      ["delivery.failed", "gone"],
      ["endpoint.disabled", "gone"],
    ]);
    expect([...deliveries, ...retries].map(({ body }) => body.event)).toEqual(["operational", "operational"]);
  });

  test("is reported as recovered when it is enabled, in the lane where nothing waits behind it", async () => {
    const { org } = await toldOrg(200);
    const crm = await receiver(410);
    await attemptOnce(org, crm.url);
    const { env: lossy, retries, deliveries } = envWithLosingQueues();
    const asked = { method: "POST", path: "/v1/endpoints/enable", body: { url: crm.url } };
    await request(lossy, org, asked);
    await request(lossy, org, asked);
    const reported = (await operationalWebhooksOf(org)).filter(({ type }) => type === "endpoint.recovered");
    expect(reported).toMatchObject([{ data: { url: crm.url, state: "active", reason: "enabled" } }]);
    const told = retries.filter(({ body }) => "event" in body);
    expect(told).toMatchObject([{ body: { event: "operational" } }]);
    expect(deliveries).toEqual([]);
  });

  test("is not reported if no ops_webhook is set", async () => {
    const org = await makeOrg();
    const crm = await receiver(410);
    const { deliveries } = await attemptOnce(org, crm.url);
    expect(await operationalWebhooksOf(org)).toEqual([]);
    expect(deliveries).toEqual([]);
  });
});

test("the same result written again reports nothing again", async () => {
  const { org } = await toldOrg(200);
  const crm = await receiver(410);
  const { key } = await attemptOnce(org, crm.url);
  await env.DB.prepare(
    "UPDATE webhook_logs SET status = 'pending', attempts = 0, next_attempt_at = 1 WHERE call_id = ?",
  )
    .bind(key.call_id)
    .run();
  await env.DB.prepare("UPDATE endpoints SET state = 'active' WHERE user_id = ?").bind(org.user_id).run();
  await handleAttempts(envWithLosingQueues().env, [key]);
  const types = (await operationalWebhooksOf(org)).map(({ type }) => type);
  expect(types.filter((type) => type === "delivery.failed")).toHaveLength(1);
  expect(await crm.received()).toHaveLength(1);
});

test("an operational webhook that fails is retried, and neither reported nor held against its URL", async () => {
  const { org, ops } = await toldOrg(500, 500, 410);
  const crm = await receiver(410);
  const reported = await attemptOnce(org, crm.url);
  const { env: lossy, retries } = envWithLosingQueues();
  const first = reported.retries.map(({ body: { v: _v, ...key } }) => key);
  await handleAttempts(lossy, first);
  expect(retries.map(({ body }) => [body.event, body.attempt])).toEqual([
    ["operational", 2],
    ["operational", 2],
  ]);
  for (const { call_id } of first) await letTimePass({ user_id: org.user_id, call_id }, 60_000);
  await handleAttempts(
    lossy,
    first.map((key) => ({ ...key, attempt: 2 })),
  );
  expect((await operationalWebhooksOf(org)).map(({ status }) => status)).toEqual(["failed", "failed"]);
  expect((await bodiesAt(ops)).length).toBe(4);
  expect(await endpointsOf(org)).toMatchObject([{ url: crm.url }]);
});
