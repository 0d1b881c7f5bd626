/**
 * Calls that wait for a degraded endpoint are parked: they have no due time, no message and no cost. Their endpoint
 * wakes for them, and none is left behind whatever is lost.
 */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { writeWakeMessage } from "../../src/core/message.ts";
import type { AttemptKey } from "../../src/core/webhook-log.ts";
import {
  attemptOnce,
  degrade,
  endpointsOf,
  takenFrom,
  wakeAndDeliver,
  wakeOnce,
} from "../support/endpoints.ts";
import {
  databaseOnceOpened,
  envWithLosingQueues,
  handleAttempts,
  handleBatch,
  letTimePass,
  reportUnheard,
  sweepOnce,
} from "../support/handlers.ts";
import { meter } from "../support/meter.ts";
import {
  call,
  expectRefusal,
  logOf,
  makeOrg,
  type Org,
  type Receiver,
  receiver,
  reportCall,
} from "../support/words.ts";

const PARKED = { status: "pending", reason: "endpoint_degraded", next_attempt_at: null };

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

/** A receiver whose endpoint is degraded, and a call that is parked at it. The answers follow five that failed. */
async function failingReceiver(...answers: number[]): Promise<{ crm: Receiver; first: AttemptKey }> {
  const crm = await receiver(500, 500, 500, 500, 500, ...answers);
  await degrade(org, crm.url);
  const { key } = await attemptOnce(org, crm.url);
  return { crm, first: key };
}

const reportParked = async (url: string): Promise<string> => {
  const { call_id, answer } = await reportCall(org, { webhook: url });
  expect(answer.body.data).toMatchObject(PARKED);
  return call_id;
};

const sentTo = async (crm: Receiver) => (await crm.received()).map(({ body }) => JSON.parse(body).call_id);
const forget = (url: string) => call(org, "DELETE", `/v1/endpoints?url=${encodeURIComponent(url)}`);

describe("a call for a degraded endpoint is parked", () => {
  test("by the batch that has its message; its endpoint's message comes when it is to be probed", async () => {
    const crm = await receiver(500);
    await degrade(org, crm.url);
    const { key, settled, retries, deliveries } = await attemptOnce(org, crm.url);
    expect(settled).toBe("ack");
    expect(deliveries).toEqual([]);
    expect(retries).toEqual([
      { body: { v: 1, user_id: org.user_id, endpoint: crm.url }, delaySeconds: expect.any(Number) },
    ]);
    expect(retries[0]?.delaySeconds).toBeGreaterThan(10);
    expect(await logOf(org, key.call_id)).toMatchObject({ ...PARKED, metadata: [] });
    expect(await crm.received()).toHaveLength(5);
  });

  test("at its report once its endpoint is to wake, without a message", async () => {
    const { crm } = await failingReceiver(500);
    const queues = envWithLosingQueues();
    await reportParked(crm.url);
    expect(takenFrom(queues)).toEqual([]);
    expect(await endpointsOf(org)).toMatchObject([{ state: "degraded", waiting: 2, waiting_exact: true }]);
  });

  test("as a retry too, when its time has come", async () => {
    const crm = await receiver(500);
    const { key } = await attemptOnce(org, crm.url);
    await degrade(org, crm.url);
    await letTimePass(key, 5_000);
    await handleAttempts(envWithLosingQueues().env, [{ ...key, attempt: 2 }]);
    expect(await logOf(org, key.call_id)).toMatchObject({
      ...PARKED,
      status: "retrying",
      metadata: [{ attempt: 1 }],
    });
  });

  test("for three rows at its report, two by a batch, and two when it is released", async () => {
    const { crm, first } = await failingReceiver(500);
    let rows = 0;
    const DB = meter(env.DB, ({ rows_written }) => {
      rows += rows_written;
    });
    const costOf = async (work: () => Promise<unknown>) => {
      rows = 0;
      await work();
      return rows;
    };
    const due = await reportUnheard(org, (await receiver(200)).url);
    await env.DB.prepare("UPDATE webhook_logs SET url = ? WHERE call_id = ?")
      .bind(crm.url, due.call_id)
      .run();
    const { env: metered } = envWithLosingQueues({ DB });
    expect(await costOf(() => handleAttempts(metered, [due]))).toBe(2);
    await env.DB.prepare("UPDATE endpoints SET wake_at = 1 WHERE user_id = ?").bind(org.user_id).run();
    const message = writeWakeMessage({ user_id: org.user_id, url: crm.url });
    // Beside the call's rows: the endpoint's, and its entry in the index of those that wake.
    expect(await costOf(() => handleBatch(metered, [message], "postcall-retries"))).toBe(2 + 2);
    expect(await logOf(org, first.call_id)).toMatchObject({
      reason: null,
      next_attempt_at: expect.any(String),
    });
  });
});

