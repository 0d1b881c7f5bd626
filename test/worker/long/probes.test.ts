/** A degraded endpoint is probed by one call at a time; once it takes calls again, those that wait are released slowly. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { writeWakeMessage } from "../../../src/core/message.ts";
import {
  attemptOnce,
  degrade,
  endpointsOf,
  failingReceiver,
  PARKED,
  reportParked,
  takenFrom,
  wakeAndDeliver,
  wakeOnce,
} from "../../support/endpoints.ts";
import {
  databaseOnceOpened,
  envWithLosingQueues,
  handleAttempts,
  handleBatch,
  letTimePass,
  reportUnheard,
  request,
} from "../../support/handlers.ts";
import {
  call,
  expectRefusal,
  logOf,
  makeOrg,
  type Org,
  type Receiver,
  receiver,
} from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

const sentTo = async (crm: Receiver) => (await crm.received()).map(({ body }) => JSON.parse(body).call_id);

describe("a degraded endpoint that wakes", () => {
  test("is probed by the call that has waited longest; a failed probe uses up no step and waits again", async () => {
    const { crm, first } = await failingReceiver(org, 500);
    const second = await reportParked(org, crm.url);
    const { released, wakes } = await wakeOnce(org, crm.url);
    expect(released).toEqual([first]);
    expect(wakes).toMatchObject([{ delaySeconds: 30 }]);
    const { env: lossy, retries } = envWithLosingQueues();
    await handleAttempts(lossy, released);
    expect(retries).toEqual([]);
    expect(await sentTo(crm)).toHaveLength(6);
    expect(await logOf(org, first.call_id)).toMatchObject({
      ...{ ...PARKED, status: "retrying" },
      metadata: [{ attempt: 1, response_code: 500 }],
    });
    expect(await logOf(org, second)).toMatchObject({ ...PARKED, metadata: [] });
  });

  test("is probed by the same call three times, then by the next one", async () => {
    const { crm, first } = await failingReceiver(org, 500);
    const second = await reportParked(org, crm.url);
    for (let probe = 1; probe <= 7; probe++) await wakeAndDeliver(org, crm.url);
    const one = first.call_id;
    expect((await sentTo(crm)).slice(5)).toEqual([one, one, one, second, second, second, one]);
  });

  test("is probed for days without using up a schedule of three attempts", async () => {
    const { crm, first } = await failingReceiver(org, ...Array(12).fill(500), 200);
    for (let probe = 1; probe <= 12; probe++) await wakeAndDeliver(org, crm.url);
    expect((await logOf(org, first.call_id)).metadata).toHaveLength(12);
    await wakeAndDeliver(org, crm.url);
    expect(await logOf(org, first.call_id)).toMatchObject({ status: "delivered" });
    expect(await endpointsOf(org)).toMatchObject([{ state: "active", waiting: 0 }]);
  });

  test("is not kept from other calls by one that is always asked to come later", async () => {
    const crm = await receiver(
      500,
      500,
      500,
      500,
      500,
      { status: 429, headers: { "retry-after": "1" } },
      200,
    );
    await degrade(org, crm.url);
    const { key: throttled } = await attemptOnce(org, crm.url);
    const healthy = await reportParked(org, crm.url);
    await wakeAndDeliver(org, crm.url);
    await letTimePass(throttled, 60_000);
    await handleAttempts(envWithLosingQueues().env, [{ ...throttled, attempt: 2 }]);
    expect(await logOf(org, throttled.call_id)).toMatchObject({ reason: "endpoint_degraded" });
    expect((await wakeOnce(org, crm.url)).released).toMatchObject([{ call_id: healthy }]);
  });

  test("stays degraded where its probe is answered 404, and goes on", async () => {
    const { crm, first } = await failingReceiver(org, 404, 200);
    await wakeAndDeliver(org, crm.url);
    expect(await endpointsOf(org)).toMatchObject([
      { state: "degraded", waiting: 1, consecutive_failures: 5 },
    ]);
    expect(await logOf(org, first.call_id)).toMatchObject({ reason: "endpoint_degraded" });
    await wakeAndDeliver(org, crm.url);
    expect(await logOf(org, first.call_id)).toMatchObject({ status: "delivered" });
  });

  test("once only: a second message changes nothing, and the probe of another wake is parked again", async () => {
    const { crm, first } = await failingReceiver(org, 500);
    const second = await reportParked(org, crm.url);
    await wakeOnce(org, crm.url); // its probe's message is lost
    const lossy = envWithLosingQueues();
    const message = writeWakeMessage({ user_id: org.user_id, url: crm.url });
    expect(await handleBatch(lossy.env, [message, message], "postcall-retries")).toEqual(["ack", "ack"]);
    expect(takenFrom(lossy)).toEqual([]);
    const { released } = await wakeOnce(org, crm.url);
    expect(released).toMatchObject([{ call_id: second }]);
    expect(await handleAttempts(lossy.env, [first, ...released])).toEqual(["ack", "ack"]);
    expect((await sentTo(crm)).slice(5)).toEqual([second]);
    expect(await logOf(org, first.call_id)).toMatchObject({ ...PARKED, metadata: [] });
  });

  test("sleeps once no call waits, and the next call wakes it again", async () => {
    const { crm, first } = await failingReceiver(org, 410);
    await env.DB.prepare("DELETE FROM webhook_logs WHERE call_id = ?").bind(first.call_id).run();
    expect(await wakeOnce(org, crm.url)).toMatchObject({ settled: "ack", released: [], wakes: [] });
    const { key, retries } = await attemptOnce(org, crm.url);
    expect(retries).toMatchObject([{ body: { endpoint: crm.url } }]);
    expect(await logOf(org, key.call_id)).toMatchObject(PARKED);
  });

  test("is not probed twice in a row where it fell asleep while its only call probed it", async () => {
    const { crm } = await failingReceiver(org, 500);
    const { released } = await wakeOnce(org, crm.url);
    await env.DB.prepare("UPDATE endpoints SET next_probe_at = 1 WHERE user_id = ?").bind(org.user_id).run();
    await wakeOnce(org, crm.url);
    const lossy = envWithLosingQueues();
    await handleAttempts(lossy.env, released);
    expect(await sentTo(crm)).toHaveLength(6);
    expect(lossy.retries).toMatchObject([{ body: { endpoint: crm.url } }]);
    expect(lossy.retries[0]?.delaySeconds).toBeGreaterThan(10);
  });

  test("is probed now where its owner asks, and only while it is degraded", async () => {
    const { crm, first } = await failingReceiver(org, 200);
    const probe = () => call(org, "POST", "/v1/endpoints/probe", { body: { url: crm.url } });
    const { body } = await probe();
    expect(body.data).toMatchObject({ state: "degraded", waiting: 1 });
    expect(Math.abs(Date.parse(body.data.next_probe_at) - Date.now())).toBeLessThan(2_000);
    const lossy = envWithLosingQueues();
    const message = writeWakeMessage({ user_id: org.user_id, url: crm.url });
    await handleBatch(lossy.env, [message], "postcall-retries");
    const path = "/v1/endpoints/probe";
    const meanwhile = envWithLosingQueues(); // the next one comes once this one must have ended
    await request(meanwhile.env, org, { method: "POST", path, body: { url: crm.url } });
    expect(meanwhile.retries).toMatchObject([{ body: { endpoint: crm.url } }]);
    expect(meanwhile.retries[0]?.delaySeconds).toBeGreaterThan(15);
    await handleAttempts(lossy.env, takenFrom(lossy));
    expect(await logOf(org, first.call_id)).toMatchObject({ status: "delivered" });
    expectRefusal(await probe(), 409, "CONFLICT", /is active: only a degraded one is probed/);
  });
});

test("slots that were given before an endpoint failed are not waited for once it takes calls again", async () => {
  const { crm } = await failingReceiver(org, 200);
  await env.DB.prepare("UPDATE endpoints SET rate_per_second = 1, next_slot_at = 9e15 WHERE user_id = ?")
    .bind(org.user_id)
    .run();
  await wakeAndDeliver(org, crm.url);
  const { key } = await attemptOnce(org, crm.url);
  expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered" });
});

describe("an endpoint that takes calls again", () => {
  const reportMany = (url: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => reportParked(org, url)));

  test("gets ten at once, two more for each success, and the rest in tens", async () => {
    const { crm } = await failingReceiver(org, 200);
    await reportMany(crm.url, 40);
    const probed = await wakeAndDeliver(org, crm.url);
    expect(probed.following).toHaveLength(10);
    const lossy = envWithLosingQueues();
    await handleAttempts(lossy.env, probed.following.slice(0, 3));
    expect(takenFrom(lossy)).toHaveLength(6);
    const { released, wakes } = await wakeOnce(org, crm.url);
    expect(released).toHaveLength(10);
    expect(wakes).toMatchObject([{ delaySeconds: 10 }]);
    expect(await endpointsOf(org)).toMatchObject([{ state: "active", waiting: 14 }]);
  });

  test("and fails those parks them again, and no step of theirs is used up", async () => {
    const { crm } = await failingReceiver(org, 200, 500);
    const calls = await reportMany(crm.url, 12);
    const { following } = await wakeAndDeliver(org, crm.url);
    await handleAttempts(envWithLosingQueues().env, following);
    expect(await endpointsOf(org)).toMatchObject([{ state: "degraded", waiting: 12 }]);
    const logs = await Promise.all(calls.map((call_id) => logOf(org, call_id)));
    expect(logs.map(({ reason }) => reason)).toEqual(Array(12).fill("endpoint_degraded"));
    expect(logs.flatMap(({ metadata }) => metadata)).toHaveLength(10);
  });

  test("has a call that alone fails behind the others after three times, and then on its own schedule to its end", async () => {
    const { crm, first: poison } = await failingReceiver(org, 500);
    const released = async () => {
      await env.DB.prepare(
        "UPDATE endpoints SET state = 'active', consecutive_failures = 0 WHERE user_id = ?",
      )
        .bind(org.user_id)
        .run();
      await wakeAndDeliver(org, crm.url);
    };
    for (let trial = 1; trial <= 3; trial++) await released();
    expect(await endpointsOf(org)).toMatchObject([{ state: "active", waiting: 1 }]);
    await released();
    expect(await logOf(org, poison.call_id)).toMatchObject({
      ...{ status: "retrying", reason: null, next_attempt_at: expect.any(String) },
    });
    for (const attempt of [5, 6]) {
      await letTimePass(poison, 3_600_000);
      await env.DB.prepare("UPDATE endpoints SET consecutive_failures = 0 WHERE user_id = ?")
        .bind(org.user_id)
        .run();
      await handleAttempts(envWithLosingQueues().env, [{ ...poison, attempt }]);
    }
    expect(await logOf(org, poison.call_id)).toMatchObject({
      status: "failed",
      reason: "attempts_exhausted",
    });
  });

  test("while a batch would park a call has that call judged again, and sent", async () => {
    const crm = await receiver(500, 500, 500, 500, 500, 200);
    const key = await reportUnheard(org, crm.url);
    await degrade(org, crm.url);
    const DB = databaseOnceOpened(async (statements) => {
      await env.DB.prepare("UPDATE endpoints SET state = 'active' WHERE user_id = ?").bind(org.user_id).run();
      return env.DB.batch(statements);
    });
    expect(await handleAttempts(envWithLosingQueues({ DB }).env, [key])).toEqual([1]);
    expect(await handleAttempts(envWithLosingQueues().env, [key])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered" });
  });
});
