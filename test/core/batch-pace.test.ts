/** What a batch does about the rates of its endpoints: who has a turn, who gets a slot, and what comes back. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { NO_SETTINGS } from "../../src/core/endpoint-settings.ts";
import { attemptKeyText } from "../../src/core/webhook-log.ts";
import type { LoadedLog } from "../../src/record/batch-read.ts";
import { ACK, again, away, type Replaced, runBatch } from "./batch-scene.ts";
import { endpointOf, keyOf, logOf, NOW } from "./samples.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

const LIMITED = endpointOf({ state: "active", settings: { ...NO_SETTINGS, rate_per_second: 10 } });
const HOLDER: Partial<LoadedLog> = { reason: "rate_limited" };

const ids = ["a", "b", "c", "d"];
const keys = ids.map((call_id) => keyOf({ call_id }));
const logsWith = (...changes: Partial<LoadedLog>[]) =>
  ids.map((call_id, index) => logOf({ call_id, endpoint: LIMITED, ...changes[index] }));
/** As many of the batch's attempts have their turn. */
const withTurns = (turns: number): Replaced => ({
  takeTurns: async (asked) => asked.map((one) => ({ ...one, paced_until: NOW - turns * 100 })),
});

describe("attempts to an endpoint with a rate", () => {
  test("are made as far as they have a turn; the others get slots in order, without an attempt", async () => {
    const { requests, writings, successors, settlements, order } = await runBatch({
      keys,
      logs: logsWith(),
      replace: withTurns(2),
    });
    expect(requests.map(({ key }) => key.call_id)).toEqual(["a", "b"]);
    expect(order).toContain("give 2 slots");
    expect(writings[0]?.slots.map(({ key, ...due }) => [key.call_id, due])).toEqual([
      ["c", { next_attempt_at: NOW + 100, sweep_at: NOW + 60_100 }],
      ["d", { next_attempt_at: NOW + 200, sweep_at: NOW + 60_200 }],
    ]);
    expect(successors).toEqual([
      { key: keys[2], delaySeconds: 1 },
      { key: keys[3], delaySeconds: 1 },
    ]);
    expect(settlements).toEqual([ACK, ACK, ACK, ACK]);
  });

  test("whose slot has come go first, the earliest before the others", async () => {
    const logs = logsWith(
      {},
      { ...HOLDER, next_attempt_at: NOW - 5 },
      { ...HOLDER, next_attempt_at: NOW - 9 },
      {},
    );
    const { requests } = await runBatch({ keys, logs, replace: withTurns(1) });
    expect(requests.map(({ key }) => key.call_id)).toEqual(["c"]);
  });

  test("whose slot has come and that are crowded out come back when their turn may be, and keep their slot", async () => {
    const logs = logsWith(HOLDER, HOLDER, HOLDER, HOLDER);
    const { requests, settlements, writings, order } = await runBatch({ keys, logs, replace: withTurns(3) });
    expect(requests).toHaveLength(3);
    expect(settlements).toEqual([ACK, ACK, ACK, again(1)]);
    expect(writings.flatMap(({ slots }) => slots)).toEqual([]);
    expect(order.filter((line) => line.startsWith("give"))).toEqual([]);
  });

  test("without a slot go behind those that wait already, and take no turns", async () => {
    const queued = { endpoint: { ...LIMITED, next_slot_at: NOW + 5_000 } };
    const logs = logsWith(queued, { ...queued, ...HOLDER }, queued, queued);
    const { requests, order } = await runBatch({ keys, logs });
    expect(requests.map(({ key }) => key.call_id)).toEqual(["b"]);
    expect(order).toContain("take 1 turns");
    expect(order).toContain("give 3 slots");
  });

  test("that are under way take no second turn", async () => {
    const { order, settlements } = await runBatch({
      keys,
      logs: logsWith(),
      replace: {
        lookUp: async () => ({ kind: "under_way", leftMs: 2_000 }),
        attempt: async () => ({ kind: "under_way", leftMs: 2_000 }),
      },
    });
    expect(order.filter((line) => line.includes("turns"))).toEqual([]);
    expect(settlements).toEqual(Array(4).fill({ kind: "under_way", delaySeconds: 2 }));
  });

  test("come back where the rate has changed since the batch read it", async () => {
    const { requests, settlements } = await runBatch({
      keys,
      logs: logsWith(HOLDER),
      replace: { takeTurns: async () => [], giveSlots: async () => [] },
    });
    expect(requests).toEqual([]);
    expect(settlements).toEqual(Array(4).fill(again(5)));
  });

  test("that are crowded out for long get another slot, before those that have none yet", async () => {
    const { writings, settlements } = await runBatch({
      keys,
      logs: logsWith({}, HOLDER, {}, {}),
      replace: { takeTurns: async (asked) => asked.map((one) => ({ ...one, paced_until: NOW + 60_000 })) },
    });
    const slots = writings[0]?.slots ?? [];
    const inOrder = slots.toSorted((one, other) => one.next_attempt_at - other.next_attempt_at);
    expect(inOrder.map(({ key }) => key.call_id)).toEqual(["b", "a", "c", "d"]);
    expect(settlements).toEqual([ACK, ACK, ACK, ACK]);
  });

  test("that have their turn are made although no slots can be given to the others, which come back", async () => {
    const { requests, settlements } = await runBatch({
      keys,
      logs: logsWith(),
      replace: { ...withTurns(2), giveSlots: away },
    });
    expect(requests.map(({ key }) => key.call_id)).toEqual(["a", "b"]);
    expect(settlements).toEqual([ACK, ACK, again(5), again(5)]);
  });

  test("that can't be made yet take no turn, nor does the probe of a degraded endpoint", async () => {
    const probe = { ...LIMITED, state: "degraded" as const, probe: attemptKeyText(keyOf({ call_id: "b" })) };
    const logs = logsWith({ payload: null }, { endpoint: probe }, {}, {});
    const { order, requests } = await runBatch({ keys: keys.slice(0, 2), logs });
    expect(order.filter((line) => line.startsWith("take"))).toEqual([]);
    expect(requests.map(({ key }) => key.call_id)).toEqual(["b"]);
  });

  test("come back where no turn can be taken, and the rest of the batch goes on", async () => {
    const logs = logsWith({}, {}, {}, { endpoint: null, url: "https://other.example/" });
    const { requests, settlements } = await runBatch({ keys, logs, replace: { takeTurns: away } });
    expect(requests.map(({ key }) => key.call_id)).toEqual(["d"]);
    expect(settlements).toEqual([again(5), again(5), again(5), ACK]);
  });

  test("cost a batch without such endpoints nothing", async () => {
    const { order } = await runBatch({ keys, logs: ids.map((call_id) => logOf({ call_id })) });
    expect(order.filter((line) => /turns|slots|lookUp/.test(line))).toEqual([]);
  });
});
