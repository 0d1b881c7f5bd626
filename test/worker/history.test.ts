/** A log's history: every attempt once, in order, whatever comes late, and never larger than its bound. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AttemptEntry, AttemptKey } from "../../src/core/webhook-log.ts";
import { readFirstAttempts } from "../../src/record/logs.ts";
import { NOTHING, type Result, writeResults } from "../../src/record/results.ts";
import { databaseRefusing } from "../support/database.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  letTimePass,
  reportUnheard,
  resendUnheard,
} from "../support/handlers.ts";
import { detailsOf, logOf, makeOrg, NOBODY, type Org, receiver, resend } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

afterEach(() => {
  vi.restoreAllMocks();
});

const entryOf = (over: Partial<AttemptEntry> = {}): AttemptEntry => ({
  ...{ send_type: "spawn", sent_at: Date.now(), response_code: 500, response_ms: 7, error: "http_status" },
  ...{ request_headers: {}, response_headers: {}, response_body: "" },
  ...over,
});

const resultOf = (key: AttemptKey, entry: AttemptEntry): Result => ({
  key,
  entry,
  next: {
    ...{ status: "retrying", reason: null, next_attempt_at: entry.sent_at, sweep_at: entry.sent_at },
    ...{ parked: null, trials: null, spared: 0 },
  },
});

/** Records this many attempts of a call, one after the other. */
async function recordMany(key: AttemptKey, count: number, body: string): Promise<void> {
  const first = Date.now();
  for (let attempt = 1; attempt <= count; attempt++) {
    const entry = entryOf({ sent_at: first + attempt, response_body: body });
    await writeResults(env.DB, { ...NOTHING, results: [resultOf({ ...key, attempt }, entry)], now: 1 });
  }
}

const sizeOf = async ({ call_id }: AttemptKey) =>
  env.DB.prepare("SELECT octet_length(metadata) + octet_length(details) FROM webhook_logs WHERE call_id = ?")
    .bind(call_id)
    .first<number>("octet_length(metadata) + octet_length(details)");

const refusing = (text: string) =>
  databaseRefusing((query) => query.includes(text), "D1_ERROR: refused by the test");

/** An attempt of a delivery before. */
const OLD = {
  ...{ delivery_id: "dlv_old", send_type: "spawn", response_code: 503, response_time: "1ms" },
  error: "http_status",
};

