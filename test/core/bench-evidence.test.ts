/** The benchmark prints no figures if a count is missing or impossible, a call is lost, or one is sent too often. */
import { describe, expect, test } from "vitest";
import {
  demandArrivals,
  demandAtLeast,
  demandFinite,
  demandIdle,
  meteredOf,
  nothing,
  sum,
  type Usage,
} from "../bench/evidence.ts";

const counted = (change: Partial<Usage> = {}): Usage => ({ ...nothing(), rows_read: 12, ...change });
const answer = (steps: unknown, cron: unknown = counted()) => JSON.parse(JSON.stringify({ steps, cron }));

describe("an answer of the meter", () => {
  test("with every count is taken as it is", () => {
    expect(meteredOf(answer(counted({ rows_written: 5 })))).toEqual({
      steps: counted({ rows_written: 5 }),
      cron: counted(),
    });
  });

  test.each(Object.keys(nothing()))("without %s is refused by its name", (name) => {
    const missing = `the count of ${name} by the steps is missing: it is`;
    expect(() => meteredOf(answer({ ...counted(), [name]: undefined }))).toThrow(`${missing} undefined`);
    expect(() => meteredOf(answer({ ...counted(), [name]: Number.NaN }))).toThrow(`${missing} null`);
    expect(() => meteredOf(answer({ ...counted(), [name]: "5" }))).toThrow(`${missing} 5`);
  });

  test.each([[null], [{}], [{ steps: counted() }], [{ cron: counted() }]])(
    "that is %j is refused",
    (given) => {
      expect(() => meteredOf(given)).toThrow(/^the count of rows_read by the (steps|cron) is missing/);
    },
  );
});

test("a figure that is no finite number is refused by its name", () => {
  expect(demandFinite("CPU time", 3.8)).toBe(3.8);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, null, undefined])
    expect(() => demandFinite("CPU time", value)).toThrow(`the CPU time is missing: it is ${value}`);
});

test("two counts add up by name", () => {
  expect(sum(counted(), counted({ object_ms: 2 }))).toEqual(counted({ rows_read: 24, object_ms: 2 }));
});

test("less than a step must have used is refused, and as much is taken", () => {
  expect(() => demandAtLeast("get", counted(), { rows_read: 12 })).not.toThrow();
  expect(() => demandAtLeast("get", counted(), { rows_read: 13, messages: 0 })).toThrow(
    "get: 12 rows_read were counted, and must be at least 13",
  );
  expect(() => demandAtLeast("get", nothing(), { worker_requests: 1 })).toThrow("0 worker_requests");
});

test("a cron that enqueued anything is refused, and one that walked and wrote where it is is taken", () => {
  expect(() => demandIdle(counted())).not.toThrow();
  expect(() => demandIdle(counted({ messages: 1 }))).toThrow("the cron sent 1 messages");
  expect(() => demandIdle(counted({ rows_written: 4 }))).not.toThrow();
});

describe("calls that", () => {
  const arrivals = { a: [1], b: [1, 2] };

  test("arrived as often as they had to are taken", () => {
    expect(() => demandArrivals({ a: [1] }, ["a"])).not.toThrow();
    expect(() => demandArrivals(arrivals, ["a", "b"], 1)).not.toThrow();
  });

  test.each([
    ["never arrived", {}, ["a"], 0, "a arrived 0 times"],
    ["were sent twice", arrivals, ["a", "b"], 0, "b arrived 2 times"],
    ["were retried twice", { b: [1, 2, 3] }, ["b"], 1, "b arrived 3 times"],
    ["were not expected", arrivals, ["a"], 1, "b arrived 2 times"],
    ["were to be retried and were not", arrivals, ["a", "b"], 2, "1 calls arrived twice, and 2 had to"],
  ])("%s are refused", (_name, given: Record<string, number[]>, callIds, retried, sentence) => {
    expect(() => demandArrivals(given, callIds, retried)).toThrow(sentence);
  });
});
