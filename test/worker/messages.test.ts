/**
 * What happens to a queue message that is repeated, stale, early, garbled, lost or dead, together with the row and
 * the receiver.
 */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
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
import { attemptsIn, eventually, logOf, makeOrg, newCallId, type Org, receiver } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

describe("a message", () => {
  test("that comes twice is acked twice and sent once", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(await handleAttempts(lossy, [key, key])).toEqual(["ack", "ack"]);
    expect(await crm.received()).toHaveLength(1);
    expect((await logOf(org, key.call_id)).metadata).toHaveLength(1);
  });

  test("that stands twice in one batch is sent once", async () => {
    const crm = await receiver(500);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy, retries } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [key, key])).toEqual(["ack", "ack"]);
    expect(await crm.received()).toHaveLength(1);
    expect(retries).toMatchObject([{ body: { attempt: 2 } }]);
    expect(await attemptsIn(org)).toBe(1);
  });

  test("of a failed attempt is acked, and a numbered one follows in the retries lane", async () => {
    const crm = await receiver(500);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy, deliveries, retries } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(deliveries).toEqual([]);
    expect(retries).toEqual([{ body: { v: 1, ...key, attempt: 2 }, delaySeconds: expect.any(Number) }]);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "retrying",
      metadata: [{ response_code: 500 }],
    });
  });

  test("over a second early is delayed again and not sent", async () => {
    const crm = await receiver({ status: 503, headers: { "retry-after": "60" } }, 200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    await handleAttempts(lossy, [key]);
    const second = { ...key, attempt: 2 };
    const [delay] = await handleAttempts(lossy, [second]);
    expect(delay).toBeGreaterThanOrEqual(59);
    expect(delay).toBeLessThanOrEqual(60);
    expect(await crm.received()).toHaveLength(1);
    await letTimePass(key, 59_500);
    expect(await handleAttempts(lossy, [second])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "delivered",
      metadata: [{}, { attempt: 2 }],
    });
  });

  test("of an attempt recorded long ago is acked unsent", async () => {
    const crm = await receiver(500, 200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    await handleAttempts(lossy, [key]);
    await letTimePass(key, 5_000);
    await handleAttempts(lossy, [{ ...key, attempt: 2 }]);
    expect(await handleAttempts(lossy, [key, { ...key, attempt: 2 }])).toEqual(["ack", "ack"]);
    expect(await crm.received()).toHaveLength(2);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", metadata: [{}, {}] });
  });

  test("of a retry whose delivery was replaced is acked unsent", async () => {
    const crm = await receiver(500, 200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    await handleAttempts(lossy, [key]);
    const resent = await resendUnheard(org, key);
    await letTimePass(key, 5_000);
    expect(await handleAttempts(lossy, [{ ...key, attempt: 2 }])).toEqual(["ack"]);
    expect(await crm.received()).toHaveLength(1);
    expect(await handleAttempts(lossy, [resent])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "delivered",
      metadata: [{ send_type: "spawn" }, { send_type: "resend", attempt: 1 }],
    });
  });

  test("of an attempt that is not due yet by number is acked unsent", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [{ ...key, attempt: 3 }])).toEqual(["ack"]);
    expect(await crm.received()).toEqual([]);
    expect((await logOf(org, key.call_id)).status).toBe("pending");
  });

  test("for a call that does not exist, or of no known shape, is acked", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const unknown = {
      user_id: org.user_id,
      call_id: newCallId(),
      event: "call",
      delivery_id: "dlv_x",
      attempt: 1,
    };
    const bodies = [{ v: 1, ...unknown }, { v: 0, ...unknown }, "hello", null, {}];
    expect(await handleBatch(env, bodies)).toEqual(["ack", "ack", "ack", "ack", "ack"]);
    expect(error).toHaveBeenCalledTimes(4);
    error.mockRestore();
  });

  test("lost by the queue is made up for by the sweep, once its grace is over", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    await sweepOnce(env);
    await scheduler.wait(300);
    expect(await crm.received()).toEqual([]);
    await letTimePass(key, 61_000);
    await sweepOnce(env);
    const log = await eventually(async () => {
      const seen = await logOf(org, key.call_id);
      return seen.status === "delivered" ? seen : undefined;
    });
    expect(log.metadata).toMatchObject([{ send_type: "spawn", attempt: 1, delivery_id: key.delivery_id }]);
    expect(await crm.received()).toHaveLength(1);
  });

  test("that the queue does not take leaves the call accepted, due, and for the sweep", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const crm = await receiver(200);
    const sendBatch = () => Promise.reject(new Error("Queue is overloaded"));
    const call_id = newCallId();
    const broken = { ...env, DELIVERIES: { sendBatch } as unknown as Queue };
    const body = { payload: { call_id }, webhook: crm.url };
    const answer = await request(broken, org, { method: "POST", path: "/v1/postcall/calls", body });
    expect(answer).toMatchObject({ status: 202, body: { data: { status: "pending" } } });
    await letTimePass({ user_id: org.user_id, call_id }, 61_000);
    const { env: lossy, deliveries } = envWithLosingQueues();
    await sweepOnce(lossy);
    expect(deliveries).toMatchObject([{ body: { call_id, attempt: 1 } }]);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});