describe("a history", () => {
  test("of many large answers drops the oldest details first, and keeps every entry", async () => {
    const key = await reportUnheard(org, NOBODY);
    await recordMany(key, 40, "\u0001".repeat(4_096)); // 24 KB each as JSON
    const { metadata } = await logOf(org, key.call_id);
    expect(metadata.map(({ attempt }: { attempt: number }) => attempt)).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
    const kept = (await detailsOf(key.call_id)).map(({ attempt }) => attempt);
    expect(kept).toEqual([31, 32, 33, 34, 35, 36, 37, 38, 39, 40]);
    expect(await sizeOf(key)).toBeLessThanOrEqual(262_144);
  });

  test("of more than 1,000 attempts drops the oldest entry, and stays within its bound", async () => {
    const key = await reportUnheard(org, NOBODY);
    const entry = JSON.stringify({ ...OLD, sent_at: "2026-01-01T00:00:00.000Z", attempt: 1 });
    await env.DB.prepare(
      `UPDATE webhook_logs SET metadata = (
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
         SELECT json_group_array(json_set(?2, '$.attempt', i)) FROM n) WHERE call_id = ?1`,
    )
      .bind(key.call_id, entry)
      .run();
    await recordMany(key, 3, "x".repeat(4_096));
    const { metadata } = await logOf(org, key.call_id);
    expect(metadata).toHaveLength(1_000);
    expect(metadata[0]).toMatchObject({ delivery_id: "dlv_old", attempt: 3 });
    expect(metadata.at(-1)).toMatchObject({ delivery_id: key.delivery_id, attempt: 3 });
    expect(await sizeOf(key)).toBeLessThanOrEqual(262_144);
  });

  test("of more than 1,000 attempts drops the one that was sent first, whenever it was recorded", async () => {
    const key = await reportUnheard(org, NOBODY);
    await env.DB.prepare(
      `UPDATE webhook_logs SET metadata = (
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
         SELECT json_group_array(json_set(?2, '$.sent_at', format('2026-01-01T00:%02d:%02d.500Z',
           iif(i = 1, 5, i / 60), iif(i = 1, 0, i % 60)), '$.attempt', i)) FROM n)
       WHERE call_id = ?1`,
    )
      .bind(key.call_id, JSON.stringify(OLD))
      .run();
    await recordMany(key, 1, "");
    const attemptsOfOld = async () =>
      (await logOf(org, key.call_id)).metadata
        .filter(({ delivery_id }: { delivery_id: string }) => delivery_id === "dlv_old")
        .map(({ attempt }: { attempt: number }) => attempt);
    expect(await attemptsOfOld()).not.toContain(2);
    expect(await attemptsOfOld()).toContain(1);
    const late = resultOf({ ...key, delivery_id: "dlv_late" }, entryOf({ sent_at: 1 }));
    await writeResults(env.DB, { ...NOTHING, results: [late], now: 1 });
    expect(await attemptsOfOld()).toHaveLength(999);
  });

  test("gets a late attempt later where it can't be appended; what else its batch wrote holds and goes on", async () => {
    const [late, fresh] = [await reportUnheard(org, NOBODY), await reportUnheard(org, NOBODY)];
    vi.spyOn(console, "error").mockImplementation(() => {});
    await handleAttempts(envWithLosingQueues({ DB: refusing("SET attempts") }).env, [late]);
    await env.DB.prepare(
      "UPDATE webhook_logs SET delivery_id = 'dlv_new', delivery_ordinal = 2 WHERE call_id = ?",
    )
      .bind(late.call_id)
      .run();
    const { env: lossy, retries } = envWithLosingQueues({ DB: refusing("SET last_sent_at") });
    expect(await handleAttempts(lossy, [fresh, late])).toEqual(["ack", 2]);
    expect(retries).toMatchObject([{ body: { call_id: fresh.call_id, attempt: 2 } }]);
    expect(await logOf(org, fresh.call_id)).toMatchObject({ status: "retrying", metadata: [{ attempt: 1 }] });
    expect(await handleAttempts(envWithLosingQueues().env, [fresh, late])).toEqual(["ack", "ack"]);
    expect(await logOf(org, late.call_id)).toMatchObject({
      ...{ status: "pending", metadata: [{ delivery_id: late.delivery_id, attempt: 1 }] },
    });
  });

  test("tells a waiting request of its delivery's first attempt, also once that delivery was replaced", async () => {
    const crm = await receiver(200);
    const first = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    const isMade = async ({ call_id, delivery_id }: AttemptKey) => {
      const deliveries = new Map([[call_id, delivery_id]]);
      return (
        (await readFirstAttempts(env.DB, { user_id: org.user_id, event: "call", deliveries })).length > 0
      );
    };
    expect(await isMade(first)).toBe(false);
    await handleAttempts(lossy, [first]);
    const second = await resendUnheard(org, first);
    expect([await isMade(first), await isMade(second)]).toEqual([true, false]);
    await handleAttempts(lossy, [second]);
    expect([await isMade(first), await isMade(second)]).toEqual([true, true]);
  });

  test("gets a late attempt of a replaced delivery once, in its place by time, and the state stays", async () => {
    const crm = await receiver(500, 200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    await handleAttempts(lossy, [key]);
    await letTimePass(key, 5_000);
    const [log] = (await resend(org, [key.call_id])).body.data;
    expect(log).toMatchObject({ status: "delivered" });
    const late = resultOf(
      { ...key, attempt: 2 },
      entryOf({ sent_at: Date.parse(log.metadata[1].sent_at) - 1 }),
    );
    for (let write = 0; write < 2; write++)
      expect(await writeResults(env.DB, { ...NOTHING, results: [late], now: 1 })).toMatchObject({
        moved: [],
      });
    const after = await logOf(org, key.call_id);
    expect(after).toEqual({
      ...log,
      metadata: [log.metadata[0], expect.objectContaining({ attempt: 2 }), log.metadata[1]],
    });
  });

  test("gets two late attempts of one log that come in one batch", async () => {
    const key = await reportUnheard(org, NOBODY);
    const late = ["dlv_a", "dlv_b"].map((delivery_id, index) =>
      resultOf({ ...key, delivery_id }, entryOf({ sent_at: Date.now() + index })),
    );
    await writeResults(env.DB, { ...NOTHING, results: late, now: 1 });
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "pending",
      metadata: [{ delivery_id: "dlv_a" }, { delivery_id: "dlv_b" }],
    });
  });
});
