/** What a call costs in the record, in rows as D1 bills them, and that it costs the same in a full table. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { readBatch } from "../../src/record/batch-read.ts";
import { envWithLosingQueues, handleAttempts, reportUnheard, request } from "../support/handlers.ts";
import { meter } from "../support/meter.ts";
import { makeOrg, NOBODY, newCallId, type Org, receiver, rotate } from "../support/words.ts";

const CALLS = "/v1/postcall/calls";
const RESEND = "/v1/postcall/webhooks/resend";

/** Runs the step on a database that counts, and returns what it cost. */
async function costOf(step: (on: Env, taken: ReturnType<typeof envWithLosingQueues>) => Promise<unknown>) {
  const cost = { rows_read: 0, rows_written: 0 };
  const database = meter(env.DB, ({ rows_read, rows_written }) => {
    cost.rows_read += rows_read;
    cost.rows_written += rows_written;
  });
  const lossy = envWithLosingQueues({ DB: database });
  await step(lossy.env, lossy);
  return cost;
}

/** The costs of one call's whole life: reported, delivered, got, sent again, delivered again. */
async function costsOfOneCall(org: Org, webhook: string) {
  const call_id = newCallId();
  const key = { user_id: org.user_id, call_id, event: "call" as const, attempt: 1 };
  const delivery = { first: "", again: "" };
  const report = await costOf(async (on, { deliveries }) => {
    await request(on, org, { method: "POST", path: CALLS, body: { payload: { call_id }, webhook } });
    delivery.first = deliveries[0]?.body.delivery_id ?? "";
  });
  const deliver = await costOf((on) => handleAttempts(on, [{ ...key, delivery_id: delivery.first }]));
  const get = await costOf((on) => request(on, org, { path: `/v1/postcall/webhooks/${call_id}` }));
  const resend = await costOf(async (on, { deliveries }) => {
    const headers = { prefer: "respond-async" };
    await request(on, org, { method: "POST", path: RESEND, body: { call_ids: [call_id] }, headers });
    delivery.again = deliveries[0]?.body.delivery_id ?? "";
  });
  const redeliver = await costOf((on) => handleAttempts(on, [{ ...key, delivery_id: delivery.again }]));
  return { report, deliver, get, resend, redeliver };
}

async function fillWith(org: Org, logs: number): Promise<void> {
  const ids = JSON.stringify(Array.from({ length: logs }, newCallId));
  await env.DB.prepare(
    `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload,
         payload_bytes, status, delivery_id, delivery_ordinal, send_type, attempts, losses)
       SELECT ?1, value, 'call', 'msg', 'http://127.0.0.1:1/', 1, '', '{}', 2, 'delivered', 'dlv', 1, 'spawn', 1, 0
       FROM json_each(?2)`,
  )
    .bind(org.user_id, ids)
    .run();
}

test("a first-try delivery writes three rows, a resend three", async () => {
  const crm = await receiver(200);
  const org = await makeOrg();
  await costsOfOneCall(org, crm.url); // the key's lookup, which is kept for a while
  const costs = await costsOfOneCall(org, crm.url);
  expect(costs.report).toEqual({ rows_read: 4, rows_written: 2 });
  expect(costs.deliver).toEqual({ rows_read: 9, rows_written: 1 });
  expect(costs.resend.rows_written + costs.redeliver.rows_written).toBe(3);
  expect(costs.get.rows_written).toBe(0);
});

test("a first-try delivery during an overlap of secrets writes three rows too, and reads one more a secret", async () => {
  const crm = await receiver(200);
  const org = await makeOrg();
  const alone = await costsOfOneCall(org, crm.url);
  await rotate(org);
  await rotate(org);
  const overlapping = await costsOfOneCall(org, crm.url);
  expect(overlapping.report.rows_written + overlapping.deliver.rows_written).toBe(3);
  expect(overlapping.deliver.rows_read).toBe(alone.deliver.rows_read + 2);
});

test("a batch reads one row a call beside its name, and one for its org, each secret and each endpoint", async () => {
  const org = await makeOrg();
  const keys = await Promise.all(Array.from({ length: 10 }, () => reportUnheard(org, NOBODY)));
  const readBy = async (count: number) => {
    let rows = 0;
    const db = meter(env.DB, ({ rows_read }) => {
      rows += rows_read;
    });
    const logs = await readBatch(db, { keys: keys.slice(0, count), now: Date.now() });
    expect(logs).toHaveLength(count);
    return { rows, logs };
  };
  const one = await readBy(1);
  expect((await readBy(10)).rows - one.rows).toBe(2 * 9); // D1 counts each element of a JSON parameter too
  await rotate(org);
  expect((await readBy(10)).rows - one.rows).toBe(2 * 9 + 1);
  await failOnce(org);
  const { rows, logs } = await readBy(10);
  expect(rows - one.rows).toBe(2 * 9 + 1 + 3); // that it has endpoints, the endpoint's name, the endpoint
  expect(logs.map((log) => log?.endpoint?.consecutive_failures)).toEqual(Array(10).fill(1));
});

/** Makes one attempt to `NOBODY` that fails. */
async function failOnce(org: Org): Promise<void> {
  await handleAttempts(envWithLosingQueues().env, [await reportUnheard(org, NOBODY)]);
}

test("each step reads as much among 4,000 other logs as among 400", async () => {
  const crm = await receiver(200);
  const org = await makeOrg();
  await fillWith(org, 400);
  await costsOfOneCall(org, crm.url); // the key's lookup, which is kept for a while
  const alone = await costsOfOneCall(org, crm.url);
  await fillWith(org, 3_600);
  expect(await costsOfOneCall(org, crm.url)).toEqual(alone);
});
