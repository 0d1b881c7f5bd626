/**
 * Messages and object calls as the previous version wrote them: they arrive during a rollout or rollback. They are
 * literals, and stay for as long as such a message can be in a queue: 14 days.
 */
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { AttemptRequest } from "../../src/call/attempt-request.ts";
import { callObject } from "../../src/call/object.ts";
import { envWithLosingQueues, handleAttempts, handleBatch, reportUnheard } from "../support/handlers.ts";
import { logOf, makeOrg, receiver } from "../support/words.ts";

const MESSAGE_1 =
  '{"v":1,"user_id":"org_versions","call_id":"call-versions","event":"call","delivery_id":"dlv_versions","attempt":1}';

/** Without its URL, which is the test's receiver. */
const REQUEST_1 = `{
  "key": {"user_id":"org_versions","call_id":"call-job","event":"call","delivery_id":"dlv_job","attempt":2},
  "delivery_ordinal": 1, "send_type": "spawn", "webhook_id": "msg_job", "payload": "{\\"call_id\\":\\"call-job\\"}",
  "secrets": ["whsec_c2VjcmV0"], "last_sent_at": 1767225600000, "timeoutMs": 15000, "waitMs": 2000,
  "targetRules": {"allowPrivate":true,"ownHost":"postcall.example"}
}`;

test("a message of version 1 delivers the call it names", async () => {
  const org = await makeOrg({ user_id: "org_versions" });
  const crm = await receiver(200);
  const { call_id } = await reportUnheard(org, crm.url);
  await env.DB.prepare(
    "UPDATE webhook_logs SET call_id = 'call-versions', delivery_id = 'dlv_versions' WHERE call_id = ?",
  )
    .bind(call_id)
    .run();
  expect(await handleBatch(envWithLosingQueues().env, [JSON.parse(MESSAGE_1)])).toEqual(["ack"]);
  expect(await crm.received()).toHaveLength(1);
  expect(await logOf(org, "call-versions")).toMatchObject({
    status: "delivered",
    metadata: [{ delivery_id: "dlv_versions", attempt: 1, response_code: 200 }],
  });
});

test("an object makes and looks up the attempt of a request as batches of today write it", async () => {
  const crm = await receiver(200);
  const request: AttemptRequest = { ...JSON.parse(REQUEST_1), url: crm.url };
  const object = callObject(env.CALLS, request.key);
  const reply = await object.attempt(request);
  expect(reply).toMatchObject({
    kind: "made",
    entry: { send_type: "spawn", response_code: 200, error: null },
  });
  expect(await object.lookUp(request.key, 2_000)).toEqual(reply);
  expect(await crm.received()).toMatchObject([
    {
      body: '{"call_id":"call-job"}',
      headers: {
        "webhook-id": "msg_job",
        "x-postcall-delivery": "dlv_job",
        "x-postcall-attempt": "2",
        "x-postcall-send-type": "spawn",
      },
    },
  ]);
});

test.each(["postcall-deliveries", "postcall-retries", "postcall-dead-letters"])(
  "a message of a newer version comes back to %s unsent, its call stays due, and one of today beside it is handled",
  async (queue) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const org = await makeOrg();
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const newer = { v: 2, log: [org.user_id, key.call_id], attempts: [1] };
    const { env: lossy } = envWithLosingQueues();
    const other = { v: 1, ...(await reportUnheard(org, crm.url)) };
    expect(await handleBatch(lossy, [newer, { ...key, v: 3 }, other], queue)).toEqual([300, 300, "ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "pending", reason: null, metadata: [] });
    expect(warn.mock.calls.flat().join()).toContain("newer version");
    warn.mockRestore();

    const sentBefore = queue === "postcall-dead-letters" ? 0 : 1;
    expect(await crm.received()).toHaveLength(sentBefore);
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(await crm.received()).toHaveLength(sentBefore + 1);
  },
);
