/** Calls with a thousand attempts each: what a resend reads and answers of them is bounded like payloads. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { databaseWith } from "../support/database.ts";
import { envWithLosingQueues, request } from "../support/handlers.ts";
import { makeOrg, newCallId, resend } from "../support/words.ts";

test("a resend of calls with long histories is read in parts, and over 32 MiB refused with 413", async () => {
  const org = await makeOrg();
  const ids = Array.from({ length: 190 }, newCallId);
  const entry = {
    sent_at: "2026-01-01T00:00:00.000Z",
    response_code: 503,
    response_time: "142ms",
    send_type: "resend",
  };
  const more = { delivery_id: "dlv_9c22eed7-3128-4c16-84ae-1900a07f2484", error: "http_status" };
  await env.DB.prepare(
    `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload,
       payload_bytes, status, delivery_id, delivery_ordinal, send_type, attempts, losses, metadata)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000),
       history(text) AS MATERIALIZED (SELECT json_group_array(json_set(?3, '$.attempt', i)) FROM n)
     SELECT ?1, value, 'call', 'msg_' || value, 'http://127.0.0.1:1/', 1, '', '{}', 2, 'failed', 'dlv_1', 1, 'spawn', 1, 0,
       history.text FROM json_each(?2), history`,
  )
    .bind(org.user_id, JSON.stringify(ids), JSON.stringify({ ...entry, ...more }))
    .run();
  let reads = 0;
  const counting = databaseWith((queries, work) => {
    reads += queries.filter((query) => query.includes("l.payload_altered, l.metadata")).length;
    return work();
  });
  const { env: lossy } = envWithLosingQueues({ DB: counting });
  const path = "/v1/postcall/webhooks/resend";
  const body = { call_ids: ids.slice(0, 60) };
  const answer = await request(lossy, org, {
    method: "POST",
    path,
    body,
    headers: { prefer: "respond-async" },
  });
  expect(answer.status).toBe(202);
  expect(answer.body.data.map(({ metadata }: { metadata: object[] }) => metadata.length)).toEqual(
    Array(60).fill(1_000),
  );
  expect(reads).toBeGreaterThanOrEqual(3); // 4 MiB each
  const refused = await resend(org, ids);
  expect(refused.status).toBe(413);
  expect(refused.body.errors).toMatchObject([
    { message: expect.stringMatching(/payload and attempts together/) },
  ]);
});
