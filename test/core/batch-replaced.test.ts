/** Messages of retries whose delivery was replaced: the attempt is looked up, never made. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AttemptReply } from "../../src/call/attempt-request.ts";
import { ACK, again, away, made, runBatch, underWay } from "./batch-scene.ts";
import { entryOf, failureOf, keyOf, logOf, NOW } from "./samples.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

/** The second attempt of `dlv_1`, in a log that waits for the first of `dlv_2`. */
const retry = keyOf({ call_id: "a", attempt: 2 });
const replaced = logOf({ call_id: "a", delivery_id: "dlv_2", delivery_ordinal: 2, send_type: "resend" });
const current = keyOf({ call_id: "b" });
const logB = logOf({ call_id: "b" });

/** As in the record: a result of a delivery that is not current moves nothing. */
const guarded = async () => [];
const lookingUp = (reply: AttemptReply) => async () => reply;

test("one that was made is written with its own send type, and its message acked", async () => {
  const entry = entryOf({ send_type: "create", sent_at: NOW - 4_000 });
  const { settlements, results, losses, order } = await runBatch({
    keys: [retry],
    logs: [replaced],
    replace: { lookUp: lookingUp(made(entry)), write: guarded },
  });
  const next = {
    ...{ status: "delivered", reason: null, next_attempt_at: null, sweep_at: null },
    ...{ parked: null, trials: null, spared: 0 },
  };
  expect(settlements).toEqual([ACK]);
  expect(results).toEqual([{ key: retry, entry, next }]);
  expect(losses).toEqual([]);
  expect(order).toEqual(["read a", "lookUp a", "write a"]);
});

test("one that was made and failed has no successor, as its log does not move on", async () => {
  const { settlements, results, successors, order } = await runBatch({
    keys: [retry],
    logs: [replaced],
    replace: { lookUp: lookingUp(made(failureOf(500))), write: guarded },
  });
  expect(settlements).toEqual([ACK]);
  expect(results).toMatchObject([{ key: retry, entry: failureOf(500) }]);
  expect(successors).toEqual([]);
  expect(order).toEqual(["read a", "lookUp a", "write a"]);
});

test("one that was made comes back in 2 s where the record is away for writing", async () => {
  const { settlements } = await runBatch({
    keys: [retry],
    logs: [replaced],
    replace: { lookUp: lookingUp(made(entryOf())), write: away },
  });
  expect(settlements).toEqual([again(2)]);
});

test.each([
  ["under way comes back in 3 s", lookingUp({ kind: "under_way", leftMs: null }), underWay(3)],
  ["superseded is acked", lookingUp({ kind: "superseded" }), ACK],
  ["of an object that could not be asked comes back in 5 s", away, again(5)],
])("one %s, with nothing written", async (_name, lookUp, settlement) => {
  const { settlements, order } = await runBatch({ keys: [retry], logs: [replaced], replace: { lookUp } });
  expect(settlements).toEqual([settlement]);
  expect(order).toEqual(["read a", "lookUp a"]);
});

test("one is asked for by its own key and its log's current delivery, once however often it is named", async () => {
  const lookUp = vi.fn(lookingUp({ kind: "superseded" }));
  const { settlements } = await runBatch({
    keys: [retry, { ...retry }],
    logs: [{ ...replaced, delivery_ordinal: 7 }],
    replace: { lookUp },
  });
  expect(lookUp.mock.calls).toEqual([[retry, { waitMs: 2_000, newestOrdinal: 7 }]]);
  expect(settlements).toEqual([ACK, ACK]);
});

test.each([
  ["that has ended", { next_attempt_at: null }],
  ["that is not due yet", { next_attempt_at: NOW + 90_000 }],
  ["read without its payload", { payload: null }],
  ["without a URL", { url: null }],
  ["without a send type", { send_type: null }],
])("one is lookedUp too in a log %s", async (_name, change) => {
  const { settlements, results } = await runBatch({
    keys: [retry],
    logs: [{ ...replaced, ...change }],
    replace: { lookUp: lookingUp(made(entryOf())), write: guarded },
  });
  expect(settlements).toEqual([ACK]);
  expect(results).toMatchObject([{ key: retry, entry: entryOf() }]);
});

test("one needs no signing secret", async () => {
  const { settlements } = await runBatch({
    keys: [retry],
    logs: [replaced],
    replace: { decryptSecrets: async () => null, lookUp: lookingUp(made(entryOf())), write: guarded },
  });
  expect(settlements).toEqual([ACK]);
});

test("one is lookedUp beside the attempts of its batch, and written with their results", async () => {
  const both = Promise.withResolvers<void>();
  let begun = 0;
  const answer = async (): Promise<AttemptReply> => {
    begun += 1;
    if (begun === 2) both.resolve();
    await both.promise;
    return made(failureOf(500));
  };
  const { settlements, order, successors } = await runBatch({
    keys: [retry, current],
    logs: [replaced, logB],
    replace: { lookUp: answer, attempt: answer, write: async () => [current] },
  });
  expect(settlements).toEqual([ACK, ACK]);
  expect(order).toEqual(["read a b", "lookUp a", "attempt b", "write a b", "enqueue b"]);
  expect(successors).toEqual([{ key: { ...current, attempt: 2 }, delaySeconds: 5 }]);
});
