/** The soak's accounts find each way to lose a call, and each contradiction. */
import { describe, expect, test } from "vitest";
import { type Accepted, account, type Log } from "../bench/account.ts";

const attempt = (number: number, response_code: number | null = 200) => ({
  delivery_id: "dlv",
  attempt: number,
  response_code,
});

const delivered = (change: Partial<Log> = {}): Accepted => ({
  call_id: "a",
  ends: "delivered",
  log: { call_id: "a", status: "delivered", metadata: [attempt(1)], ...change },
});

const WELL = { accepted: 1, delivered: 1, failed: 0, lost: [], duplicates: 0, unaccounted: [] };

describe("a call", () => {
  test("that arrived and is recorded as delivered is well", () => {
    expect(account([delivered()], { "a/dlv/1": 1 })).toEqual(WELL);
  });

  test("that is recorded as failed after each attempt arrived is well, where it had to fail", () => {
    const metadata = [attempt(1, 500), attempt(2, 500)];
    const call: Accepted = { ...delivered({ status: "failed", metadata }), ends: "failed" };
    const arrivals = { "a/dlv/1": 1, "a/dlv/2": 1 };
    expect(account([call], arrivals)).toEqual({ ...WELL, delivered: 0, failed: 1 });
    expect(account([{ ...call, ends: "delivered" }], arrivals).unaccounted).toEqual([
      "a is failed and had to be delivered",
    ]);
  });

  test.each([
    ["has no log", { ...delivered(), log: null }, { "a/dlv/1": 1 }],
    ["is still pending", delivered({ status: "pending", metadata: [] }), {}],
    ["is still retrying", delivered({ status: "retrying", metadata: [attempt(1, 500)] }), { "a/dlv/1": 1 }],
    ["is recorded as delivered and never arrived", delivered(), {}],
  ])("that %s is lost", (_name, call, arrivals: Record<string, number>) => {
    expect(account([call], arrivals).lost).toEqual(["a"]);
  });

  test.each([
    ["of another status", delivered({ status: "disabled" }), "a is disabled and had to be delivered"],
    [
      "with an attempt twice in its log",
      delivered({ metadata: [attempt(1), attempt(1)] }),
      "a has an attempt twice in its log",
    ],
    [
      "with an answered attempt that never arrived",
      delivered({ metadata: [attempt(1), attempt(2)] }),
      "a/dlv/2 is recorded as answered 200 and never arrived",
    ],
  ])("%s is unaccounted for", (_name, call, sentence) => {
    expect(account([call], { "a/dlv/1": 1 }).unaccounted).toEqual([sentence]);
  });

  test("that was never accepted and arrives is unaccounted for", () => {
    expect(account([delivered()], { "a/dlv/1": 1, "b/dlv/1": 1 }).unaccounted).toEqual([
      "b/dlv/1 arrived and was never accepted",
    ]);
  });
});

test("arrivals beyond one for each recorded attempt are duplicates, also those of an attempt cut off on our side", () => {
  expect(account([delivered()], { "a/dlv/1": 3 }).duplicates).toBe(2);
  const cutOff = delivered({ metadata: [attempt(1, null), attempt(2)] });
  expect(account([cutOff], { "a/dlv/2": 1 })).toEqual(WELL);
  expect(account([cutOff], { "a/dlv/1": 2, "a/dlv/2": 1 }).duplicates).toBe(1);
});
