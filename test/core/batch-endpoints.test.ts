/** What a batch does about endpoints: how long it waits for them, and what follows if another batch changed one. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Endpoint } from "../../src/core/endpoint.ts";
import { attemptKeyText } from "../../src/core/webhook-log.ts";
import type { EndpointKey } from "../../src/record/endpoints.ts";
import { ACK, away, made, RETRYING, runBatch } from "./batch-scene.ts";
import { endpointOf, failureOf, keyOf, logOf } from "./samples.ts";

beforeEach(() => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

const a = keyOf({ call_id: "a" });
const b = keyOf({ call_id: "b" });
const logA = logOf({ call_id: "a", url: "https://a.example/" });
const logB = logOf({ call_id: "b", url: "https://b.example/" });
/** A degraded endpoint that `a` probes. */
const PROBED = endpointOf({ probe: attemptKeyText(a) });
const fails = async () => made(failureOf(500));

describe("an attempt is waited for", () => {
  const operational = { call_id: "a", event: "operational" as const };
  test.each([
    [
      "two seconds where its endpoint has failed before",
      a,
      { endpoint: endpointOf({ state: "active" }) },
      2_000,
    ],
    ["200 ms where its endpoint is degraded", a, { endpoint: PROBED }, 200],
    ["200 ms where it is an operational webhook's", keyOf(operational), operational, 200],
  ])("%s", async (_name, key, change, waitMs) => {
    const { requests, settlements } = await runBatch({ keys: [key], logs: [{ ...logA, ...change }] });
    expect(requests.map((request) => request.waitMs)).toEqual([waitMs]);
    expect(settlements).toEqual([ACK]);
  });
});

test("the calls of a suspended org are parked, those of another one are sent, and no endpoint wakes for them", async () => {
  const { requests, writings, settlements, successors, wakes } = await runBatch({
    keys: [a, b],
    logs: [{ ...logA, is_suspended: 1 }, logB],
  });
  expect(requests.map(({ key }) => key)).toEqual([b]);
  expect(writings).toMatchObject([{ parked: [], suspended: [a], parking: [], results: [{ key: b }] }]);
  expect([settlements, successors, wakes]).toEqual([[ACK, ACK], [], []]);
});

describe("an endpoint that another batch has changed since it was read", () => {
  /** Each new read of the endpoints returns the next of these states; the last one stays. */
  const reading = (...states: (Endpoint | null)[]) => {
    const readEndpoints = vi.fn(async (keys: readonly EndpointKey[]) => {
      const state = states.length > 1 ? states.shift() : states[0];
      return keys.map(() => state ?? null);
    });
    return readEndpoints;
  };

  test("is judged again by the same attempts from its current state, and the change is reported", async () => {
    const readEndpoints = reading(endpointOf({ state: "active", consecutive_failures: 4, version: "v2" }));
    const { settlements, writings, successors } = await runBatch({
      keys: [a],
      logs: [logA],
      replace: {
        attempt: fails,
        readEndpoints,
        versions: ({ endpoints }) => (endpoints[0]?.from ? ["id"] : []),
      },
    });
    expect(settlements).toEqual([ACK]);
    expect(readEndpoints.mock.calls).toEqual([[[{ user_id: a.user_id, url: logA.url }]]]);
    expect(writings).toMatchObject([
      {
        results: [{ key: a }],
        endpoints: [{ from: null, health: { consecutive_failures: 1 } }],
        operationalWebhooks: [],
      },
      {
        results: [],
        endpoints: [{ from: "v2", health: { state: "degraded", consecutive_failures: 5 } }],
        operationalWebhooks: [{ id: "endpoint.id" }],
      },
    ]);
    expect(successors).toEqual([{ key: { ...a, attempt: 2 }, delaySeconds: 5 }]);
  });

  test("is written alone: the others of its batch are as they were written", async () => {
    const { writings } = await runBatch({
      keys: [a, b],
      logs: [logA, logB],
      replace: {
        attempt: fails,
        readEndpoints: reading(endpointOf({ version: "v2" })),
        newId: ids(),
        versions: ({ endpoints }) =>
          endpoints.flatMap(({ url, from, version }) => (url === logB.url || from === "v2" ? [version] : [])),
      },
    });
    expect(writings.map(({ endpoints }) => endpoints.map(({ url, from }) => [url, from]))).toEqual([
      [
        [logA.url, null],
        [logB.url, null],
      ],
      [[logA.url, "v2"]],
    ]);
  });

  test("is judged three times, and then left to its next attempt", async () => {
    const readEndpoints = reading(endpointOf({ version: "v2" }), endpointOf({ version: "v3" }));
    const { settlements, results, writings } = await runBatch({
      keys: [a],
      logs: [logA],
      replace: { attempt: fails, readEndpoints, versions: () => [] },
    });
    expect(settlements).toEqual([ACK]);
    expect(results).toMatchObject([{ key: a, next: RETRYING }]);
    expect(writings.map(({ endpoints }) => endpoints.map(({ from }) => from))).toEqual([
      [null],
      ["v2"],
      ["v3"],
    ]);
    expect(readEndpoints).toHaveBeenCalledTimes(2);
  });

  test("is left as it is where these attempts say no more about it", async () => {
    const readEndpoints = reading(endpointOf({ state: "disabled", version: "v2" }));
    const { settlements, writings } = await runBatch({
      keys: [a],
      logs: [logA],
      replace: { attempt: fails, readEndpoints, versions: () => [] },
    });
    expect(settlements).toEqual([ACK]);
    expect(writings.flatMap(({ endpoints }) => endpoints)).toMatchObject([{ from: null }]);
    expect(readEndpoints).toHaveBeenCalledTimes(1);
  });

  test("that recovers has what waited for it released once, after the write that took effect", async () => {
    const scene = { keys: [a], logs: [{ ...logA, endpoint: PROBED }] };
    const degraded = reading(endpointOf({ version: "v2" }));
    const inTheEnd = await runBatch({
      ...scene,
      replace: {
        readEndpoints: degraded,
        versions: ({ endpoints }) => (endpoints[0]?.from === "v2" ? ["id"] : []),
      },
    });
    expect(inTheEnd.order).toEqual([
      ...["read a", "attempt a", "write a", "write"],
      `release 10 at ${logA.url}`,
    ]);
    const byAnother = await runBatch({
      ...scene,
      replace: { readEndpoints: reading(null), versions: () => [] },
    });
    expect(byAnother.order.join()).not.toContain("release");
    expect([...inTheEnd.settlements, ...byAnother.settlements]).toEqual([ACK, ACK]);
  });

  test("and can't be read again takes nothing from what its attempts came to", async () => {
    const { settlements, results, successors } = await runBatch({
      keys: [a],
      logs: [logA],
      replace: { attempt: fails, readEndpoints: away, versions: () => [] },
    });
    expect(settlements).toEqual([ACK]);
    expect(results).toMatchObject([{ key: a, next: RETRYING }]);
    expect(successors).toEqual([{ key: { ...a, attempt: 2 }, delaySeconds: 5 }]);
  });
});

/** A new id each time. */
function ids(): () => string {
  let last = 0;
  return () => `id-${++last}`;
}
