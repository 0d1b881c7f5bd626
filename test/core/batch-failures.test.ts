/** What a failing verb changes for a batch: an object that was lost, and a record or a queue that is away. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ACK, again, away, made, RETRYING, runBatch } from "./batch-scene.ts";
import { entryOf, failureOf, keyOf, logOf, NOW } from "./samples.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

const a = keyOf({ call_id: "a" });
const b = keyOf({ call_id: "b" });
const logA = logOf({ call_id: "a" });
const STALE = logOf({ call_id: "b", attempts: 1 });
const fails = async () => made(failureOf(500));

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
    const loss = { key: a, losses: losses + 1 };
    expect({ results, written, successors }).toEqual({ results: [], written: [loss], successors: [] });
  });

  test("for the third time is recorded as interrupted, after the log's newest entry, and retried", async () => {
    const { settlements, results, losses, successors } = await runBatch({
      keys: [a],
      logs: [{ ...logA, losses: 2, last_sent_at: NOW + 50 }],
      replace: { attempt: away },
    });
    const entry = entryOf({
      ...{ sent_at: NOW + 51, response_code: null, response_ms: 0, error: "interrupted" },
      request_url: logOf().url ?? "",
    });
    expect(settlements).toEqual([ACK]);
    expect(results).toEqual([{ key: a, entry, next: RETRYING }]);
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

  test("for writing, made attempts come back in 2 s without retries, and messages with nothing to write are acked", async () => {
    const lost = keyOf({ call_id: "c" });
    const { settlements, order } = await runBatch({
      keys: [a, b, lost],
      logs: [logA, STALE, logOf({ call_id: "c" })],
      replace: { write: away, attempt: ({ key }) => (key.call_id === "c" ? away() : fails()) },
    });
    expect(settlements).toEqual([again(2), ACK, again(2)]);
    expect(order).toEqual(["read a b c", "attempt a", "attempt c", "write a c"]);
  });

  test("for the queue alone, a written message is acked: the schedule stands without it", async () => {
    const { settlements, results } = await runBatch({
      keys: [a],
      logs: [logA],
      replace: { attempt: fails, enqueue: away },
    });
    expect(settlements).toEqual([ACK]);
    expect(results).toMatchObject([{ key: a, next: RETRYING }]);
  });
});
