import { describe, expect, it } from "vitest";
import type { Endpoint, ListedLog, Stats } from "../../src/console/answers.ts";
import { textOf } from "../../src/console/log-state.ts";
import { rangeOf, sinceOf } from "../../src/console/overview/range.ts";
import { failureOf, suspectsOf, troubleSentence } from "../../src/console/overview/trouble.ts";
import { alarmOf, otherWords, overviewSentence, type Seen } from "../../src/console/overview/words.ts";

const NOW = Date.parse("2026-11-26T15:50:00Z");
const CALLS: Stats["calls"] = {
  ...{ total: 100, delivered: 100, failed: 0, disabled: 0 },
  ...{ waiting: 0, retrying: 0, pending: 0, held: 0, no_webhook: 0 },
};
const down = (state: Endpoint["state"], waiting: number, waiting_exact = true) => ({
  state,
  waiting,
  waiting_exact,
});

const sentence = (seen: Partial<Omit<Seen, "stats">> & { stats?: Partial<Seen["stats"]> }): string =>
  textOf(
    overviewSentence({
      ...{ endpoints: [], failing: 0, during: "the last 24 hours", ...seen },
      stats: { calls: CALLS, first_try_rate: 1, overdue: 0, sampled: false, ...seen.stats },
    }),
  );

describe("the overview's sentence", () => {
  it("says that all is well", () => {
    expect(sentence({ stats: { first_try_rate: 0.9967 } })).toBe(
      "All is well: 99.6 % of calls arrive at the first try.",
    );
  });

  it("tells first how many get through, then what is down and that nothing is lost", () => {
    const said = sentence({ stats: { first_try_rate: 0.996 }, endpoints: [down("degraded", 41)] });
    expect(said).toBe(
      "99.6 % of calls arrive at the first try. One endpoint is down; 41 calls wait for it and lose nothing.",
    );
  });

  it("counts several endpoints together, and says over where not all calls are counted", () => {
    const endpoints = [down("degraded", 1_000, false), down("degraded", 2)];
    expect(sentence({ endpoints })).toContain(
      "2 endpoints are down; over 1,002 calls wait for them and lose nothing.",
    );
  });

  it("begins with what is overdue in our own queue", () => {
    const said = sentence({ stats: { overdue: 1 }, endpoints: [down("degraded", 1)] });
    expect(said).toBe(
      "100 % of calls arrive at the first try. 1 call is overdue in our own queue. One endpoint is down; 1 call waits for it and is not lost.",
    );
  });

  it("says of a disabled endpoint that its calls are stopped, and of a paused one who has to act", () => {
    expect(sentence({ endpoints: [down("disabled", 3), down("paused", 2)] })).toContain(
      "One endpoint is disabled; 3 calls are stopped until somebody enables it. One endpoint is paused; 2 calls wait until somebody enables it.",
    );
  });

  it("says that there may be more that fail often where it names as many as it looks for", () => {
    expect(sentence({ failing: 2 })).toContain("2 endpoints fail often.");
    expect(sentence({ failing: 5 })).toContain("5 or more endpoints fail often.");
  });

  it("keeps silent about a paused endpoint for which nothing waits", () => {
    expect(sentence({ endpoints: [down("paused", 0)] })).toMatch(/^All is well/);
  });

  it("does not say that all is well where calls failed or few arrive at the first try", () => {
    expect(sentence({ stats: { calls: { ...CALLS, failed: 14 } } })).toBe(
      "100 % of calls arrive at the first try. 14 calls failed in the end.",
    );
    expect(sentence({ stats: { first_try_rate: 0.5 } })).toBe("50 % of calls arrive at the first try.");
  });

  it("says that nothing was reported, and still what is down", () => {
    const calls = { ...CALLS, total: 0, delivered: 0 };
    expect(sentence({ stats: { calls, first_try_rate: null } })).toBe(
      "Nothing was reported in the last 24 hours.",
    );
    expect(sentence({ stats: { calls, first_try_rate: null }, endpoints: [down("degraded", 0)] })).toBe(
      "Nothing was reported in the last 24 hours. One endpoint is down; no call waits for it.",
    );
  });

  it("says that calls came and none was sent", () => {
    expect(sentence({ stats: { first_try_rate: null } })).toBe(
      "100 calls were reported in the last 24 hours, and none was sent yet.",
    );
  });

  it("marks a sampled share as approximate", () => {
    expect(sentence({ stats: { sampled: true } })).toContain("≈ 100 % of calls");
  });
});

it("alarms without figures that go on with each call", () => {
  expect(alarmOf([down("degraded", 41), down("disabled", 0), down("paused", 7)], 0)).toBe(
    "2 endpoints are down.",
  );
  expect(alarmOf([], 2)).toBe("No endpoint is down. 2 calls are overdue in our own queue.");
});

it("names what the other calls are", () => {
  expect(otherWords({ ...CALLS, waiting: 41, held: 3 })).toBe("41 waiting, 3 held");
});

describe("an active endpoint that fails often", () => {
  const figures = (url: string, attempts: number, failed: number) => ({
    ...{ url, attempts, failed, top_error: "http_status" as const, failing_since: null },
  });
  const newest = (...codes: (number | null)[]): Pick<ListedLog, "metadata">[] =>
    codes.map((response_code) => ({
      metadata: [
        {
          ...{
            sent_at: new Date(NOW).toISOString(),
            response_code,
            response_time: "12ms",
            send_type: "spawn",
          },
          ...{ attempt: 1, delivery_id: "dlv_1", error: response_code === 200 ? null : "http_status" },
        },
      ],
    }));

  it("is looked at if it fails often, unless it is known to be down", () => {
    const all = [figures("a", 14, 14), figures("b", 9, 9), figures("c", 1_000, 20), figures("d", 2, 2)];
    expect(suspectsOf(all, new Set(["b"])).map(({ url }) => url)).toEqual(["a"]);
  });

  it("is no trouble once its newest calls got through", () => {
    expect(failureOf(newest(200, 200))).toBeNull();
    expect(failureOf([{ metadata: [] }])).toBeNull();
    expect(failureOf(newest(404, 200, 404, 500))).toBe("404");
  });

  it("is told with its code, how often, since when and what it may mean", () => {
    const told = { failure: "404", during: "the last 7 days" };
    expect(textOf(troubleSentence({ attempts: 14, failed: 14 }, told))).toBe(
      "all 14 attempts failed in the last 7 days, now with 404: moved?",
    );
    expect(textOf(troubleSentence({ attempts: 1_400, failed: 300 }, { ...told, approx: "≈ " }))).toBe(
      "≈ 300 of 1,400 attempts failed in the last 7 days, now with 404: moved?",
    );
    expect(textOf(troubleSentence({ attempts: 4, failed: 4 }, { ...told, failure: "connect" }))).toBe(
      "all 4 attempts failed in the last 7 days, now with no connection: does it run?",
    );
  });
});

describe("the overview's time", () => {
  it("is a day unless it is one of the others", () => {
    expect([rangeOf(null), rangeOf("7d"), rangeOf("1y")]).toEqual(["24h", "7d", "24h"]);
  });

  it("begins with a whole bucket", () => {
    expect(sinceOf("24h", NOW)).toBe("2026-11-25T15:30:00.000Z");
    expect(sinceOf("7d", NOW)).toBe("2026-11-19T15:00:00.000Z");
    expect(sinceOf("30d", NOW)).toBe("2026-10-27T00:00:00.000Z");
  });
});
