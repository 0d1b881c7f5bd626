/**
 * Failing endpoints: when one is degraded, how its calls are deferred and released, and that none is lost or sent in
 * vain.
 */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { NO_SETTINGS } from "../../src/core/endpoint-settings.ts";
import { attemptOnce, degrade, endLease, endpointsOf, minutesFromNow } from "../support/endpoints.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  letTimePass,
  reportUnheard,
  resendUnheard,
} from "../support/handlers.ts";
import { eventually, logOf, makeOrg, NOBODY, receiver, resend } from "../support/words.ts";

const MINUTES = 60_000;
const RETRIES = "postcall-retries";

describe("an endpoint that answers well", () => {
  test("has no row, and neither has one that fails once beside a success in the same batch", async () => {
    const org = await makeOrg();
    const crm = await receiver(200, 500, 200);
    await attemptOnce(org, crm.url);
    const keys = [await reportUnheard(org, crm.url), await reportUnheard(org, crm.url)];
    await handleAttempts(envWithLosingQueues().env, keys);
    expect(await crm.received()).toHaveLength(3);
    expect(await endpointsOf(org)).toEqual([]);
  });
});

describe("five failures in a row", () => {
  test.each([
    ["500", 500],
    ["503", 503],
    ["nobody listening", null],
  ])("degrade an endpoint: %s", async (_name, status) => {
    const org = await makeOrg();
    const url = status === null ? NOBODY : (await receiver(status)).url;
    await degrade(org, url);
    const error = status === null ? "connect" : "http_status";
    expect(await endpointsOf(org)).toEqual([
      {
        url,
        state: "degraded",
        reason: error,
        disabled_at: null,
        consecutive_failures: 5,
        failing_since: expect.any(String),
        last_failure_at: expect.any(String),
        last_success_at: null,
        settings: NO_SETTINGS,
      },
    ]);
  });

  test.each([404, 429, 302])("do not where they say something about the call: %i", async (status) => {
    const org = await makeOrg();
    const crm = await receiver(status);
    await degrade(org, crm.url);
    expect(await endpointsOf(org)).toMatchObject([{ state: "active", consecutive_failures: 0 }]);
  });

  test("do not with a success between them", async () => {
    const org = await makeOrg();
    const crm = await receiver(500, 500, 200, 500, 500, 500);
    for (let call = 1; call <= 6; call++) await attemptOnce(org, crm.url);
    expect(await endpointsOf(org)).toMatchObject([{ state: "active", consecutive_failures: 3 }]);
  });

  test("do not where they were sent before the last recovery", async () => {
    const org = await makeOrg();
    const crm = await receiver(500, 200, 500);
    await attemptOnce(org, crm.url);
    await attemptOnce(org, crm.url);
    await env.DB.prepare("UPDATE endpoints SET recovered_at = recovered_at + 60000 WHERE user_id = ?")
      .bind(org.user_id)
      .run();
    await attemptOnce(org, crm.url);
    expect(await endpointsOf(org)).toMatchObject([{ state: "active", consecutive_failures: 0 }]);
  });

  test("do not where they are throttles: 503 with Retry-After", async () => {
    const org = await makeOrg();
    const crm = await receiver({ status: 503, headers: { "retry-after": "60" } });
    await degrade(org, crm.url);
    expect(await endpointsOf(org)).toMatchObject([{ state: "active", consecutive_failures: 0 }]);
  });
});

