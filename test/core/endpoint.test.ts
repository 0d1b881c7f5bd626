/** An endpoint's health over every sequence of outcomes, and which attempts a bad endpoint still gets. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  admit,
  afterOutcomes,
  type EndpointHealth,
  type EndpointState,
  endpointEvent,
  shownState,
  waking,
} from "../../src/core/endpoint.ts";
import type { AttemptEntry } from "../../src/core/webhook-log.ts";
import { attemptKeyText } from "../../src/core/webhook-log.ts";
import { endpointOf, entryOf, failureOf, keyOf, NOW } from "./samples.ts";

const timeout = entryOf({ response_code: null, error: "timeout" });

/** The health after each of these batches in turn, a second apart. */
const healthAfter = (...batches: AttemptEntry[][]): EndpointHealth | null =>
  batches.reduce<EndpointHealth | null>((health, entries, second) => {
    const now = NOW + second * 1_000;
    return (
      afterOutcomes(
        health,
        entries.map((entry) => ({ ...entry, sent_at: now })),
        now,
      ) ?? health
    );
  }, null);

describe("health", () => {
  test.each([
    ["a timeout", timeout],
    ["a refused connection", entryOf({ response_code: null, error: "connect" })],
    ["a name that does not resolve", entryOf({ response_code: null, error: "dns" })],
    ["broken TLS", entryOf({ response_code: null, error: "tls" })],
    ["garbage", entryOf({ response_code: null, error: "protocol" })],
    ["a 2xx whose body never ended", entryOf({ error: "timeout" })],
    ["500", failureOf(500)],
    ["504", failureOf(504)],
  ])("%s five times in a row degrades", (_name, entry) => {
    expect(healthAfter([entry], [entry], [entry], [entry])?.state).toBe("active");
    expect(healthAfter([entry, entry], [entry, entry, entry])).toMatchObject({
      state: "degraded",
      reason: "failing",
      last_error: entry.error,
      consecutive_failures: 5,
    });
  });

  test("trouble of our own, at the resolver or in the middle of an attempt, says nothing of it", () => {
    const ours = [
      entryOf({ response_code: null, error: "resolver" }),
      entryOf({ response_code: null, error: "interrupted" }),
    ];
    expect(healthAfter(ours, ours, ours, ours)).toBeNull();
    expect(healthAfter([timeout, timeout, timeout, timeout], ours)?.consecutive_failures).toBe(4);
  });

  test.each([
    ["400", failureOf(400)],
    ["429", failureOf(429)],
    ["a redirect", entryOf({ response_code: 302, error: "redirect" })],
    ["a blocked URL", entryOf({ response_code: null, error: "blocked_url" })],
  ])("%s degrades nothing, and is no success either", (_name, entry) => {
    const failing = [timeout, timeout, timeout, timeout];
    expect(healthAfter(failing, [entry])).toMatchObject({ state: "active", consecutive_failures: 4 });
    expect(healthAfter(failing, [entry], [timeout])?.state).toBe("degraded");
  });

  test("an attempt cut off on our side says nothing", () => {
    expect(healthAfter([entryOf({ response_code: null, error: "interrupted" })])).toBeNull();
  });

  test("is degraded again only by five failures after a recovery", () => {
    const failing = [timeout, timeout, timeout, timeout, timeout];
    expect(healthAfter(failing, [entryOf()])).toMatchObject({
      state: "active",
      reason: null,
      consecutive_failures: 0,
      recovered_at: NOW + 1_000,
      last_success_at: NOW + 1_000,
    });
    expect(healthAfter(failing, [entryOf()], failing.slice(1))?.state).toBe("active");
    expect(healthAfter(failing, [entryOf()], failing)?.state).toBe("degraded");
  });

  test("410 disables at once, beside a success too, but not where it was sent before the last recovery", () => {
    expect(healthAfter([failureOf(410), entryOf()])).toMatchObject({
      state: "disabled",
      reason: "gone",
      disabled_at: NOW,
    });
    const enabled = endpointOf({ state: "active", recovered_at: NOW + 1 });
    expect(afterOutcomes(enabled, [failureOf(410)], NOW + 5)).toBeNull();
  });

  test.each([
    { first: 5, last: 4.6, state: "active" }, // all within 12 h
    { first: 5, last: 4.4, state: "disabled" },
    { first: 4.9, last: 4, state: "active" },
  ])(
    "five days of failures disable: the first $first, the last $last days ago → $state",
    ({ first, last, state }) => {
      const day = 86_400_000;
      const [first_failure_at, last_failure_at] = [NOW - first * day, NOW - last * day];
      const before = endpointOf({
        state: "active",
        consecutive_failures: 0,
        first_failure_at,
        last_failure_at,
      });
      expect(afterOutcomes(before, [failureOf(404)], NOW)?.state).toBe(state);
    },
  );

  test.each(["disabled", "paused"] as const)(
    "a %s endpoint stays so, whatever was still under way",
    (state) => {
      expect(afterOutcomes(endpointOf({ state }), [entryOf(), timeout, failureOf(410)], NOW)).toBeNull();
    },
  );

  test("healthy traffic has nothing to write, and each change has its event", () => {
    const someEntry = fc.constantFrom(entryOf(), timeout, failureOf(500), failureOf(404), failureOf(410));
    fc.assert(
      fc.property(
        fc.array(fc.array(someEntry, { minLength: 1, maxLength: 6 }), { maxLength: 12 }),
        (batches) => {
          let health: EndpointHealth | null = null;
          let failures = 0;
          for (const [second, batch] of batches.entries()) {
            const now = NOW + second * 1_000;
            const entries = batch.map((entry) => ({ ...entry, sent_at: now }));
            const next = afterOutcomes(health, entries, now);
            const isFine = entries.every(({ error }) => error === null);
            if (isFine && (health === null || health.first_failure_at === null)) expect(next).toBeNull();
            const wasDisabled: boolean = health?.state === "disabled";
            const succeeded = entries.some(({ error }) => error === null);
            failures = succeeded
              ? 0
              : failures + entries.filter((e) => e === timeout || (e.response_code ?? 500) >= 500).length;
            if (!wasDisabled && entries.some(({ response_code }) => response_code === 410)) {
              expect(next?.state).toBe("disabled");
            } else if (!wasDisabled && !succeeded) {
              expect((next ?? health)?.state ?? "active").toBe(failures >= 5 ? "degraded" : "active");
            }
            if (next === null) continue;
            expect(endpointEvent(health, next) !== null).toBe((health?.state ?? "active") !== next.state);
            health = next;
          }
        },
      ),
    );
  });
});

