/** One batch of messages: the order of its steps, and what happens to each message. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AttemptReply } from "../../src/call/attempt-request.ts";
import { ACK, again, made, RETRYING, type Replaced, runBatch, underWay } from "./batch-scene.ts";
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
const delivered = {
  status: "delivered",
  reason: null,
  next_attempt_at: null,
  sweep_at: null,
  ...{ parked: null, trials: null, spared: 0 },
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
    const { settlements, results, order, requests } = await runBatch({ keys: [a], logs: [logA] });
    expect(settlements).toEqual([ACK]);
    expect(results).toEqual([{ key: a, entry, next: delivered }]);
    expect(order).toEqual(["read a", "attempt a", "write a"]);
    expect(requests).toEqual([
      {
        key: a,
        delivery_ordinal: 1,
        send_type: "spawn",
        webhook_id: "msg_1",
        url: "https://crm.example/hook",
        payload: '{"call_id":"call-1"}',
        secrets: ["whsec_c2VjcmV0"],
        last_sent_at: null,
        timeoutMs: 15_000,
        waitMs: 2_000,
        targetRules: {
          allowPrivate: true,
          ownHost: "postcall.example",
          ownOrigin: "https://postcall.example",
        },
      },
    ]);
  });

  test("does not begin an attempt only after another one has ended", async () => {
    const both = Promise.withResolvers<void>();
    let begun = 0;
    const attempt = async (): Promise<AttemptReply> => {
      begun += 1;
      if (begun === 2) both.resolve();
      await both.promise;
      return made(entryOf());
    };
    const { settlements } = await runBatch({ keys: [a, b], logs: [logA, logB], replace: { attempt } });
    expect(settlements).toEqual([ACK, ACK]);
  });

  test("asks a message back that nothing was decided for", async () => {
    const { settlementOf } = await runBatch({ keys: [a], logs: [logA] });
    expect(settlementOf(a)).toEqual(ACK);
    expect(settlementOf({ ...a, call_id: "never-seen" })).toEqual(again(5));
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
});

describe("a message", () => {
  test.each([
    ["whose attempt is recorded", STALE],
    ["of a log that has ended", { ...STALE, next_attempt_at: null }],
    ["of a log that has ended, read without its payload", { ...STALE, next_attempt_at: null, payload: null }],
    ["of a log without a URL", { ...logB, url: null }],
    ["of a log without a send type", { ...logB, send_type: null }],
    ["of another call, whose log is gone", logA],
  ])("%s is acked unsent, with nothing written", async (_name, log) => {
    const { settlements, order } = await runBatch({ keys: [b], logs: [log] });
    expect(settlements).toEqual([ACK]);
    expect(order).toEqual(["read b"]);
  });

  test.each([
    ["was replaced", { ...logB, delivery_id: "dlv_2" }],
    ["was given up before it", { ...logB, status: "failed" as const, next_attempt_at: null }],
  ])(
    "of the first attempt of a delivery that %s is lookedUp, and acked where nobody knows it",
    async (_name, log) => {
      const { settlements, order } = await runBatch({ keys: [b], logs: [log] });
      expect(settlements).toEqual([ACK]);
      expect(order).toEqual(["read b", "lookUp b"]);
    },
  );

  test.each([logA.payload, null])(
    "that is early comes back when it is due, unsent, with its payload read as %j",
    async (payload) => {
      const early = { ...logA, next_attempt_at: NOW + 90_000, payload };
      const { settlements, order } = await runBatch({ keys: [a], logs: [early] });
      expect(settlements).toEqual([again(90)]);
      expect(order).toEqual(["read a"]);
    },
  );

  test("whose payload was left out of the one read comes back at once, unsent, and the others go on", async () => {
    const unread = { ...logA, payload: null };
    const decryptSecrets = vi.fn(async () => ["whsec_c2VjcmV0"] as const);
    const { settlements, order } = await runBatch({
      keys: [a, b],
      logs: [unread, logB],
      replace: { decryptSecrets },
    });
    expect(settlements).toEqual([again(0), ACK]);
    expect(order).toEqual(["read a b", "attempt b", "write b"]);
    expect(decryptSecrets.mock.calls).toEqual([[logB]]);
  });

  test.each([
    { leftMs: null, delaySeconds: 3 },
    { leftMs: 13_000, delaySeconds: 3 },
    { leftMs: 1_200, delaySeconds: 2 },
    { leftMs: -5, delaySeconds: 1 },
  ])(
    "whose attempt is under way for $leftMs ms more comes back in $delaySeconds s, and nothing is written",
    async ({ leftMs, delaySeconds }) => {
      const attempt = async (): Promise<AttemptReply> => ({ kind: "under_way", leftMs });
      const { settlements, order } = await runBatch({ keys: [a], logs: [logA], replace: { attempt } });
      expect(settlements).toEqual([underWay(delaySeconds)]);
      expect(order).toEqual(["read a", "attempt a"]);
    },
  );

  test("whose attempt was superseded is acked, and nothing is written", async () => {
    const attempt = async (): Promise<AttemptReply> => ({ kind: "superseded" });
    const { settlements, order } = await runBatch({ keys: [a], logs: [logA], replace: { attempt } });
    expect(settlements).toEqual([ACK]);
    expect(order).toEqual(["read a", "attempt a"]);
  });

  test("of an org without a usable secret comes back in 60 s unsent, and the others go on", async () => {
    const decryptSecrets = async ({ call_id }: { call_id: string }) =>
      call_id === "a" ? null : (["whsec_c2VjcmV0"] as const);
    const { settlements, order } = await runBatch({
      keys: [a, b],
      logs: [logA, logB],
      replace: { decryptSecrets },
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
    expect(results).toEqual([{ key: a, entry: failureOf(500), next: RETRYING }]);
    expect(successors).toEqual([{ key: { ...a, attempt: 2 }, delaySeconds: 5 }]);
  });

  test.each([
    { lateMs: 1, delaySeconds: 5 },
    { lateMs: 1_000, delaySeconds: 4 },
    { lateMs: 3_200, delaySeconds: 2 },
    { lateMs: 5_000, delaySeconds: 0 },
    { lateMs: 60_000, delaySeconds: 0 },
  ])(
    "whose write takes $lateMs ms has a successor after $delaySeconds s",
    async ({ lateMs, delaySeconds }) => {
      let clock = NOW;
      const write: Replaced["write"] = async ({ results }) => {
        clock += lateMs;
        return results.map(({ key }) => key);
      };
      const { results, successors } = await runBatch({
        keys: [a],
        logs: [logA],
        replace: { attempt: fails, write, now: () => clock },
      });
      expect(results).toEqual([{ key: a, entry: failureOf(500), next: RETRYING }]);
      expect(successors).toEqual([{ key: { ...a, attempt: 2 }, delaySeconds }]);
    },
  );

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
