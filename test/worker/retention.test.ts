/** How long logs are kept: ended ones for RETENTION_DAYS, due ones until they end. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { removeEnded } from "../../src/record/retention.ts";
import { envWithLosingQueues, handleAttempts, reportUnheard, sweepOnce } from "../support/handlers.ts";
import { meter } from "../support/meter.ts";
import { call, expectRefusal, logOf, makeOrg, receiver } from "../support/words.ts";

const DAY_MS = 86_400_000;

const ageBy = (days: number, call_id: string) =>
  env.DB.prepare("UPDATE webhook_logs SET created_at = created_at - ? WHERE call_id = ?")
    .bind(days * DAY_MS, call_id)
    .run();

test("an ended log is removed with its attempts after RETENTION_DAYS; a younger one and one that is due stay", async () => {
  const org = await makeOrg();
  const crm = await receiver(200);
  const [old, young, due] = [
    await reportUnheard(org, crm.url),
    await reportUnheard(org, crm.url),
    await reportUnheard(org, crm.url),
  ];
  const { env: lossy } = envWithLosingQueues();
  await handleAttempts(lossy, [old, young]);
  await Promise.all([ageBy(31, old.call_id), ageBy(29, young.call_id), ageBy(31, due.call_id)]);
  await sweepOnce(lossy);
  expect(await logOf(org, old.call_id)).toBeNull();
  expect(await logOf(org, young.call_id)).toMatchObject({ status: "delivered", metadata: [{}] });
  expect(await logOf(org, due.call_id)).toMatchObject({ status: "pending" });
});

test("a call and its citations are removed together, and not before both have ended", async () => {
  const org = await makeOrg();
  const crm = await receiver(200);
  const cite = async (call_id: string) =>
    call(org, "POST", `/v1/postcall/calls/${call_id}/citations`, { body: { citations: [1] } });
  const { env: lossy } = envWithLosingQueues();
  const [gone, due] = [await reportUnheard(org, crm.url), await reportUnheard(org, crm.url)];
  await handleAttempts(lossy, [gone, due]);
  await Promise.all([cite(gone.call_id), cite(due.call_id)]);
  const age = (key: { call_id: string }, event: string, days: number) =>
    env.DB.prepare("UPDATE webhook_logs SET created_at = created_at - ? WHERE call_id = ? AND event = ?")
      .bind(days * DAY_MS, key.call_id, event)
      .run();
  await Promise.all([age(gone, "call", 31), age(gone, "citations", 29), age(due, "call", 31)]);
  await env.DB.prepare(
    "UPDATE webhook_logs SET next_attempt_at = 1 WHERE call_id = ? AND event = 'citations'",
  )
    .bind(due.call_id)
    .run();
  await sweepOnce(lossy);
  const whole = (key: { call_id: string }) => call(org, "GET", `/v1/postcall/calls/${key.call_id}`);
  expect((await whole(gone)).status).toBe(404);
  expect((await whole(due)).body.data.logs).toHaveLength(2);
});

test("of large logs one step removes some, and the next ones go on", async () => {
  const org = await makeOrg();
  const count = () =>
    env.DB.prepare("SELECT count(*) AS n FROM webhook_logs WHERE user_id = ?")
      .bind(org.user_id)
      .first<number>("n");
  await env.DB.prepare(
    `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, created_at, report_digest, payload, payload_bytes,
       status, delivery_ordinal, attempts, losses)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 45)
     SELECT ?1, 'call-' || i, 'call', 'msg', i, '', zeroblob(1000000), 1000000, 'no_webhook', 0, 0, 0 FROM n`,
  )
    .bind(org.user_id)
    .run();
  const removals: number[] = [];
  const DB = {
    prepare: (text: string) => env.DB.prepare(text),
    batch: async (statements: D1PreparedStatement[]) => {
      const answers = await env.DB.batch(statements);
      if (answers.length >= 2) removals.push(answers[0]?.results.length ?? 0);
      return answers;
    },
  } as unknown as D1Database;
  await removeEnded(DB, { now: Date.now(), retentionDays: 1 });
  await removeEnded(DB, { now: Date.now(), retentionDays: 1 });
  expect(await count()).toBe(0);
  expect(removals.reduce((sum, removed) => sum + removed, 0)).toBeGreaterThanOrEqual(45);
  expect(Math.max(...removals)).toBeLessThan(20);
});

test("an org with days of its own keeps its logs as long as that; the others keep theirs", async () => {
  const [brief, other] = [await makeOrg(), await makeOrg()];
  const crm = await receiver(200);
  const set = (retention_days: number | null) =>
    call(brief, "PATCH", "/v1/org", { body: { retention_days } });
  expect((await set(7)).body.data.retention_days).toBe(7);
  const { env: lossy } = envWithLosingQueues();
  const [old, young, others] = [
    await reportUnheard(brief, crm.url),
    await reportUnheard(brief, crm.url),
    await reportUnheard(other, crm.url),
  ];
  await handleAttempts(lossy, [old, young, others]);
  await Promise.all([ageBy(8, old.call_id), ageBy(6, young.call_id), ageBy(8, others.call_id)]);
  await sweepOnce(lossy);
  expect(await logOf(brief, old.call_id)).toBeNull();
  expect(await logOf(brief, young.call_id)).not.toBeNull();
  expect(await logOf(other, others.call_id)).not.toBeNull();
  expect((await set(null)).body.data.retention_days).toBe(30);
  expectRefusal(await set(31), 400, "invalid_parameter", /^retention_days must be at most 30, .* is 31\.$/);
  expectRefusal(await set(0), 400, "invalid_parameter", /^retention_days/);
});

test("logs that stay, however many, are read a bounded number of times and do not keep others from going", async () => {
  const org = await makeOrg();
  const crm = await receiver(500);
  await env.DB.batch([
    env.DB.prepare(
      "INSERT INTO endpoints (user_id, url, state, version, consecutive_failures) VALUES (?, ?, 'paused', 'v', 0)",
    ).bind(org.user_id, crm.url),
    env.DB.prepare(
      `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload, payload_bytes,
         status, delivery_id, delivery_ordinal, send_type, attempts, losses, parked, trials)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 21000)
       SELECT ?1, 'kept-' || i, 'call', 'msg', ?2, i, '', '{}', 2, 'pending', 'dlv', 1, 'spawn', 0, 0, i, 0 FROM n`,
    ).bind(org.user_id, crm.url),
    env.DB.prepare(
      `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload, payload_bytes,
         status, delivery_id, delivery_ordinal, send_type, attempts, losses)
       VALUES (?1, 'behind', 'call', 'msg', ?2, 30000, '', '{}', 2, 'delivered', 'dlv', 1, 'spawn', 1, 0)`,
    ).bind(org.user_id, crm.url),
  ]);
  const rowsOfSweep = async () => {
    let rows = 0;
    const DB = meter(env.DB, ({ rows_read }) => {
      rows += rows_read;
    });
    await removeEnded(DB, { now: Date.now(), retentionDays: 1 });
    return rows;
  };
  const first = await rowsOfSweep();
  expect(await logOf(org, "behind")).not.toBeNull();
  await rowsOfSweep();
  expect(await logOf(org, "behind")).toBeNull();
  expect(await logOf(org, "kept-1")).toMatchObject({ status: "pending", reason: "endpoint_paused" });
  expect(first).toBeLessThan(20_000 * 4);
});
