/** `GET /v1/postcall/stats`: what is counted, by which filters and in which time. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { failingReceiver } from "../../support/endpoints.ts";
import { envWithLosingQueues, handleAttempts, letTimePass, reportUnheard } from "../../support/handlers.ts";
import { insertEndpoint, insertLogs, START, stats } from "../../support/listing.ts";
import {
  expectRefusal,
  makeKey,
  makeOrg,
  newCallId,
  type Org,
  receiver,
  reportCall,
} from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const iso = (milliseconds: number) => new Date(milliseconds).toISOString();
const HOUR = 3_600_000;
/** The hours of the inserted logs. */
const TIME = { since: iso(START), until: iso(START + 2 * HOUR), interval: "1h" };

const attempt = (response_time: string, error: string | null) => ({
  ...{ sent_at: iso(START), response_code: error === null ? 200 : 500, response_time, send_type: "spawn" },
  ...{ attempt: 1, delivery_id: "dlv", error },
});

describe("statistics", () => {
  test("of a time tell what became of its calls, attempts and endpoints", async () => {
    const url = "https://worse.example/hook";
    await env.DB.prepare(
      `INSERT INTO endpoints (user_id, url, state, version, consecutive_failures, first_failure_at)
       VALUES (?, ?, 'active', 'v', 2, ?)`,
    )
      .bind(org.user_id, url, START)
      .run();
    const [good, bad] = [attempt("10ms", null), attempt("30ms", "http_status")];
    await insertLogs(org, [
      { call_id: "before", created_at: START - 1 },
      { call_id: "a", created_at: START, metadata: [good] },
      { call_id: "b", created_at: START + HOUR - 1, metadata: [bad, good] },
      {
        call_id: "c",
        created_at: START + HOUR,
        status: "failed",
        url: `${url}?n=1`,
        metadata: [bad, bad, bad],
      },
      { call_id: "d", created_at: START + HOUR, status: "no_webhook", url: null, attempts: 0 },
      { call_id: "e", created_at: START + HOUR, status: "pending", attempts: 0, next_attempt_at: START },
      { call_id: "after", created_at: START + 2 * HOUR },
      { call_id: "test", created_at: START, is_test: 1 },
    ]);
    expect((await stats(org, TIME)).body).toEqual({
      data: {
        ...{ since: TIME.since, until: TIME.until, interval: "1h", sampled: false },
        calls: {
          ...{ total: 5, delivered: 2, failed: 1, disabled: 0, waiting: 0 },
          ...{ retrying: 0, pending: 1, held: 0, no_webhook: 1 },
        },
        first_try_rate: 0.3333,
        buckets: [
          { at: iso(START), delivered: 2, failed: 0, other: 0 },
          { at: iso(START + HOUR), delivered: 0, failed: 1, other: 2 },
        ],
        attempts: { total: 6, failed: 4 },
        response_time_ms: { p50: 30, p95: 30 },
        overdue: 1,
        endpoints: [
          { url, attempts: 3, failed: 3, top_error: "http_status", failing_since: iso(START) },
          {
            url: "https://crm.example/hook",
            attempts: 3,
            failed: 1,
            top_error: "http_status",
            failing_since: null,
          },
        ],
      },
      errors: null,
    });
  });

  test("without a time are of the last 24 hours, in half hours, of what was really sent", async () => {
    const crm = await receiver(500, 200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    await handleAttempts(lossy, [key]);
    await letTimePass(key, 3_600_000);
    await handleAttempts(lossy, [{ ...key, attempt: 2 }]);
    await reportCall(org, { webhook: null });
    await scheduler.wait(2); // `until` is now, exclusive
    const { data } = (await stats(org)).body;
    expect(Date.parse(data.until) - Date.parse(data.since)).toBe(24 * HOUR);
    expect(data).toMatchObject({
      ...{ interval: "30m", sampled: false, first_try_rate: 0, attempts: { total: 2, failed: 1 } },
      calls: { total: 2, delivered: 1, no_webhook: 1 },
      endpoints: [{ url: crm.url, attempts: 2, failed: 1, top_error: "http_status" }],
    });
    expect([49, 48]).toContain(data.buckets.length);
    expect(data.buckets.at(-1)).toMatchObject({ delivered: 1, other: 1 });
  });

  test("count parked calls as waiting, and as disabled once their endpoint is", async () => {
    await failingReceiver(org);
    await scheduler.wait(2);
    const calls = async (query = {}) => (await stats(org, query)).body.data.calls;
    expect(await calls()).toMatchObject({ total: 6, waiting: 1, pending: 0, retrying: 5, disabled: 0 });
    expect(await calls({ waiting: "true" })).toMatchObject({ total: 1, waiting: 1 });
    await env.DB.prepare("UPDATE endpoints SET state = 'disabled' WHERE user_id = ?").bind(org.user_id).run();
    expect(await calls()).toMatchObject({ total: 6, waiting: 0, disabled: 1 });
    expect(await calls({ status: "disabled" })).toMatchObject({ total: 1, disabled: 1 });
  });

  test("take a list's filters", async () => {
    await insertLogs(org, [
      { call_id: "call_1", to_number: "+14155550117" },
      { call_id: "call_2", status: "failed", reason: "gone", url: "https://other.example/?n=1" },
      { call_id: "test_1", is_test: 1 },
      { call_id: "call_1", event: "citations" },
    ]);
    const total = async (query: object) => (await stats(org, { ...TIME, ...query })).body.data.calls.total;
    expect(await total({})).toBe(3);
    expect(await total({ event: "call" })).toBe(2);
    expect(await total({ reason: "gone", status: "failed" })).toBe(1);
    expect(await total({ url: "https://other.example/" })).toBe(1);
    expect(await total({ q: "+14155550117" })).toBe(1);
    expect(await total({ q: "call_1" })).toBe(2);
    expect(await total({ is_test: "true" })).toBe(1);
  });

  test("count a log of very many attempts by its size, and say that they are not exact", async () => {
    await insertLogs(org, [{ call_id: "long", metadata: Array(900).fill(attempt("9ms", "timeout")) }]);
    const { data } = (await stats(org, TIME)).body;
    expect(data).toMatchObject({ sampled: true, calls: { total: 1 } });
    expect(data.attempts.total).toBeGreaterThan(600);
    expect(data.attempts.total).toBeLessThan(1_000);
  });
});

describe("a sample", () => {
  test("is scaled to what there is, in each bucket, and keeps its shares", async () => {
    const ids = Array.from({ length: 16_000 }, newCallId);
    await insertEndpoint(org, "https://crm.example/hook", "active");
    for (let part = 0; part < 4; part++)
      await insertLogs(
        org,
        ids.slice(part * 4_000, (part + 1) * 4_000).map((call_id, index) => ({
          call_id,
          created_at: START + part * HOUR + index * (part % 2 === 0 ? 900 : 450),
          status: index % 10 === 0 ? "failed" : "delivered",
          metadata: [attempt(`${index % 100}ms`, index % 10 === 0 ? "timeout" : null)],
        })),
      );
    const { data } = (await stats(org, { ...TIME, until: iso(START + 4 * HOUR) })).body;
    expect(data.sampled).toBe(true);
    expect(data.calls.total).toBeGreaterThan(14_400);
    expect(data.calls.total).toBeLessThan(17_600);
    expect(data.calls.failed / data.calls.total).toBeCloseTo(0.1, 1);
    expect(data.first_try_rate).toBeCloseTo(0.9, 1);
    for (const { delivered, failed } of data.buckets)
      expect(Math.abs(delivered + failed - 4_000)).toBeLessThan(600);
  });
});

describe("statistics are refused", () => {
  test.each([
    [{ interval: "2h" }, /^interval must be one of 5m, 30m, 1h, 1d/],
    [
      { since: iso(START), until: iso(START + 48 * HOUR), interval: "5m" },
      /^interval 5m makes 576 buckets.*30m fits/,
    ],
    [{ since: iso(START), until: iso(START + 401 * 24 * HOUR) }, /^interval 1d makes 401 buckets.*400 days/],
    [{ since: "2099-01-01T00:00:00Z" }, /^since must be before until/],
    [{ since: iso(START), until: iso(START) }, /^since must be before until/],
    [{ since: "9999-12-31T23:59:00-23:00" }, /^since must be a time with its zone/],
    [{ until: "0000-01-01T00:00:00Z" }, /^since must be before until, and is 0000-01-01T00:00:00.000Z/],
    [{ limit: "10" }, /limit/],
    [{ call_ids: "a" }, /call_ids/],
  ])("for %j", async (query, message) => {
    expectRefusal(await stats(org, query), 400, "invalid_parameter", message);
  });

  test("to a key without `read`, and tell nothing of another org", async () => {
    await insertLogs(await makeOrg(), [{ call_id: "foreign" }]);
    expect((await stats(org, TIME)).body.data.calls.total).toBe(0);
    const key = await makeKey(org.user_id, { scopes: ["report", "send", "configure"] });
    expectRefusal(await stats({ key }), 403, "FORBIDDEN", /"read"/);
  });
});
