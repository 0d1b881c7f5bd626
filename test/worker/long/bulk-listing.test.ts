/** What pages of a list and statistics read in an org of 200,000 logs beside other orgs, in rows as D1 bills them. */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { request } from "../../support/handlers.ts";
import { insertEndpoint, START } from "../../support/listing.ts";
import { meter } from "../../support/meter.ts";
import { makeOrg, type Org } from "../../support/words.ts";

const LOGS = 200_000;
/** Between two logs: a day and a half in all. */
const STEP_MS = 648;
const END = START + LOGS * STEP_MS;
const HOOK = "https://crm.example/hook";

let org: Org;

/**
 * Of the org's logs every 7th failed, one in 20,000 is `gone`, every 100th is parked, one in 40,000 goes to a number of
 * its own, and every 50th has a test or an operational webhook beside it.
 */
const FILL = `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload, payload_bytes,
    status, reason, delivery_id, delivery_ordinal, send_type, attempts, losses, parked, to_number, is_test, metadata)
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
  SELECT ?1, iif(i % 25000 = 0, 'rare-', 'call_') || format('%06d', i * 7919 % 200003),
    iif(i % 50 = 1, 'operational', 'call'), 'msg_' || i, iif(i % 1000 = 3, 'https://rare.example/?n=' || i, ?5 || '?call=' || i), ?3 + i * ?4, hex(randomblob(32)), '{}', 2,
    CASE WHEN i % 100 = 0 THEN 'pending' WHEN i % 7 = 0 THEN 'failed' ELSE 'delivered' END,
    CASE WHEN i % 20000 = 7 THEN 'gone' WHEN i % 7 = 0 THEN 'attempts_exhausted' END, 'dlv', 1, 'spawn', i % 100 > 0, 0,
    iif(i % 100 = 0, i, NULL), iif(i % 40000 = 9, '+14155550199', '+14155550100'), iif(i % 50 = 2, 1, NULL),
    iif(i % 100 = 0, '[]', json_array(json_object('sent_at', '2026-11-20T00:00:00.000Z', 'response_code', 200,
      'response_time', (i % 200) || 'ms', 'send_type', 'spawn', 'attempt', 1, 'delivery_id', 'dlv_9c22eed7-3128-4c16-84ae-1900a07f2484',
      'error', iif(i % 7 = 0, 'timeout', NULL))))
  FROM n`;

beforeAll(async () => {
  org = await makeOrg();
  const fill = (user_id: string, logs: number) =>
    env.DB.prepare(FILL).bind(user_id, logs, START, STEP_MS, HOOK).run();
  await fill(org.user_id, LOGS);
  for (const other of [await makeOrg({ user_id: "org_0" }), await makeOrg({ user_id: "org_z" })]) {
    await fill(other.user_id, 10_000);
    await insertEndpoint(other, HOOK, "degraded");
  }
  await insertEndpoint(org, HOOK, "degraded");
}, 300_000);

/** One request to a database that counts. */
async function ask(path: string, query: Record<string, string>) {
  let rows = 0;
  let longest = 0;
  const DB = meter(env.DB, ({ rows_read }) => {
    rows += rows_read;
    longest = Math.max(longest, rows_read);
  });
  const started = performance.now();
  const { status, body } = await request({ ...env, DB }, org, {
    path: `${path}?${new URLSearchParams(query)}`,
  });
  expect(status, JSON.stringify(body)).toBe(200);
  const ms = Math.round(performance.now() - started);
  return { rows, longest, ms, body };
}

const page = (query: Record<string, string> = {}) => ask("/v1/postcall/webhooks", query);

const tell = (what: string, { rows, longest, ms, body }: Awaited<ReturnType<typeof ask>>) =>
  console.info(
    `${what}: ${rows} rows read, ${longest} by one statement, ${ms} ms, ${body.data.length} logs, ${body.next_cursor === null ? "the end" : "goes on"}`,
  );

