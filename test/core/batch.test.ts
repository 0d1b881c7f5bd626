/** One batch of messages: the order of its verbs, what becomes of each message, and what a failing verb changes. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Reply } from "../../src/deliver/job.ts";
import { ACK, again, away, made, runBatch } from "./batch-scene.ts";
import { entryOf, failureOf, keyOf, logOf, NOW } from "./samples.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

const a = keyOf({ call_id: "a" });
const b = keyOf({ call_id: "b" });
const logA = logOf({ call_id: "a" });
const logB = logOf({ call_id: "b" });
const STALE = { ...logB, attempts: 1 };
const fails = async () => made(failureOf(500));
const retrying = {
  status: "retrying",
  reason: null,
  next_attempt_at: NOW + 5_000,
  sweep_at: NOW + 65_000,
  delaySeconds: 5,
};
const delivered = {
  status: "delivered",
  reason: null,
  next_attempt_at: null,
  sweep_at: null,
  delaySeconds: null,
};

describe("a batch", () => {
  test("reads once, makes the attempts, writes once, and enqueues what is to come", async () => {
    const { order, settlements } = await runBatch({
      keys: [a, b],
      logs: [logA, logB],
      replace: { attempt: fails },
    });
    expect(order).toEqual(["read a b", "attempt a", "attempt b", "write a b", "enqueue a b"]);
    expect(settlements).toEqual([ACK, ACK]);
  });

  test("acks a delivered message with its result written and nothing enqueued", async () => {
    const entry = entryOf();
    const { settlements, results, order, jobs } = await runBatch({ keys: [a], logs: [logA] });
    expect(settlements).toEqual([ACK]);
    expect(results).toEqual([{ key: a, send_type: "spawn", entry, next: delivered }]);
    expect(order).toEqual(["read a", "attempt a", "write a"]);
    expect(jobs).toEqual([
      {
        key: a,
        delivery_ordinal: 1,
        send_type: "spawn",
        webhook_id: "msg_1",
        url: "https://crm.example/hook",
        payload: '{"call_id":"call-1"}',
        secret: "whsec_c2VjcmV0",
        last_sent_at: null,
        timeoutMs: 15_000,
      },
    ]);
  });

  test("does not begin an attempt only after another one has ended", async () => {
    const both = Promise.withResolvers<void>();
    let begun = 0;
    const attempt = async (): Promise<Reply> => {
      begun += 1;
      if (begun === 2) both.resolve();
      await both.promise;
      return made(entryOf());
    };
    const { settlements } = await runBatch({ keys: [a, b], logs: [logA, logB], replace: { attempt } });
    expect(settlements).toEqual([ACK, ACK]);
  });

  test("makes an attempt named twice once, and settles both messages alike", async () => {
    const { order, settlements, results } = await runBatch({ keys: [a, b, { ...a }], logs: [logA, logB] });
    expect(order).toEqual(["read a b", "attempt a", "attempt b", "write a b"]);
    expect(settlements).toEqual([ACK, ACK, ACK]);
    expect(results).toHaveLength(2);
  });

  test("of no messages asks for nothing", async () => {
    expect((await runBatch({ keys: [], logs: [] })).order).toEqual([]);
  });

  test("reads again for the payloads that did not fit its first read", async () => {
    let reads = 0;
    const read = async () => (reads++ === 0 ? [logA, { ...logB, payload: null }] : [logB]);
    const { order, settlements, jobs } = await runBatch({ keys: [a, b], logs: [], replace: { read } });
    expect(order).toEqual(["read a b", "attempt a", "read b", "attempt b", "write a b"]);
    expect(settlements).toEqual([ACK, ACK]);
    expect(jobs.map(({ payload }) => payload)).toEqual([logA.payload, logB.payload]);
  });
});

describe("a message", () => {
  test.each([
    ["whose attempt is recorded", STALE],
    ["of a delivery that was replaced", { ...logB, delivery_id: "dlv_2" }],
    ["of a settled log", { ...logB, next_attempt_at: null }],
    ["of a log without a URL", { ...logB, url: null }],
    ["of a log without a send type", { ...logB, send_type: null }],
    ["of another call, whose log is gone", logA],
  ])("%s is acked unsent, with nothing written", async (_name, log) => {
    const { settlements, order } = await runBatch({ keys: [b], logs: [log] });
    expect(settlements).toEqual([ACK]);
    expect(order).toEqual(["read b"]);
  });

  test("that is early comes back when it is due, unsent", async () => {
    const early = { ...logA, next_attempt_at: NOW + 90_000 };
    const { settlements, order } = await runBatch({ keys: [a], logs: [early] });
    expect(settlements).toEqual([again(90)]);
    expect(order).toEqual(["read a"]);
  });

  test("whose attempt is under way comes back in 3 s, and nothing is written", async () => {
    const attempt = async (): Promise<Reply> => ({ kind: "under_way" });
    const { settlements, order } = await runBatch({ keys: [a], logs: [logA], replace: { attempt } });
    expect(settlements).toEqual([again(3)]);
    expect(order).toEqual(["read a", "attempt a"]);
  });

  test("whose attempt was superseded is acked, and nothing is written", async () => {
    const attempt = async (): Promise<Reply> => ({ kind: "superseded" });
    const { settlements, order } = await runBatch({ keys: [a], logs: [logA], replace: { attempt } });
    expect(settlements).toEqual([ACK]);
    expect(order).toEqual(["read a", "attempt a"]);
  });

  test("of an org without a usable secret comes back in 60 s unsent, and the others go on", async () => {
    const openSecret = async ({ call_id }: { call_id: string }) =>
      call_id === "a" ? null : "whsec_c2VjcmV0";
    const { settlements, order } = await runBatch({
      keys: [a, b],
      logs: [logA, logB],
      replace: { openSecret },
    });
    expect(settlements).toEqual([again(60), ACK]);
    expect(order).toEqual(["read a b", "attempt b", "write b"]);
  });
});

describe("a failed attempt", () => {
  test("acks its message and sends its successor, one further, with the log's own delay", async () => {
    const { settlements, results, successors } = await runBatch({
      keys: [a],
      logs: [logA],
      replace: { attempt: fails },
    });
    expect(settlements).toEqual([ACK]);
    expect(results).toEqual([{ key: a, send_type: "spawn", entry: failureOf(500), next: retrying }]);
    expect(successors).toEqual([{ key: { ...a, attempt: 2 }, delaySeconds: 5 }]);
  });

  test("has no successor where its log did not move on", async () => {
    const write = async () => [b];
    const { settlements, successors } = await runBatch({
      keys: [a, b],
      logs: [logA, logB],
      replace: { attempt: fails, write },
    });
    expect(settlements).toEqual([ACK, ACK]);
    expect(successors).toEqual([{ key: { ...b, attempt: 2 }, delaySeconds: 5 }]);
  });

  test("has no successor where it was the schedule's last", async () => {
    const { settlements, results, order } = await runBatch({
      keys: [{ ...a, attempt: 3 }],
      logs: [{ ...logA, attempts: 2 }],
      replace: { attempt: fails },
    });
    expect(settlements).toEqual([ACK]);
    expect(results[0]?.next).toMatchObject({ status: "failed", reason: "attempts_exhausted" });
    expect(order).toEqual(["read a", "attempt a", "write a"]);
  });
});

describe("an attempt whose object was lost", () => {
  test.each([0, 1])("after %i losses is counted as one more and comes back in 5 s", async (losses) => {
    const {
      settlements,
      results,
      losses: written,
      successors,
    } = await runBatch({
      keys: [a],
      logs: [{ ...logA, losses }],
      replace: { attempt: away },
    });
    expect(settlements).toEqual([again(5)]);
    expect({ results, written, successors }).toEqual({ results: [], written: [a], successors: [] });
  });

  test("for the third time is recorded as interrupted, after the log's newest entry, and retried", async () => {
    const { settlements, results, losses, successors } = await runBatch({
      keys: [a],
      logs: [{ ...logA, losses: 2, last_sent_at: NOW + 50 }],
      replace: { attempt: away },
    });
    const entry = entryOf({ sent_at: NOW + 51, response_code: null, response_ms: 0, error: "interrupted" });
    expect(settlements).toEqual([ACK]);
    expect(results).toEqual([{ key: a, send_type: "spawn", entry, next: retrying }]);
    expect(losses).toEqual([]);
    expect(successors).toEqual([{ key: { ...a, attempt: 2 }, delaySeconds: 5 }]);
  });
});

describe("where the record is away", () => {
  test("for reading, every message comes back in 5 s and nothing is attempted", async () => {
    const { settlements, order } = await runBatch({ keys: [a, b], logs: [], replace: { read: away } });
    expect(settlements).toEqual([again(5), again(5)]);
    expect(order).toEqual(["read a b"]);
  });

  test("for the second read, what the first one brought is made and written all the same", async () => {
    let reads = 0;
    const read = async () => (reads++ === 0 ? [{ ...logA, payload: null }, logB] : away());
    const { settlements, order } = await runBatch({ keys: [a, b], logs: [], replace: { read } });
    expect(settlements).toEqual([again(5), ACK]);
    expect(order).toEqual(["read a b", "attempt b", "read a", "write b"]);
  });

  test("for writing, what was made comes back in 5 s unenqueued, and what was settled is acked", async () => {
    const lost = keyOf({ call_id: "c" });
    const { settlements, order } = await runBatch({
      keys: [a, b, lost],
      logs: [logA, STALE, logOf({ call_id: "c" })],
      replace: { write: away, attempt: ({ key }) => (key.call_id === "c" ? away() : fails()) },
    });
    expect(settlements).toEqual([again(5), ACK, again(5)]);
    expect(order).toEqual(["read a b c", "attempt a", "attempt c", "write a c"]);
  });

  test("for the queue alone, a written message is acked: the schedule stands without it", async () => {
    const { settlements, results } = await runBatch({
      keys: [a],
      logs: [logA],
      replace: { attempt: fails, enqueue: away },
    });
    expect(settlements).toEqual([ACK]);
    expect(results).toMatchObject([{ key: a, next: retrying }]);
  });
});
