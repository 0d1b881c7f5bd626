/** Disabled endpoints: what disables one, what is refused then, and what happens to its calls when it is enabled. */
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { AttemptRequest } from "../../src/call/attempt-request.ts";
import type { Call } from "../../src/call/object.ts";
import {
  attemptOnce,
  degrade,
  enable,
  endpointsOf,
  minutesFromNow,
  takenFrom,
  wakeAndDeliver,
  wakeOnce,
} from "../support/endpoints.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  letTimePass,
  reportUnheard,
  request,
  sweepOnce,
} from "../support/handlers.ts";
import { expectRefusal, logOf, makeOrg, receiver, reportCall, resend } from "../support/words.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a disabled endpoint", () => {
  test("is one that answered 410, and its calls are logged as disabled and not sent", async () => {
    const org = await makeOrg();
    const crm = await receiver(410);
    const due = await reportUnheard(org, crm.url);
    const { key } = await attemptOnce(org, crm.url);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "failed", reason: "gone" });
    const [endpoint] = await endpointsOf(org);
    expect(endpoint).toMatchObject({ state: "disabled", reason: "gone" });
    expect(minutesFromNow(endpoint.disabled_at)).toBe(0);
    const { env: lossy, deliveries, retries } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [due])).toEqual(["ack"]);
    const body = { payload: { call_id: `${due.call_id}-later` }, webhook: crm.url };
    const report = await request(lossy, org, { method: "POST", path: "/v1/postcall/calls", body });
    expect(report.status).toBe(202);
    const disabled = { status: "disabled", reason: "endpoint_disabled", next_attempt_at: null, metadata: [] };
    expect(report.body.data).toMatchObject(disabled);
    expect(await logOf(org, due.call_id)).toMatchObject(disabled);
    expect(await logOf(org, body.payload.call_id)).toMatchObject(disabled);
    expect([...deliveries, ...retries]).toEqual([]);
    expect(await crm.received()).toHaveLength(1);
  });

  test("is one where every attempt has failed for five days", async () => {
    const org = await makeOrg();
    const crm = await receiver(404);
    await attemptOnce(org, crm.url);
    const age = (column: string, days: number) =>
      env.DB.prepare(`UPDATE endpoints SET ${column} = ${column} - ? WHERE user_id = ?`)
        .bind(days * 86_400_000, org.user_id)
        .run();
    await age("first_failure_at", 5.1);
    await age("last_failure_at", 5);
    await attemptOnce(org, crm.url); // both failures so far lie within 12 hours
    expect(await endpointsOf(org)).toMatchObject([{ state: "active" }]);
    await attemptOnce(org, crm.url);
    expect(await endpointsOf(org)).toMatchObject([{ state: "disabled", reason: "failing" }]);
  });

  test("refuses resends and creates by name", async () => {
    const org = await makeOrg();
    const crm = await receiver(410);
    const { key } = await attemptOnce(org, crm.url);
    const { call_id } = await reportCall(org, { webhook: null });
    const refused = await resend(org, [key.call_id]);
    expectRefusal(refused, 400, "invalid_parameter", /endpoint is disabled/);
    expect(refused.body.errors).toMatchObject([{ call_id: key.call_id, reason: "endpoint_disabled" }]);
    const body = { call_ids: [call_id], webhook_url: crm.url };
    const path = "/v1/postcall/webhooks/create";
    const create = await request(env, org, { method: "POST", path, body });
    expect(create.body.errors).toMatchObject([{ call_id, reason: "endpoint_disabled" }]);
    expect(await crm.received()).toHaveLength(1);
  });

  test("has an attempt of its calls that was cut off in the log as interrupted, and gets the next one once enabled", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const org = await makeOrg();
    const crm = await receiver(200, 410, 200);
    const key = await reportUnheard(org, crm.url);
    const losing = (name: string) => ({
      attempt: async (request: AttemptRequest) => {
        await env.CALLS.getByName(`${name}/lost`).attempt(request);
        throw new Error("Durable Object reset");
      },
    });
    const CALLS = { getByName: losing } as unknown as DurableObjectNamespace<Call>;
    expect(await handleAttempts(envWithLosingQueues({ CALLS }).env, [key])).toEqual([5]);
    await attemptOnce(org, crm.url); // disables it
    const { env: lossy, retries } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    const interrupted = { attempt: 1, response_code: null, error: "interrupted" };
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "retrying", metadata: [interrupted] });
    const second = { ...key, attempt: 2 };
    expect(retries.map(({ body }) => body)).toEqual([{ v: 1, ...second }]);
    await letTimePass(key, 5_000);
    expect(await handleAttempts(lossy, [second])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "disabled", metadata: [interrupted] });
    expect(await crm.received()).toHaveLength(2);
    await enable(org, crm.url);
    expect((await wakeAndDeliver(org, crm.url)).released).toEqual([second]);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "delivered",
      metadata: [interrupted, { attempt: 2, response_code: 200 }],
    });
    expect(await crm.received()).toHaveLength(3);
  });
});

