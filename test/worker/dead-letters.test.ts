/** Attempts that the consumer can't process: noted in the log with the reason, tried again, and failed at the end. */
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Call } from "../../src/call/object.ts";
import { writeMessage } from "../../src/core/message.ts";
import type { AttemptKey } from "../../src/core/webhook-log.ts";
import { operationalWebhooksOf, toldOrg } from "../support/endpoints.ts";
import {
  databaseOnceOpened,
  envWithLosingQueues,
  handleAttempts,
  handleBatch,
  letTimePass,
  reportUnheard,
} from "../support/handlers.ts";
import { logOf, makeOrg, receiver, resend } from "../support/words.ts";

const DEAD_LETTERS = "postcall-dead-letters";

afterEach(() => {
  vi.restoreAllMocks();
});

const faultsOf = (key: AttemptKey) =>
  env.DB.prepare("SELECT faults FROM webhook_logs WHERE user_id = ? AND call_id = ?")
    .bind(key.user_id, key.call_id)
    .first<number>("faults");

const setFaults = (key: AttemptKey, faults: number) =>
  env.DB.prepare("UPDATE webhook_logs SET faults = ? WHERE user_id = ? AND call_id = ?")
    .bind(faults, key.user_id, key.call_id)
    .run();

describe("a message that its lane gave up on", () => {
  test("is noted on the log with the reason, and taken up again until it is delivered", async () => {
    const org = await makeOrg();
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy, retries } = envWithLosingQueues();
    expect(await handleBatch(lossy, [writeMessage(key), "junk"], DEAD_LETTERS)).toEqual(["ack", "ack"]);
    const log = await logOf(org, key.call_id);
    expect(log).toMatchObject({ status: "pending", reason: "dead_letter", metadata: [] });
    expect(Date.parse(log.next_attempt_at) - Date.now()).toBeGreaterThan(55_000);
    expect(retries).toEqual([{ body: writeMessage(key), delaySeconds: 60 }]);
    expect(await faultsOf(key)).toBe(1);
    await letTimePass(key, 60_000);
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", reason: null });
    expect(await faultsOf(key)).toBe(0);
  });

  test("counts one round however often it is repeated, and none where its log has moved on", async () => {
    const org = await makeOrg();
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    await handleBatch(lossy, [writeMessage(key), writeMessage(key)], DEAD_LETTERS);
    await handleBatch(lossy, [writeMessage(key)], DEAD_LETTERS); // early by now
    expect(await faultsOf(key)).toBe(1);
    await letTimePass(key, 60_000);
    await handleAttempts(lossy, [key]);
    const delivered = await logOf(org, key.call_id);
    await handleBatch(lossy, [writeMessage(key)], DEAD_LETTERS);
    expect(await logOf(org, key.call_id)).toEqual(delivered);
  });

  test("comes back where the record is away, and is noted then", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const org = await makeOrg();
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const DB = databaseOnceOpened(() => Promise.reject(new Error("away")));
    const { env: lossy, retries } = envWithLosingQueues({ DB });
    expect(await handleBatch(lossy, [writeMessage(key)], DEAD_LETTERS)).toEqual([2]);
    expect(retries).toEqual([]);
    expect(await faultsOf(key)).toBe(0);
    const { env: mended } = envWithLosingQueues();
    expect(await handleBatch(mended, [writeMessage(key)], DEAD_LETTERS)).toEqual(["ack"]);
    expect(await faultsOf(key)).toBe(1);
  });

  test("fails its delivery in the tenth round, which is reported once; it can be resent", async () => {
    const { org } = await toldOrg(200);
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    await setFaults(key, 9);
    await env.DB.prepare("UPDATE webhook_logs SET parked = 1 WHERE call_id = ?").bind(key.call_id).run();
    const { env: lossy, deliveries, retries } = envWithLosingQueues();
    await handleBatch(lossy, [writeMessage(key)], DEAD_LETTERS);
    await handleBatch(lossy, [writeMessage(key)], DEAD_LETTERS);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "failed",
      reason: "dead_letter",
      next_attempt_at: null,
      metadata: [],
    });
    expect(await operationalWebhooksOf(org)).toMatchObject([
      { type: "delivery.failed", data: { call_id: key.call_id, attempts: 0, reason: "dead_letter" } },
    ]);
    expect(retries).toMatchObject([{ body: { event: "operational" } }]);
    expect(deliveries).toEqual([]);
    expect(await crm.received()).toEqual([]);
    const waits = "SELECT parked AS waits FROM webhook_logs WHERE call_id = ?";
    expect(await env.DB.prepare(waits).bind(key.call_id).first("waits")).toBeNull();
    expect((await resend(org, [key.call_id])).body.data).toMatchObject([
      { status: "delivered", reason: null },
    ]);
  });
});

test("a message that can't be handled takes no other with it, and fails after ten rounds", async () => {
  const { org } = await toldOrg(200);
  const crm = await receiver(200);
  const [bad, good] = [await reportUnheard(org, crm.url), await reportUnheard(org, crm.url)];
  const { env: lossy, retries } = envWithLosingQueues({
    CALLS: {
      getByName: (name: string) => {
        if (name.includes(bad.call_id)) throw new TypeError("this one can't be addressed");
        return env.CALLS.getByName(name);
      },
    } as unknown as DurableObjectNamespace<Call>,
  });
  expect(await handleAttempts(lossy, [bad, good])).toEqual(["ack", "ack"]);
  expect(await logOf(org, good.call_id)).toMatchObject({ status: "delivered" });
  expect(await logOf(org, bad.call_id)).toMatchObject({
    status: "pending",
    reason: "consumer_fault",
    metadata: [],
  });
  expect(retries).toEqual([{ body: writeMessage(bad), delaySeconds: 60 }]);
  await setFaults(bad, 9);
  await letTimePass(bad, 60_000);
  await handleAttempts(lossy, [bad]);
  expect(await logOf(org, bad.call_id)).toMatchObject({ status: "failed", reason: "consumer_fault" });
  expect(await operationalWebhooksOf(org)).toMatchObject([
    { type: "delivery.failed", data: { reason: "consumer_fault" } },
  ]);
  expect(await crm.received()).toHaveLength(1);
});
