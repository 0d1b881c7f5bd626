/** Manual sends during faults: what was sent is never refused, and a resend gets a stuck call going. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { writeMessage } from "../../src/core/message.ts";
import type { AttemptKey } from "../../src/core/webhook-log.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  handleBatch,
  letTimePass,
  reportUnheard,
  request,
  resendUnheard,
  sweepOnce,
} from "../support/handlers.ts";
import { expectRefusal, logOf, makeOrg, type Org, receiver, reportCall } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const byHand = (on: Env, kind: "resend" | "create", body: object) =>
  request(on, org, {
    method: "POST",
    path: `/v1/postcall/webhooks/${kind}`,
    body,
    headers: { prefer: "respond-async" },
  });

/** A database that loses the answer to the first write of a log, and stalls the second until the test lets it go on. */
function stallingDatabase() {
  const [stalled, going] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let tries = 0;
  const failing = (statement: D1PreparedStatement): object => ({
    bind: (...values: unknown[]) => failing(statement.bind(...values)),
    all: async () => {
      if (++tries === 2) {
        stalled.resolve();
        await going.promise;
      }
      const rows = await statement.all();
      if (tries === 1) throw new Error("D1_ERROR: Network connection lost.");
      return rows;
    },
  });
  const DB = {
    prepare: (query: string) =>
      query.startsWith("UPDATE webhook_logs") ? failing(env.DB.prepare(query)) : env.DB.prepare(query),
    batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
  } as unknown as D1Database;
  return { DB, stalled: stalled.promise, goOn: () => going.resolve() };
}

/** The first attempt of a call's current delivery. */
async function currentAttempt(call_id: string): Promise<AttemptKey> {
  const key = await env.DB.prepare(
    "SELECT user_id, call_id, event, delivery_id, 1 AS attempt FROM webhook_logs WHERE user_id = ? AND call_id = ?",
  )
    .bind(org.user_id, call_id)
    .first<AttemptKey>();
  if (key === null) throw new Error("the log is gone");
  return key;
}

describe("a write that was made, lost its answer and was made again long afterwards", () => {
  test("of a create that others sent and resent meanwhile is answered 503 and not 400", async () => {
    const crm = await receiver(200);
    const { call_id } = await reportCall(org);
    const { DB, stalled, goOn } = stallingDatabase();
    const { env: lossy, deliveries } = envWithLosingQueues({ DB });
    const asking = byHand(lossy, "create", { call_ids: [call_id], webhook_url: crm.url });
    await stalled;
    const created = await currentAttempt(call_id);
    await handleAttempts(envWithLosingQueues().env, [created]);
    await resendUnheard(org, created);
    goOn();
    const answer = await asking;
    expectRefusal(answer, 503, "UNAVAILABLE", call_id);
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(deliveries).toEqual([]);
    expect(await logOf(org, call_id)).toMatchObject({
      status: "pending",
      metadata: [{ send_type: "create" }],
    });
    expect(await crm.received()).toHaveLength(1);
  });

  test("of a resend whose endpoint was disabled meanwhile is answered 503 and not 400", async () => {
    const crm = await receiver(200, 500, 410);
    const key = await reportUnheard(org, crm.url);
    await handleAttempts(envWithLosingQueues().env, [key]);
    const { DB, stalled, goOn } = stallingDatabase();
    const asking = byHand(envWithLosingQueues({ DB }).env, "resend", { call_ids: [key.call_id] });
    await stalled;
    await handleAttempts(envWithLosingQueues().env, [await currentAttempt(key.call_id)]);
    await handleAttempts(envWithLosingQueues().env, [await resendUnheard(org, key)]);
    goOn();
    expectRefusal(await asking, 503, "UNAVAILABLE", key.call_id);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "failed",
      metadata: [{ response_code: 200 }, { response_code: 500 }, { response_code: 410 }],
    });
    expect(await crm.received()).toHaveLength(3);
  });
});

describe("a resend that joins", () => {
  test("enqueues the first attempt again: one whose message was lost is delivered, by two clicks once", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    await letTimePass(key, 3_600_000);
    await sweepOnce(envWithLosingQueues().env);
    const { env: lossy, deliveries, retries } = envWithLosingQueues();
    for (const _click of [1, 2])
      expect((await byHand(lossy, "resend", { call_ids: [key.call_id] })).status).toBe(202);
    expect(deliveries.map(({ body }) => body)).toEqual([writeMessage(key), writeMessage(key)]);
    expect(retries).toEqual([]);
    for (const { body } of deliveries) expect(await handleBatch(lossy, [body])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "delivered",
      metadata: [{ send_type: "spawn", attempt: 1 }],
    });
    expect(await crm.received()).toHaveLength(1);
  });

  test("makes an attempt due at once that the consumer could not process and that waits an hour for it", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const setFaults = env.DB.prepare("UPDATE webhook_logs SET faults = 7 WHERE call_id = ?").bind(
      key.call_id,
    );
    await setFaults.run();
    await handleBatch(envWithLosingQueues().env, [writeMessage(key)], "postcall-dead-letters");
    const { env: lossy, deliveries } = envWithLosingQueues();
    const answer = await byHand(lossy, "resend", { call_ids: [key.call_id] });
    expect(answer).toMatchObject({ status: 202, body: { data: [{ status: "pending", metadata: [] }] } });
    expect(Date.parse(answer.body.data[0].next_attempt_at)).toBeLessThanOrEqual(Date.now());
    expect(deliveries.map(({ body }) => body)).toEqual([writeMessage(key)]);
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "delivered",
      reason: null,
      metadata: [{ send_type: "spawn", attempt: 1 }],
    });
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]); // the message that was to come in an hour
    expect(await crm.received()).toHaveLength(1);
  });
});