describe("enabling", () => {
  test("sends what it has kept: ten at once, and two more for each success", async () => {
    const org = await makeOrg();
    const crm = await receiver(410, 200);
    await attemptOnce(org, crm.url);
    const calls = await Promise.all(
      Array.from({ length: 33 }, async () => (await reportCall(org, { webhook: crm.url })).call_id),
    );
    const { env: lossy, retries } = envWithLosingQueues();
    const path = "/v1/endpoints/enable";
    const answer = await request(lossy, org, { method: "POST", path, body: { url: crm.url } });
    expect(answer.body.data).toMatchObject({
      ...{ url: crm.url, state: "active", reason: null, disabled_at: null },
      ...{ redelivering: 33, waiting: 33, waiting_exact: true },
    });
    expect(retries).toEqual([{ body: { v: 1, user_id: org.user_id, endpoint: crm.url }, delaySeconds: 0 }]);
    const first = await wakeAndDeliver(org, crm.url);
    expect(first.released).toHaveLength(10);
    expect(first.following).toHaveLength(20);
    const queues = envWithLosingQueues();
    await handleAttempts(queues.env, first.following);
    const last = takenFrom(queues);
    expect(last).toHaveLength(3);
    await handleAttempts(queues.env, last);
    for (const call_id of calls) expect(await logOf(org, call_id)).toMatchObject({ status: "delivered" });
    expect(await crm.received()).toHaveLength(34);
  });

  test("leaves the calls disabled with redeliver: false, and they can be resent", async () => {
    const org = await makeOrg();
    const crm = await receiver(410, 200);
    await attemptOnce(org, crm.url);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    expect((await enable(org, crm.url, { redeliver: false })).body.data).toMatchObject({
      state: "active",
      redelivering: 0,
    });
    await sweepOnce(env);
    expect(await logOf(org, call_id)).toMatchObject({ status: "disabled" });
    expect((await resend(org, [call_id])).body.data).toMatchObject([{ status: "delivered" }]);
    expect(await crm.received()).toHaveLength(2);
  });

  test("calls that were disabled wait as others do where their endpoint fails again after it is enabled", async () => {
    const org = await makeOrg();
    const crm = await receiver(410, 500);
    await attemptOnce(org, crm.url);
    const calls = await Promise.all(
      Array.from({ length: 6 }, async () => (await reportCall(org, { webhook: crm.url })).call_id),
    );
    await enable(org, crm.url);
    await wakeAndDeliver(org, crm.url);
    expect(await endpointsOf(org)).toMatchObject([{ state: "degraded", waiting: 6 }]);
    for (const call_id of calls)
      expect(await logOf(org, call_id)).toMatchObject({ status: "retrying", reason: "endpoint_degraded" });
    expect((await wakeOnce(org, crm.url)).released).toHaveLength(1);
  });

  test("a call parked before its endpoint was disabled is disabled with it, and ends with redeliver: false", async () => {
    const org = await makeOrg();
    const crm = await receiver(500);
    await degrade(org, crm.url);
    const { key } = await attemptOnce(org, crm.url);
    await env.DB.prepare("UPDATE endpoints SET state = 'disabled', wake_at = NULL WHERE user_id = ?")
      .bind(org.user_id)
      .run();
    const disabled = { status: "disabled", reason: "endpoint_disabled", next_attempt_at: null };
    expect(await logOf(org, key.call_id)).toMatchObject(disabled);
    expect((await enable(org, crm.url, { redeliver: false })).body.data).toMatchObject({
      ...{ state: "active", redelivering: 0, waiting: 0 },
    });
    expect(await logOf(org, key.call_id)).toMatchObject(disabled);
    const before = await crm.received();
    expect(await handleAttempts(envWithLosingQueues().env, [key])).toEqual(["ack"]);
    expect((await wakeOnce(org, crm.url)).released).toEqual([]);
    expect(await crm.received()).toEqual(before);
  });

  test("last_success_at is the first success after an enabling", async () => {
    const org = await makeOrg();
    const crm = await receiver(410, 200);
    await attemptOnce(org, crm.url);
    expect((await enable(org, crm.url)).body.data).toMatchObject({ last_success_at: null });
    await attemptOnce(org, crm.url);
    const [first] = await endpointsOf(org);
    expect(minutesFromNow(first.last_success_at)).toBe(0);
    await attemptOnce(org, crm.url);
    expect(await endpointsOf(org)).toEqual([first]);
  });

  test("asks for a known URL of one's own, and the scope to configure", async () => {
    const [org, other] = [await makeOrg(), await makeOrg({ scopes: ["report", "read", "send"] })];
    const crm = await receiver(410);
    await attemptOnce(org, crm.url);
    expectRefusal(await enable(org, "https://crm.example/unknown"), 404, "NOT_FOUND", /never failed/);
    expectRefusal(await enable(other, crm.url), 403, "FORBIDDEN", /configure/);
    expectRefusal(await enable(org, crm.url, { redeliver: "yes" }), 400, "invalid_parameter", /redeliver/);
    expect(await endpointsOf(other)).toEqual([]);
    expect(await endpointsOf(org)).toMatchObject([{ state: "disabled" }]);
  });
});
