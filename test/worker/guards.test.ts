/** The guards on every write: a late, repeated or outdated write changes nothing. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { afterAttempt, afterFault } from "../../src/core/transition.ts";
import type { AttemptEntry, AttemptKey } from "../../src/core/webhook-log.ts";
import { type Fault, NOTHING, type Result, writeResults } from "../../src/record/results.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  handleBatch,
  letTimePass,
  reportUnheard,
  request,
  resendUnheard,
} from "../support/handlers.ts";
import { logOf, makeOrg, NOBODY, type Org, receiver } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const RESEND = "/v1/postcall/webhooks/resend";

const REGULAR = { created_at: 1, trials: null, spared: null };
const NOW = 1;

/** What a batch would write for an attempt that the receiver answered with this status. */
function resultOf(key: AttemptKey, response_code: number, sent_at = Date.now()): Result {
  const error = response_code < 300 ? null : "http_status";
  const headers = { request_headers: {}, response_headers: {}, response_body: "" };
  const entry: AttemptEntry = {
    send_type: "spawn",
    sent_at,
    response_code,
    response_ms: 1,
    error,
    ...headers,
  };
  const rules = { retryScheduleMs: [1_000, 1_000], sweepGraceMs: 60_000 };
  return {
    key,
    entry,
    next: afterAttempt({ entry, attempt: key.attempt, log: REGULAR, rules, now: sent_at, random: 0.5 }),
  };
}

const write = async (...results: Result[]) =>
  (await writeResults(env.DB, { ...NOTHING, results, now: NOW })).moved;

