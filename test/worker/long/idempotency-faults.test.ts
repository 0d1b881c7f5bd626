/** A request with an Idempotency-Key that was cut off, or whose write failed, sends once all the same. */
import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import {
  envWithLosingQueues,
  handleAttempts,
  reportUnheard,
  request,
  resendUnheard,
} from "../../support/handlers.ts";
import { crm, deliveredCall, keysOf, newKeyedOrg, org, post, RESEND } from "../../support/idempotency.ts";
import { call, expectRefusal, receiver } from "../../support/words.ts";

beforeEach(newKeyedOrg);

test("a request that was cut off after it had sent is not sent again: what it sent is answered", async () => {
  const call_id = await deliveredCall();
  const body = { call_ids: [call_id] };
  const { env: lossy } = envWithLosingQueues();
  const headers = { "idempotency-key": "k1", prefer: "respond-async" };
  await request(lossy, org, { method: "POST", path: RESEND, body, headers });
  await env.DB.prepare("UPDATE idempotency_keys SET answered_at = NULL WHERE user_id = ?")
    .bind(org.user_id)
    .run();
  expect((await post(RESEND, body, "k1")).status).toBe(409);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
  const later = await post(RESEND, body, "k1");
  vi.useRealTimers();
  expect(later).toMatchObject({ status: 200, body: { data: [{ status: "pending" }] } });
  expect(later.headers.get("idempotent-replayed")).toBe("true");
});

test("a request whose write failed has sent nothing, and its key is free", async () => {
  const call_id = await deliveredCall();
  const DB = {
    prepare: (text: string) => env.DB.prepare(text),
    batch: () => Promise.reject(new Error("D1_ERROR: overloaded")),
  } as unknown as D1Database;
  const { env: away } = envWithLosingQueues({ DB });
  const body = { call_ids: [call_id] };
  const failed = await request(away, org, {
    ...{ method: "POST", path: RESEND, body },
    headers: { "idempotency-key": "k1" },
  });
  expectRefusal(failed, 503, "UNAVAILABLE");
  expect(await keysOf(org)).toBe(0);
  expect((await post(RESEND, body, "k1")).headers.get("idempotent-replayed")).toBeNull();
  expect(await crm.received()).toHaveLength(2);
});

test("a request whose write was repeated, and that may have sent before it was refused, keeps its key", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const busy = await receiver(200, 200, 410);
  const key = await reportUnheard(org, busy.url);
  const { env: lossy, deliveries } = envWithLosingQueues();
  await handleAttempts(lossy, [key]);
  let hasCommitted = false;
  // The first write commits and its answer is lost; meanwhile what it started is delivered, and what follows is gone.
  const DB = {
    prepare: (text: string) => env.DB.prepare(text),
    batch: async (statements: D1PreparedStatement[]) => {
      const answer = await env.DB.batch(statements);
      if (hasCommitted) return answer;
      hasCommitted = true;
      const delivery_id = await env.DB.prepare("SELECT delivery_id FROM webhook_logs WHERE call_id = ?")
        .bind(key.call_id)
        .first<string>("delivery_id");
      await handleAttempts(lossy, [{ ...key, delivery_id: delivery_id ?? "" }]);
      await handleAttempts(lossy, [await resendUnheard(org, key)]);
      throw new Error("D1_ERROR: Network connection lost.");
    },
  } as unknown as D1Database;
  const send = (on: Env) =>
    request(on, org, {
      ...{ method: "POST", path: RESEND, body: { call_ids: [key.call_id] } },
      headers: { "idempotency-key": "k1", prefer: "respond-async" },
    });
  expectRefusal(await send({ ...lossy, DB }), 503, "UNAVAILABLE", /may have been sent/);
  await call(org, "POST", "/v1/endpoints/enable", { body: { url: busy.url } });
  expect((await send(lossy)).status).toBe(409);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 61_000 });
  const later = await send(lossy);
  vi.useRealTimers();
  expect(later.headers.get("idempotent-replayed")).toBe("true");
  expect(deliveries).toEqual([]);
  expect(await busy.received()).toHaveLength(3);
});