describe("a degraded endpoint that wakes", () => {
  test("is probed by the call that has waited longest; a failed probe uses up no step and waits again", async () => {
    const { crm, first } = await failingReceiver(500);
    const second = await reportParked(crm.url);
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
    const { crm, first } = await failingReceiver(500);
    const second = await reportParked(crm.url);
    for (let probe = 1; probe <= 7; probe++) await wakeAndDeliver(org, crm.url);
    const one = first.call_id;
    expect((await sentTo(crm)).slice(5)).toEqual([one, one, one, second, second, second, one]);
  });

  test("is probed for days without using up a schedule of three attempts", async () => {
    const { crm, first } = await failingReceiver(...Array(12).fill(500), 200);
    for (let probe = 1; probe <= 12; probe++) await wakeAndDeliver(org, crm.url);
    expect((await logOf(org, first.call_id)).metadata).toHaveLength(12);
    await wakeAndDeliver(org, crm.url);
    expect(await logOf(org, first.call_id)).toMatchObject({ status: "delivered" });
    expect(await endpointsOf(org)).toMatchObject([{ state: "active", waiting: 0 }]);
  });

  test("stays degraded where its probe is answered 404, and goes on", async () => {
    const { crm, first } = await failingReceiver(404, 200);
    await wakeAndDeliver(org, crm.url);
    expect(await endpointsOf(org)).toMatchObject([
      { state: "degraded", waiting: 1, consecutive_failures: 5 },
    ]);
    expect(await logOf(org, first.call_id)).toMatchObject({ reason: "endpoint_degraded" });
    await wakeAndDeliver(org, crm.url);
    expect(await logOf(org, first.call_id)).toMatchObject({ status: "delivered" });
  });

  test("once only: a second message changes nothing, and the probe of another wake is parked again", async () => {
    const { crm, first } = await failingReceiver(500);
    const second = await reportParked(crm.url);
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
    const { crm, first } = await failingReceiver(410);
    await env.DB.prepare("DELETE FROM webhook_logs WHERE call_id = ?").bind(first.call_id).run();
    expect(await wakeOnce(org, crm.url)).toMatchObject({ settled: "ack", released: [], wakes: [] });
    const { key, retries } = await attemptOnce(org, crm.url);
    expect(retries).toMatchObject([{ body: { endpoint: crm.url } }]);
    expect(await logOf(org, key.call_id)).toMatchObject(PARKED);
  });

  test("is probed now where its owner asks, and only while it is degraded", async () => {
    const { crm, first } = await failingReceiver(200);
    const probe = () => call(org, "POST", "/v1/endpoints/probe", { body: { url: crm.url } });
    const { body } = await probe();
    expect(body.data).toMatchObject({ state: "degraded", waiting: 1 });
    expect(Math.abs(Date.parse(body.data.next_probe_at) - Date.now())).toBeLessThan(2_000);
    const lossy = envWithLosingQueues();
    const message = writeWakeMessage({ user_id: org.user_id, url: crm.url });
    await handleBatch(lossy.env, [message], "postcall-retries");
    await handleAttempts(lossy.env, takenFrom(lossy));
    expect(await logOf(org, first.call_id)).toMatchObject({ status: "delivered" });
    expectRefusal(await probe(), 409, "CONFLICT", /is active: only a degraded one is probed/);
  });
});