describe("a late commit", () => {
  test("of an earlier attempt can't revive a delivered call", async () => {
    const key = await reportUnheard(org, NOBODY);
    await write(resultOf(key, 500));
    await write(resultOf({ ...key, attempt: 2 }, 200));
    const delivered = await logOf(org, key.call_id);
    expect(delivered).toMatchObject({ status: "delivered", next_attempt_at: null });
    expect(await write(resultOf(key, 500))).toEqual([]);
    expect(await logOf(org, key.call_id)).toEqual(delivered);
  });

  test("of the same attempt leaves the entry that stands, and moves nothing", async () => {
    const key = await reportUnheard(org, NOBODY);
    expect(await write(resultOf(key, 200))).toEqual([key]);
    const delivered = await logOf(org, key.call_id);
    expect(await write(resultOf(key, 503, Date.now() + 5_000))).toEqual([]);
    expect(await logOf(org, key.call_id)).toEqual(delivered);
  });

  test("of a replaced delivery changes nothing of the delivery that replaced it, even with the same number", async () => {
    const key = await reportUnheard(org, NOBODY);
    await write(resultOf(key, 500));
    const resent = await resendUnheard(org, key);
    await write(resultOf(resent, 500, Date.now() + 10));
    const before = await logOf(org, key.call_id);
    expect(await write(resultOf({ ...key, attempt: 2 }, 410, Date.now() + 20))).toEqual([]);
    const { metadata, ...state } = await logOf(org, key.call_id);
    expect({ ...state, metadata: metadata.slice(0, 2) }).toEqual(before);
    expect(metadata[2]).toMatchObject({ delivery_id: key.delivery_id, attempt: 2, response_code: 410 });
  });

  test("of a retry longer than a batch waits joins the history of the call that was resent meanwhile", async () => {
    const crm = await receiver(500, { status: 500, delayMs: 3_000 }, 200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    await handleAttempts(lossy, [key]);
    await letTimePass(key, 5_000);
    const second = { ...key, attempt: 2 };
    expect(await handleAttempts(lossy, [second], "postcall-retries")).toEqual([3]);
    const resent = await resendUnheard(org, key);
    expect(await handleAttempts(lossy, [second, resent])).toEqual(["ack", "ack"]);
    const log = await logOf(org, key.call_id);
    expect(log).toMatchObject({
      status: "delivered",
      metadata: [
        { send_type: "spawn", attempt: 1 },
        { send_type: "spawn", attempt: 2, response_code: 500 },
        { send_type: "resend", attempt: 1, response_code: 200 },
      ],
    });
    expect(await crm.received()).toHaveLength(3);
  });
});

describe("a round that is noted late", () => {
  const note = async (fault: Fault) =>
    (await writeResults(env.DB, { ...NOTHING, faults: [fault], now: NOW })).moved.map(
      ({ attempt }) => attempt,
    );
  /** What a batch would write that has read the log with so many rounds, the last one if it is to fail. */
  function roundOf(key: AttemptKey, faults: number, { fails = false } = {}): Fault {
    const read = { attempts: key.attempt - 1, faults: fails ? 9 : faults - 1 };
    const next = afterFault({ ...read, reason: "dead_letter", rules: { sweepGraceMs: 0 }, now: Date.now() });
    return { key, next: { ...next, faults } };
  }

  test("counts once, and says nothing of the next one", async () => {
    const key = await reportUnheard(org, NOBODY);
    expect(await note(roundOf(key, 1))).toEqual([1]);
    const noted = await logOf(org, key.call_id);
    expect(noted).toMatchObject({ status: "pending", reason: "dead_letter" });
    expect(await note(roundOf(key, 1, { fails: true }))).toEqual([]);
    expect(await logOf(org, key.call_id)).toEqual(noted);
    expect(await note(roundOf(key, 2))).toEqual([1]);
  });

  test("of an attempt that is recorded changes nothing of the one after it", async () => {
    const key = await reportUnheard(org, NOBODY);
    await write(resultOf(key, 500));
    const retrying = await logOf(org, key.call_id);
    expect(await note(roundOf(key, 1, { fails: true }))).toEqual([]);
    expect(await logOf(org, key.call_id)).toEqual(retrying);
  });

  test("of a replaced delivery changes nothing of the delivery that replaced it", async () => {
    const key = await reportUnheard(org, NOBODY);
    await write(resultOf(key, 500));
    await resendUnheard(org, key);
    const pending = await logOf(org, key.call_id);
    expect(await note(roundOf(key, 1, { fails: true }))).toEqual([]);
    expect(await logOf(org, key.call_id)).toEqual(pending);
  });

  test("can't revive a delivery that has failed", async () => {
    const key = await reportUnheard(org, NOBODY);
    await note(roundOf(key, 1, { fails: true }));
    const failed = await logOf(org, key.call_id);
    expect(failed).toMatchObject({ status: "failed", reason: "dead_letter", next_attempt_at: null });
    expect(await note(roundOf(key, 2))).toEqual([]);
    expect(await logOf(org, key.call_id)).toEqual(failed);
  });
});

test("a delivery that has failed is not parked with its endpoint", async () => {
  const key = await reportUnheard(org, NOBODY);
  const next = {
    ...{ status: "failed" as const, reason: "dead_letter", faults: 1 },
    ...{ next_attempt_at: null, sweep_at: null },
  };
  await writeResults(env.DB, { ...NOTHING, faults: [{ key, next }], now: NOW });
  const failed = await logOf(org, key.call_id);
  await env.DB.prepare(
    "INSERT INTO endpoints (user_id, url, state, version, consecutive_failures) VALUES (?, ?, 'disabled', 'v1', 0)",
  )
    .bind(org.user_id, NOBODY)
    .run();
  expect((await writeResults(env.DB, { ...NOTHING, parked: [key], now: NOW })).moved).toEqual([]);
  expect(await logOf(org, key.call_id)).toEqual(failed);
});

test("a late result leaves a disabled call waiting for its endpoint where it would have been retried", async () => {
  const key = await reportUnheard(org, NOBODY);
  await env.DB.prepare(
    "UPDATE webhook_logs SET parked = 1, trials = 0, next_attempt_at = NULL, sweep_at = NULL WHERE call_id = ?",
  )
    .bind(key.call_id)
    .run();
  await env.DB.prepare(
    "INSERT INTO endpoints (user_id, url, state, version, consecutive_failures) VALUES (?, ?, 'disabled', 'v1', 0)",
  )
    .bind(org.user_id, NOBODY)
    .run();
  await write(resultOf(key, 500));
  expect(await logOf(org, key.call_id)).toMatchObject({
    status: "disabled",
    next_attempt_at: null,
    metadata: [{ attempt: 1, response_code: 500 }],
  });
  const row = env.DB.prepare("SELECT attempts, parked FROM webhook_logs WHERE call_id = ?");
  expect(await row.bind(key.call_id).first()).toEqual({ attempts: 1, parked: 1 });
});

describe("two resends decided on the same state", () => {
  test("start one delivery, which serves both and is sent once", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    await write(resultOf(key, 200));
    const { env: lossy, deliveries } = envWithLosingQueues({ DB: databaseWhereUpdatesMeet(2) });
    const body = { call_ids: [key.call_id] };
    const headers = { prefer: "respond-async" };
    const resend = () => request(lossy, org, { method: "POST", path: RESEND, body, headers });
    const answers = await Promise.all([resend(), resend()]);
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    const [first] = deliveries;
    expect(deliveries).toEqual([first, first]);
    const row = env.DB.prepare("SELECT delivery_id, delivery_ordinal FROM webhook_logs WHERE call_id = ?");
    expect(await row.bind(key.call_id).first()).toEqual({
      delivery_id: first?.body.delivery_id,
      delivery_ordinal: 2,
    });
    const { env: mended } = envWithLosingQueues();
    for (const { body: message } of deliveries) expect(await handleBatch(mended, [message])).toEqual(["ack"]);
    expect((await logOf(org, key.call_id)).metadata).toMatchObject([{}, { send_type: "resend", attempt: 1 }]);
    expect(await crm.received()).toHaveLength(1);
  });
});

/** A database in which so many updates wait for each other before any of them runs. */
function databaseWhereUpdatesMeet(count: number): D1Database {
  const met = Promise.withResolvers<void>();
  let arrived = 0;
  const meet = (): Promise<void> => {
    if (++arrived === count) met.resolve();
    return met.promise;
  };
  const prepare = (query: string) => {
    const statement = env.DB.prepare(query);
    if (!query.startsWith("UPDATE")) return statement;
    return {
      bind: (...values: unknown[]) => ({ all: () => meet().then(() => statement.bind(...values).all()) }),
    };
  };
  return {
    prepare,
    batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
  } as unknown as D1Database;
}