describe("a page", () => {
  beforeAll(() => page()); // the key's lookup, which is kept for a while

  test("costs some four rows a log where most of them match, at the beginning and in the middle", async () => {
    const first = await page();
    tell("first page", first);
    expect(first.body.data).toHaveLength(50);
    expect(first.rows).toBeLessThan(300);
    const middle = await page({ until: new Date((START + END) / 2).toISOString() });
    tell("first page of the middle", middle);
    const { next_cursor: cursor } = middle.body;
    const next = await page({ until: new Date((START + END) / 2).toISOString(), cursor });
    tell("next page of the middle", next);
    expect(Math.max(middle.rows, next.rows)).toBeLessThan(300);
    const large = await page({ limit: "200" });
    tell("page of 200", large);
    expect(large.rows).toBeLessThan(1_000);
  });

  test.each<[Record<string, string>, number]>([
    [{ status: "failed" }, 1_300],
    [{ status: "delivered,failed" }, 500],
    [{ reason: "attempts_exhausted" }, 1_300],
    [{ reason: "gone" }, 5_000],
    [{ status: "held" }, 5_000],
    [{ status: "retrying", url: HOOK }, 5_000],
    [{ event: "call" }, 500],
    [{ event: "citations" }, 5_000],
    [{ is_test: "true" }, 5_000],
    [{ url: HOOK }, 500],
    [{ url: "https://rare.example/" }, 5_000],
    [{ url: "https://nobody.example/" }, 5_000],
    [{ to: "+14155550100" }, 500],
    [{ to: "+14155550199" }, 5_000],
    [{ q: "+14155550199" }, 5_000],
    [{ q: "call_" }, 500],
    [{ q: "call_19" }, 5_000],
    [{ q: "rare-" }, 200],
    [{ q: "rare-", status: "delivered" }, 200],
    [{ q: "call_000042" }, 200],
    [{ waiting: "true" }, 5_000],
    [{ waiting: "true", url: HOOK }, 5_000],
    [{ waiting: "true", status: "disabled" }, 5_000],
    [{ waiting: "true", url: "https://rare.example/" }, 200],
  ])("of %j reads a bounded number of rows", async (query, most) => {
    const answer = await page(query);
    tell(JSON.stringify(query), answer);
    expect(answer.rows).toBeLessThanOrEqual(most);
    expect(answer.longest).toBeLessThanOrEqual(2_000);
  });

  test("of a rare filter is short and goes on: the pages together have all that there is", async () => {
    const found: string[] = [];
    let pages = 0;
    let most = 0;
    for (let cursor: string | null = ""; cursor !== null; pages++) {
      const answer = await page({ to: "+14155550199", ...(cursor !== "" && { cursor }) });
      found.push(...answer.body.data.map(({ call_id }: { call_id: string }) => call_id));
      most = Math.max(most, answer.rows);
      cursor = answer.body.next_cursor;
    }
    console.info(`a rare number: ${pages} pages, ${most} rows read by the dearest`);
    expect(found).toHaveLength(5);
    expect(most).toBeLessThanOrEqual(5_000);
    expect(pages).toBeLessThan(60);
  });

  test("of 200 named calls reads them and no more", async () => {
    const ids = Array.from({ length: 200 }, (_, index) => `call_${String(index * 7).padStart(6, "0")}`);
    const answer = await page({ call_ids: ids.join(",") });
    tell("200 named calls", answer);
    expect(answer.body.data.length).toBeGreaterThan(190);
    expect(answer.rows).toBeLessThan(700);
  });
});

describe("statistics", () => {
  const stats = (query: Record<string, string> = {}) => ask("/v1/postcall/stats", query);
  const range = { since: new Date(START).toISOString(), until: new Date(END).toISOString() };
  const told = (what: string, { rows, longest, ms, body: { data } }: Awaited<ReturnType<typeof ask>>) =>
    console.info(
      `${what}: ${rows} rows read, ${longest} by one statement, ${ms} ms, ${data.buckets.length} buckets, sampled ${data.sampled}, ${JSON.stringify(data.calls)}`,
    );

  test("of everything are a sample of bounded size, near the truth", async () => {
    const answer = await stats(range);
    told("statistics of all", answer);
    const { calls, sampled, first_try_rate, response_time_ms } = answer.body.data;
    expect(answer.rows).toBeLessThanOrEqual(190_000); // all but 20,000 of the index alone
    expect(sampled).toBe(true);
    expect(Math.abs(calls.total / (0.96 * LOGS) - 1)).toBeLessThan(0.03);
    expect(Math.abs(calls.failed / (LOGS / 7) - 1)).toBeLessThan(0.1);
    expect(first_try_rate).toBeCloseTo(6 / 7, 1);
    expect(response_time_ms.p50).toBeGreaterThan(85);
    expect(response_time_ms.p50).toBeLessThan(115);
  });

  test.each<[string, Record<string, string>]>([
    [
      "400 buckets",
      {
        since: new Date(START).toISOString(),
        until: new Date(START + 399 * 300_000).toISOString(),
        interval: "5m",
      },
    ],
    ["days", { ...range, interval: "1d" }],
    ["failed ones", { ...range, status: "failed" }],
    ["one minute", { since: new Date(START).toISOString(), until: new Date(START + 60_000).toISOString() }],
    ["parked ones", { ...range, waiting: "true" }],
  ])("of %s read a bounded number of rows", async (what, query) => {
    const answer = await stats(query);
    told(what, answer);
    expect(answer.rows).toBeLessThanOrEqual(190_000);
    expect(answer.longest).toBeLessThanOrEqual(75_500);
  });

  test("of an hour are exact", async () => {
    const until = new Date(START + 60 * 60_000).toISOString();
    const answer = await stats({ since: range.since, until });
    told("statistics of an hour", answer);
    const { sampled, calls } = answer.body.data;
    const there = await env.DB.prepare(
      `SELECT count(*) AS n FROM webhook_logs WHERE user_id = ?1 AND created_at < ?2 AND is_test IS NULL AND event = 'call'`,
    )
      .bind(org.user_id, Date.parse(until))
      .first<number>("n");
    expect(sampled).toBe(false);
    expect(calls.total).toBe(there);
  });
});