describe("a degraded endpoint", () => {
  test("gets one probe; other due calls are deferred for five minutes and make no attempt", async () => {
    const org = await makeOrg();
    const crm = await receiver(500);
    await degrade(org, crm.url);
    const [probe, other] = [await reportUnheard(org, crm.url), await reportUnheard(org, crm.url)];
    const { env: lossy, retries, deliveries } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [probe, other])).toEqual(["ack", "ack"]);
    expect(await crm.received()).toHaveLength(6);
    expect(await logOf(org, probe.call_id)).toMatchObject({ status: "retrying", metadata: [{ attempt: 1 }] });
    const log = await logOf(org, other.call_id);
    expect(log).toMatchObject({ status: "pending", metadata: [] });
    expect(minutesFromNow(log.next_attempt_at)).toBe(5);
    expect(
      [...retries, ...deliveries].map(({ body, delaySeconds }) => [body.call_id, body.attempt, delaySeconds]),
    ).toEqual(
      expect.arrayContaining([
        [probe.call_id, 2, expect.any(Number)],
        [other.call_id, 1, 300],
      ]),
    );
  });

  test("gets the next probe only once the lease of the one before is over", async () => {
    const org = await makeOrg();
    const crm = await receiver(500);
    await degrade(org, crm.url);
    await attemptOnce(org, crm.url);
    await attemptOnce(org, crm.url);
    expect(await crm.received()).toHaveLength(6);
    await endLease(org);
    await attemptOnce(org, crm.url);
    expect(await crm.received()).toHaveLength(7);
  });

  test("gets manual sends, and the last attempt of a schedule", async () => {
    const org = await makeOrg();
    const crm = await receiver(500);
    const { key } = await attemptOnce(org, crm.url);
    await degrade(org, crm.url);
    await attemptOnce(org, crm.url); // takes the probe
    const before = (await crm.received()).length;
    const { env: lossy } = envWithLosingQueues();
    await letTimePass(key, 60 * MINUTES);
    await handleAttempts(lossy, [{ ...key, attempt: 2 }]);
    expect(await crm.received()).toHaveLength(before);
    const byHand = await resendUnheard(org, key);
    await handleAttempts(lossy, [byHand]);
    await letTimePass(key, 60 * MINUTES);
    await handleAttempts(lossy, [{ ...byHand, attempt: 2 }]);
    expect(await crm.received()).toHaveLength(before + 2);
    const last = await reportUnheard(org, crm.url);
    await env.DB.prepare("UPDATE webhook_logs SET attempts = 2 WHERE call_id = ?").bind(last.call_id).run();
    await handleAttempts(lossy, [{ ...last, attempt: 3 }]);
    expect(await crm.received()).toHaveLength(before + 3);
    expect(await logOf(org, last.call_id)).toMatchObject({ status: "failed", reason: "attempts_exhausted" });
  });

  test("does not make a resend wait for a deferred call", async () => {
    const org = await makeOrg();
    const crm = await receiver(500, 500, 500, 500, 500, 500, 200);
    await degrade(org, crm.url);
    await attemptOnce(org, crm.url); // takes the probe
    const { key } = await attemptOnce(org, crm.url);
    const answer = await resend(org, [key.call_id]);
    expect(answer.body.data).toMatchObject([{ status: "delivered", metadata: [{ send_type: "resend" }] }]);
    expect(await crm.received()).toHaveLength(7);
  });

  test("is active after a success, and deferred calls are released", async () => {
    const org = await makeOrg();
    const crm = await receiver(500, 500, 500, 500, 500, 500, 200);
    await degrade(org, crm.url);
    await attemptOnce(org, crm.url);
    const { key } = await attemptOnce(org, crm.url);
    expect(await logOf(org, key.call_id)).toMatchObject({ metadata: [] });
    await endLease(org);
    const { deliveries } = await attemptOnce(org, crm.url);
    expect(deliveries.map(({ body, delaySeconds }) => [body.call_id, body.attempt, delaySeconds])).toEqual([
      [key.call_id, 1, 0],
    ]);
    const { v: _v, ...broughtForward } = deliveries[0]?.body ?? { ...key, v: 1 };
    await handleAttempts(envWithLosingQueues().env, [broughtForward]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
    const [endpoint] = await endpointsOf(org);
    expect(endpoint).toMatchObject({ state: "active", reason: null, consecutive_failures: 0 });
    expect(minutesFromNow(endpoint.last_success_at)).toBe(0);
  });

  test("still gets into the log what was under way when it became so", async () => {
    const org = await makeOrg();
    const slow = await receiver({ status: 200, delayMs: 2_500 });
    const key = await reportUnheard(org, slow.url);
    const { env: lossy } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [key], RETRIES)).toEqual([3]);
    await env.DB.prepare(
      `INSERT INTO endpoints (user_id, url, state, version, consecutive_failures, first_failure_at, probe, probe_until)
       VALUES (?, ?, 'degraded', 'v', 5, 1, 'another', 9e15)`,
    )
      .bind(org.user_id, slow.url)
      .run();
    expect(await handleAttempts(lossy, [key], RETRIES)).toEqual([3]);
    const settled = await eventually(async () => {
      const [settlement] = await handleAttempts(lossy, [key], RETRIES);
      return settlement === "ack" ? settlement : undefined;
    });
    expect(settled).toBe("ack");
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
    expect(await slow.received()).toHaveLength(1);
    expect(await endpointsOf(org)).toMatchObject([{ state: "active" }]);
  });

  test("a first attempt under way when its call is resent is in the log, and its success counts", async () => {
    const org = await makeOrg();
    const crm = await receiver({ status: 200, delayMs: 2_500 }, 500);
    const key = await reportUnheard(org, crm.url);
    await env.DB.prepare("UPDATE webhook_logs SET parked = 1 WHERE call_id = ?").bind(key.call_id).run();
    await handleAttempts(envWithLosingQueues().env, [key]);
    const resent = await resendUnheard(org, key);
    const { env: lossy } = envWithLosingQueues();
    await eventually(async () => {
      const settled = await handleAttempts(lossy, [key, resent], RETRIES);
      return settled.every((outcome) => outcome === "ack") ? settled : undefined;
    });
    expect((await logOf(org, key.call_id)).metadata).toMatchObject([
      { send_type: "spawn", attempt: 1, response_code: 200 },
      { send_type: "resend", attempt: 1, response_code: 500 },
    ]);
    expect(await crm.received()).toHaveLength(2);
  });
});

test("the list holds a thousand endpoints: those that still fail, then those that have failed last", async () => {
  const org = await makeOrg();
  await env.DB.prepare(
    `INSERT INTO endpoints (user_id, url, state, version, consecutive_failures, last_failure_at)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1002)
     SELECT ?, 'https://crm.example/' || i, iif(i = 2, 'disabled', 'active'), 'v', 0, i FROM n`,
  )
    .bind(org.user_id)
    .run();
  const numbers = (await endpointsOf(org)).map(({ url }: { url: string }) => Number(url.split("/").at(-1)));
  const newest = Array.from({ length: 999 }, (_, index) => 1_002 - index);
  expect(numbers).toEqual([2, ...newest]);
});

test("an attempt under way is asked after in the retries lane, where no backlog of first attempts keeps it", async () => {
  const org = await makeOrg();
  const slow = await receiver({ status: 200, delayMs: 2_500 });
  const key = await reportUnheard(org, slow.url);
  const { env: lossy, retries, deliveries } = envWithLosingQueues();
  expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
  expect(deliveries).toEqual([]);
  expect(retries).toEqual([{ body: { v: 1, ...key }, delaySeconds: 3 }]);
  const closed = { sendBatch: () => Promise.reject(new Error("away")) } as unknown as Queue;
  expect(await handleAttempts({ ...lossy, RETRIES: closed }, [key])).toEqual([3]);
  await eventually(async () =>
    (await handleAttempts(lossy, [key], RETRIES))[0] === "ack" ? true : undefined,
  );
  expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
  expect(await slow.received()).toHaveLength(1);
});