describe("an endpoint that takes calls again", () => {
  const reportMany = (url: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => reportParked(url)));

  test("gets ten at once, two more for each success, and the rest in tens", async () => {
    const { crm } = await failingReceiver(200);
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
    const { crm } = await failingReceiver(200, 500);
    const calls = await reportMany(crm.url, 12);
    const { following } = await wakeAndDeliver(org, crm.url);
    await handleAttempts(envWithLosingQueues().env, following);
    expect(await endpointsOf(org)).toMatchObject([{ state: "degraded", waiting: 12 }]);
    for (const call_id of calls)
      expect(await logOf(org, call_id)).toMatchObject({ reason: "endpoint_degraded" });
    expect((await logOf(org, calls[0] ?? "")).metadata).toMatchObject([{ response_code: 500 }]);
  });

  test("has a call that alone fails behind the others after three times, and then on its own schedule to its end", async () => {
    const { crm, first: poison } = await failingReceiver(500);
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

describe("nothing is stuck", () => {
  const later = (minutes: number) => vi.spyOn(Date, "now").mockReturnValue(Date.now() + minutes * 60_000);

  test("where an endpoint's message is lost: the sweep sends another", async () => {
    const { crm } = await failingReceiver(200);
    later(2);
    const { env: lossy, retries } = envWithLosingQueues();
    await sweepOnce(lossy);
    const wakes = retries.filter(({ body }) => body.user_id === org.user_id && "endpoint" in body);
    expect(wakes).toEqual([{ body: { v: 1, user_id: org.user_id, endpoint: crm.url }, delaySeconds: 0 }]);
  });

  test("where a released call's message is lost: the sweep enqueues it", async () => {
    const { crm, first } = await failingReceiver(200);
    await wakeOnce(org, crm.url);
    later(2);
    const lossy = envWithLosingQueues();
    await sweepOnce(lossy.env);
    expect(takenFrom(lossy)).toContainEqual(first);
  });

  test("where the endpoint is forgotten while a released call is under way: the call is retried by its schedule", async () => {
    const { crm, first } = await failingReceiver(500);
    const { released } = await wakeOnce(org, crm.url);
    expect((await forget(crm.url)).status).toBe(200);
    await env.DB.prepare(
      "CREATE TRIGGER forgotten AFTER INSERT ON endpoints BEGIN DELETE FROM endpoints WHERE url = NEW.url; END",
    ).run();
    await handleAttempts(envWithLosingQueues().env, released);
    await env.DB.prepare("DROP TRIGGER forgotten").run();
    expect(await logOf(org, first.call_id)).toMatchObject({
      ...{ status: "retrying", reason: null, next_attempt_at: expect.any(String) },
    });
  });

  test("where an endpoint is to be forgotten while calls wait for it: it is not", async () => {
    const { crm } = await failingReceiver(500);
    expectRefusal(await forget(crm.url), 409, "CONFLICT", /Calls wait for the endpoint/);
  });

  test("a parked call is kept however old, until its endpoint is disabled", async () => {
    const { first } = await failingReceiver(500);
    await env.DB.prepare("UPDATE webhook_logs SET created_at = 1 WHERE call_id = ?")
      .bind(first.call_id)
      .run();
    await sweepOnce(envWithLosingQueues().env);
    expect(await logOf(org, first.call_id)).toMatchObject(PARKED);
    await env.DB.prepare("UPDATE endpoints SET state = 'disabled' WHERE user_id = ?").bind(org.user_id).run();
    await sweepOnce(envWithLosingQueues().env);
    expect(await logOf(org, first.call_id)).toBeNull();
  });
});

test("an endpoint without settings that has been well for thirty days is forgotten; one with settings is not", async () => {
  const [well, set] = [await receiver(500, 200), await receiver(500, 200)];
  for (const crm of [well, set]) for (let n = 1; n <= 2; n++) await attemptOnce(org, crm.url);
  await call(org, "PATCH", "/v1/endpoints", { body: { url: set.url, description: "CRM" } });
  const sweepAfter = async (days: number) => {
    await env.DB.prepare("UPDATE endpoints SET last_failure_at = ? WHERE user_id = ?")
      .bind(Date.now() - days * 86_400_000, org.user_id)
      .run();
    await sweepOnce(envWithLosingQueues().env);
    return (await endpointsOf(org)).map(({ url }: { url: string }) => url);
  };
  expect(await sweepAfter(29)).toHaveLength(2);
  expect(await sweepAfter(31)).toEqual([set.url]);
});
