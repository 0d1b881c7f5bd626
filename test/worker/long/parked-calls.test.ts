/**
 * Calls that wait for a degraded endpoint are parked: they have no due time, no message and no cost. Their endpoint
 * wakes for them, and none is left behind whatever is lost.
 */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { writeWakeMessage } from "../../../src/core/message.ts";
import { NOTHING, writeResults } from "../../../src/record/results.ts";
import { forget } from "../../support/endpoint-settings.ts";
import {
  attemptOnce,
  degrade,
  endpointsOf,
  failingReceiver,
  PARKED,
  reportParked,
  takenFrom,
  wakeOnce,
} from "../../support/endpoints.ts";
import {
  databaseOnceOpened,
  envWithLosingQueues,
  handleAttempts,
  handleBatch,
  letTimePass,
  reportUnheard,
  sweepOnce,
} from "../../support/handlers.ts";
import { meter } from "../../support/meter.ts";
import { call, expectRefusal, logOf, makeOrg, type Org, receiver } from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

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
    const { crm } = await failingReceiver(org, 500);
    const queues = envWithLosingQueues();
    await reportParked(org, crm.url);
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
    const { crm, first } = await failingReceiver(org, 500);
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

describe("nothing is stuck", () => {
  const later = (minutes: number) => vi.spyOn(Date, "now").mockReturnValue(Date.now() + minutes * 60_000);

  test("where an endpoint's message is lost: the sweep sends another", async () => {
    const { crm } = await failingReceiver(org, 200);
    later(2);
    const { env: lossy, retries } = envWithLosingQueues();
    await sweepOnce(lossy);
    const wakes = retries.filter(({ body }) => body.user_id === org.user_id && "endpoint" in body);
    expect(wakes).toEqual([{ body: { v: 1, user_id: org.user_id, endpoint: crm.url }, delaySeconds: 0 }]);
  });

  test("where a released call's message is lost: the sweep enqueues it", async () => {
    const { crm, first } = await failingReceiver(org, 200);
    await wakeOnce(org, crm.url);
    later(2);
    const lossy = envWithLosingQueues();
    await sweepOnce(lossy.env);
    expect(takenFrom(lossy)).toContainEqual(first);
  });

  test("where the endpoint is forgotten while a released call is under way: the call is retried by its schedule", async () => {
    const { crm, first } = await failingReceiver(org, 500);
    const { released } = await wakeOnce(org, crm.url);
    expect((await forget(org, crm.url)).status).toBe(200);
    await env.DB.prepare(
      "CREATE TRIGGER forgotten AFTER INSERT ON endpoints BEGIN DELETE FROM endpoints WHERE url = NEW.url; END",
    ).run();
    await handleAttempts(envWithLosingQueues().env, released);
    await env.DB.prepare("DROP TRIGGER forgotten").run();
    expect(await logOf(org, first.call_id)).toMatchObject({
      ...{ status: "retrying", reason: null, next_attempt_at: expect.any(String) },
    });
  });

  test("an endpoint that was forgotten stays so, whatever its last attempts come to", async () => {
    const crm = await receiver(500);
    const due = await Promise.all(Array.from({ length: 6 }, () => reportUnheard(org, crm.url)));
    await attemptOnce(org, crm.url);
    const DB = databaseOnceOpened(async (statements) => {
      await forget(org, crm.url);
      return env.DB.batch(statements);
    });
    await handleAttempts(envWithLosingQueues({ DB }).env, due);
    expect(await crm.received()).toHaveLength(7);
    expect(await endpointsOf(org)).toEqual([]);
  });

  test("a held call is not parked", async () => {
    const { crm } = await failingReceiver(org, 500);
    const key = await reportUnheard(org, (await receiver(200)).url);
    await env.DB.prepare("UPDATE webhook_logs SET url = ?, status = 'held' WHERE call_id = ?")
      .bind(crm.url, key.call_id)
      .run();
    expect((await writeResults(env.DB, { ...NOTHING, parked: [key], now: 1 })).moved).toEqual([]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "held" });
  });

  test("where an endpoint is to be forgotten while calls wait for it: it is not", async () => {
    const { crm } = await failingReceiver(org, 500);
    expectRefusal(await forget(org, crm.url), 409, "CONFLICT", /Calls wait for the endpoint/);
  });

  test("a parked call is kept however old, until its endpoint is disabled", async () => {
    const { first } = await failingReceiver(org, 500);
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

test("what has waited goes into the later lane, where no backlog of first attempts keeps it", async () => {
  const { crm } = await failingReceiver(org, 200);
  await reportParked(org, crm.url);
  await env.DB.prepare("UPDATE endpoints SET wake_at = 1 WHERE user_id = ?").bind(org.user_id).run();
  const probing = envWithLosingQueues();
  await handleBatch(
    probing.env,
    [writeWakeMessage({ user_id: org.user_id, url: crm.url })],
    "postcall-retries",
  );
  expect(probing.deliveries).toEqual([]);
  const releasing = envWithLosingQueues();
  await handleAttempts(releasing.env, takenFrom(probing));
  expect(releasing.deliveries).toEqual([]);
  expect(takenFrom(releasing)).toMatchObject([{ attempt: 1 }]);
});

test("an endpoint without settings that has been well for thirty days is forgotten; one with settings is not", async () => {
  const [well, set] = [await receiver(500, 200), await receiver(500, 200)];
  for (const crm of [well, set]) for (let n = 1; n <= 2; n++) await attemptOnce(org, crm.url);
  await call(org, "PATCH", "/v1/endpoints", { body: { url: set.url, description: "CRM" } });
  const sweepAfter = async (days: number) => {
    await env.DB.prepare("UPDATE endpoints SET last_failure_at = 1, recovered_at = ? WHERE user_id = ?")
      .bind(Date.now() - days * 86_400_000, org.user_id)
      .run();
    await sweepOnce(envWithLosingQueues().env);
    return (await endpointsOf(org)).map(({ url }: { url: string }) => url);
  };
  expect(await sweepAfter(29)).toHaveLength(2);
  expect(await sweepAfter(31)).toEqual([set.url]);
});
