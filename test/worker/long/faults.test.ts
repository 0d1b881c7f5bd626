/** A slow receiver or a lost object affects no other call, and nothing is lost. */
import { evictAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Call } from "../../../src/call/object.ts";
import {
  databaseOnceOpened,
  envWithLosingQueues,
  handleAttempts,
  letTimePass,
  reportUnheard,
} from "../../support/handlers.ts";
import {
  endedLogOf,
  eventually,
  logOf,
  makeOrg,
  NOBODY,
  type Org,
  receiver,
  reportCall,
  resend,
} from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
  for (const method of ["error", "warn"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("a slow receiver", () => {
  test("of 12 s in a batch of 50 does not hold back the other 49, and is delivered too", async () => {
    const slow = await receiver({ status: 200, delayMs: 12_000 });
    const crm = await receiver(200);
    const keys = await Promise.all(
      [slow.url, ...Array(49).fill(crm.url)].map((url) => reportUnheard(org, url)),
    );
    const { env: lossy, retries } = envWithLosingQueues();
    const started = Date.now();
    const outcomes = await handleAttempts(lossy, keys);
    expect(Date.now() - started).toBeLessThan(6_000);
    expect(outcomes).toEqual(Array(50).fill("ack"));
    expect(retries).toEqual([{ body: { v: 1, ...keys[0] }, delaySeconds: 3 }]);
    expect(await crm.received()).toHaveLength(49);
    const [first, ...others] = await Promise.all(keys.map((key) => logOf(org, key.call_id)));
    expect(first).toMatchObject({ status: "pending", metadata: [] });
    expect(others.every((log) => log.status === "delivered" && log.metadata.length === 1)).toBe(true);

    const again = keys.slice(0, 1);
    const joined = await eventually(async () => {
      const [outcome] = await handleAttempts(lossy, again, "postcall-retries");
      return outcome === "ack" ? logOf(org, again[0]?.call_id ?? "") : undefined;
    });
    expect(joined).toMatchObject({ status: "delivered", metadata: [{ attempt: 1, response_code: 200 }] });
    expect(await slow.received()).toHaveLength(1);
  });
});

describe("one call", () => {
  test("never has two requests at once, whatever asks for them", async () => {
    const crm = await receiver({ status: 404, delayMs: 150 });
    const { call_id } = await reportCall(org, { webhook: crm.url });
    for (let round = 0; round < 4; round++) {
      await Promise.all([resend(org, [call_id]), resend(org, [call_id])]);
    }
    const log = await endedLogOf(org, call_id);
    const received = await crm.received();
    expect(received.length).toBe(log.metadata.length);
    expect(received.length).toBeGreaterThanOrEqual(6);
    for (const [index, request] of received.slice(1).entries()) {
      expect(request.started_at).toBeGreaterThanOrEqual(
        received[index]?.ended_at ?? Number.POSITIVE_INFINITY,
      );
    }
    const sentAt = log.metadata.map((entry: { sent_at: string }) => Date.parse(entry.sent_at));
    expect(sentAt.every((at: number, index: number) => index === 0 || at > sentAt[index - 1])).toBe(true);
  });
});

/** An object is evicted only when it is idle: with a timer left from its attempt this would wait 15 s. */
const EVICTION = { timeout: 10_000 };

describe("a lost object", () => {
  const lostObjects = () =>
    envWithLosingQueues({
      CALLS: {
        getByName: () => ({ attempt: () => Promise.reject(new Error("Durable Object reset")) }),
      } as unknown as DurableObjectNamespace<Call>,
    });

  test("has its attempt made again twice, 5 s apart, and then recorded as interrupted", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy, retries } = lostObjects();
    expect(await handleAttempts(lossy, [key])).toEqual([5]);
    expect(await handleAttempts(lossy, [key])).toEqual([5]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "pending", metadata: [] });
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "retrying",
      metadata: [{ attempt: 1, response_code: null, error: "interrupted" }],
    });
    expect(retries).toMatchObject([{ body: { attempt: 2 } }]);
    await letTimePass(key, 5_000);
    const second = { ...key, attempt: 2 };
    expect(await handleAttempts(lossy, [second])).toEqual([5]);
    expect(await handleAttempts(envWithLosingQueues().env, [second])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "delivered",
      metadata: [{}, { attempt: 2 }],
    });
  });

  test("is counted once where its write committed and was made again", async () => {
    const key = await reportUnheard(org, NOBODY);
    let tries = 0;
    const DB = databaseOnceOpened(async (statements) => {
      const answers = await env.DB.batch(statements);
      if (++tries <= 2) throw new Error("D1_ERROR: Network connection lost.");
      return answers;
    });
    const { env: lossy } = lostObjects();
    expect(await handleAttempts({ ...lossy, DB }, [key])).toEqual([5]);
    expect(tries).toBe(3);
    expect(await handleAttempts(lossy, [key])).toEqual([5]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "pending", metadata: [] });
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({ metadata: [{ error: "interrupted" }] });
  });

  test("that forgot an attempt which is recorded does not send it again", EVICTION, async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    await handleAttempts(lossy, [key]);
    await evictAllDurableObjects();
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(await crm.received()).toHaveLength(1);
  });

  test("orders the entries after it by what the record holds", EVICTION, async () => {
    const crm = await receiver(500, 200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    await handleAttempts(lossy, [key]);
    const ahead = Date.now() + 60_000;
    await env.DB.prepare(
      "UPDATE webhook_logs SET last_sent_at = ?, metadata = json_set(metadata, '$[0].sent_at', ?) WHERE call_id = ?",
    )
      .bind(ahead, new Date(ahead).toISOString(), key.call_id)
      .run();
    await letTimePass(key, 5_000);
    await evictAllDurableObjects();
    await handleAttempts(lossy, [{ ...key, attempt: 2 }]);
    const { metadata } = await logOf(org, key.call_id);
    expect(metadata.map(({ sent_at }: { sent_at: string }) => Date.parse(sent_at))).toEqual([
      ahead,
      ahead + 1,
    ]);
  });
});
