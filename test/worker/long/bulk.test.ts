/** The most calls, payload and answers that one request or one batch takes. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { envWithLosingQueues, handleAttempts, reportUnheard } from "../../support/handlers.ts";
import {
  attemptsIn,
  detailsOf,
  logOf,
  makeOrg,
  newCallId,
  type Org,
  receiver,
  resend,
} from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

describe("resend", () => {
  test("takes 1,000 calls", async () => {
    const crm = await receiver(200);
    const ids = Array.from({ length: 1_000 }, newCallId);
    const insert = env.DB.prepare(
      `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload,
         payload_bytes, status, delivery_id, delivery_ordinal, send_type, attempts, losses)
       SELECT ?1, value, 'call', 'msg_' || value, ?3, 1, '', '{}', 2, 'delivered', 'dlv_1', 1, 'spawn', 1, 0 FROM json_each(?2)`,
    );
    await insert.bind(org.user_id, JSON.stringify(ids), crm.url).run();
    const answer = await resend(org, ids, { prefer: "wait=20" });
    expect(answer.status).toBe(200);
    expect(answer.body.data.map((log: { call_id: string }) => log.call_id)).toEqual(ids);
    expect(
      answer.body.data.every(
        (log: { metadata: { send_type: string }[] }) => log.metadata[0]?.send_type === "resend",
      ),
    ).toBe(true);
    expect(await crm.received()).toHaveLength(1_000);
  });

  test("answers more payload than one read holds, and refuses over 32 MiB with 413", async () => {
    const big = "x".repeat(1_048_000);
    const ids = Array.from({ length: 33 }, newCallId);
    const insert = env.DB.prepare(
      `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload,
         payload_bytes, status, delivery_id, delivery_ordinal, send_type, attempts, losses)
       SELECT ?1, value, 'call', 'msg_' || value, 'http://127.0.0.1:1/', 1, '', ?3, length(?3), 'pending', 'dlv_1', 1, 'spawn', 0, 0
       FROM json_each(?2)`,
    );
    await insert.bind(org.user_id, JSON.stringify(ids), JSON.stringify({ big })).run();
    const answer = await resend(org, ids.slice(0, 20), { prefer: "respond-async" });
    expect(answer.status).toBe(202);
    expect(answer.body.data.map((log: { call_id: string }) => log.call_id)).toEqual(ids.slice(0, 20));
    expect(answer.body.data.every((log: { payload: { big: string } }) => log.payload.big === big)).toBe(true);
    expect(await resend(org, ids)).toMatchObject({
      status: 413,
      body: { errors: [{ error: "PAYLOAD_TOO_LARGE" }] },
    });
  });
});

describe("a batch", () => {
  test("of 100 answers of 4 KB of control characters is recorded whole", async () => {
    const body = "\u0000\u0001\u001f\u007f".repeat(1_024);
    const crm = await receiver({ status: 500, body });
    const keys = await Promise.all(Array.from({ length: 100 }, () => reportUnheard(org, crm.url)));
    const { env: lossy, retries } = envWithLosingQueues();
    expect(await handleAttempts(lossy, keys)).toEqual(Array(100).fill("ack"));
    expect(retries).toHaveLength(100);
    const kept = await Promise.all(keys.map(({ call_id }) => detailsOf(call_id)));
    expect(kept.every(([details]) => details?.response.body === body)).toBe(true);
  });

  test("of small payloads and large ones takes the small ones, and of the large as many as there is room for", async () => {
    const crm = await receiver(200);
    const keys = [];
    for (const length of [...Array(6).fill(1_048_000), ...Array(6).fill(240_000)])
      keys.push(await reportUnheard(org, crm.url, { big: "x".repeat(length) }));
    const { env: lossy } = envWithLosingQueues();
    const outcomes = ["ack", "ack", 0, 0, 0, 0, ...Array(6).fill("ack")];
    expect(await handleAttempts(lossy, keys)).toEqual(outcomes);
    expect(await crm.received()).toHaveLength(8);
    expect(await handleAttempts(lossy, keys)).toEqual(Array(12).fill("ack"));
    expect(await crm.received()).toHaveLength(12);
    expect(await attemptsIn(org)).toBe(12);
  });

  test("takes its first payload, however large those beside it", async () => {
    const crm = await receiver(200);
    const keys = [await reportUnheard(org, crm.url, { big: "x".repeat(1_048_000) })];
    for (let count = 0; count < 24; count++)
      keys.push(await reportUnheard(org, crm.url, { big: "x".repeat(170_000) }));
    const { env: lossy } = envWithLosingQueues();
    const [first] = await handleAttempts(lossy, keys);
    expect(first).toBe("ack");
    expect(await logOf(org, keys[0]?.call_id ?? "")).toMatchObject({ status: "delivered" });
  });

  test("of more payload than one read holds waits once, and the next batch takes the rest", async () => {
    const crm = await receiver(200);
    const big = "x".repeat(1_048_000);
    const keys = [];
    for (let count = 0; count < 6; count++) keys.push(await reportUnheard(org, crm.url, { big }));
    const { env: lossy } = envWithLosingQueues();
    expect(await handleAttempts(lossy, keys)).toEqual([...Array(4).fill("ack"), 0, 0]);
    expect(await attemptsIn(org)).toBe(4);
    expect(await handleAttempts(lossy, keys)).toEqual(Array(6).fill("ack"));
    for (const { call_id } of keys) expect(await logOf(org, call_id)).toMatchObject({ status: "delivered" });
    const received = await crm.received();
    expect(received).toHaveLength(6);
    expect(received.every(({ body }) => JSON.parse(body).big === big)).toBe(true);
  });
});