describe("a due attempt", () => {
  const ask = (change: Partial<Parameters<typeof admit>[0]>) =>
    admit({ endpoint: endpointOf(), key: keyOf(), send_type: "spawn", is_suspended: 0, ...change });
  const probed = endpointOf({ probe: attemptKeyText(keyOf()) });
  const paused = endpointOf({ ...probed, state: "paused" });
  const disabled = endpointOf({ ...probed, state: "disabled" });
  const byHand = { send_type: "resend" as const };
  const retry = { key: keyOf({ attempt: 2 }) };

  test.each([
    ["to an endpoint that never failed is made", { endpoint: null }, "send"],
    ["to an active one is made", { endpoint: endpointOf({ state: "active" }) }, "send"],
    ["to a degraded one parks its call", {}, "park"],
    ["to a degraded one is made as its probe", { endpoint: probed }, "send"],
    ["is no probe if it is the call's next one", { endpoint: probed, ...retry }, "park"],
    ["of a resend to a degraded one is made", byHand, "send"],
    ["of a create to a degraded one is made", { send_type: "create" as const }, "send"],
    ["of a resend's retry to a degraded one parks its call", { ...byHand, ...retry }, "park"],
    ["to a paused one parks its call, a probe's too", { endpoint: paused }, "park"],
    ["of a resend to a paused one is made", { endpoint: paused, ...byHand }, "send"],
    ["to a disabled one parks its call", { endpoint: disabled }, "park"],
    ["of a resend to a disabled one parks its call", { endpoint: disabled, ...byHand }, "park"],
    [
      "of an operational webhook is made in any case",
      { endpoint: disabled, key: keyOf({ event: "operational" }) },
      "send",
    ],
    ["of a test is made in any case", { endpoint: disabled, is_test: 1 as const }, "send"],
  ])("%s", (_name, change, admission) => {
    expect(ask(change)).toBe(admission);
    expect(ask({ ...change, is_suspended: 1 })).toBe("park");
  });
});

describe("an endpoint that wakes", () => {
  const wakeAs = (state: "active" | "degraded", probes: number, timeoutMs = 15_000) =>
    waking({ state, probes, timeoutMs, now: NOW });

  test("while degraded is probed, and wakes again after 30 s, 1, 2, 5 min, and every 5 min", () => {
    const waits = [0, 1, 2, 3, 4, 50].map((probes) => (wakeAs("degraded", probes).wake_at - NOW) / 1_000);
    expect(waits).toEqual([30, 60, 120, 300, 300, 300]);
    expect(wakeAs("degraded", 3)).toMatchObject({ kind: "probe", probes: 4 });
  });

  test("is not probed again before its probe must have come to an end", () => {
    expect(wakeAs("degraded", 0, 30_000)).toMatchObject({
      probe_until: NOW + 40_000,
      wake_at: NOW + 40_000,
    });
  });

  test("while active releases ten calls every ten seconds", () => {
    expect(wakeAs("active", 0)).toEqual({ kind: "release", limit: 10, wake_at: NOW + 10_000 });
  });
});

describe("a log is shown", () => {
  const shown = (
    parked: number | null,
    endpoint_state: EndpointState | null,
    attempts = 0,
    reason?: string,
  ) => shownState({ status: "delivered", reason: reason ?? null, attempts, parked, endpoint_state });

  test.each([
    ["as it is where it is not parked", shown(null, "disabled"), "delivered", null],
    ["as disabled with its endpoint", shown(1, "disabled"), "disabled", "endpoint_disabled"],
    ["as pending while its endpoint is degraded", shown(1, "degraded"), "pending", "endpoint_degraded"],
    ["as retrying once it was attempted", shown(1, "degraded", 2), "retrying", "endpoint_degraded"],
    ["with its endpoint's pause", shown(1, "paused"), "pending", "endpoint_paused"],
    [
      "as waiting for its turn once its endpoint is active",
      shown(1, "active"),
      "pending",
      "endpoint_degraded",
    ],
    ...(["active", null] as const).map(
      (state) =>
        [
          "as parked with its org until its turn has come",
          ...[shown(1, state, 2, "org_suspended"), "retrying", "org_suspended"],
        ] as const,
    ),
    [
      "with its endpoint's reason if that is not active, whatever parked it",
      ...([shown(1, "degraded", 0, "org_suspended"), "pending", "endpoint_degraded"] as const),
    ],
  ] as const)("%s", (_name, state, status, reason) => {
    expect(state).toEqual({ status, reason });
  });
});
