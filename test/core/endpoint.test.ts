/** An endpoint's health over every sequence of outcomes, and which attempts a bad endpoint still gets. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  admit,
  afterOutcomes,
  deferUntil,
  type EndpointHealth,
  endpointEvent,
  probeUntil,
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
      reason: entry.error,
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

  test("a disabled endpoint stays so, whatever was still under way", () => {
    expect(afterOutcomes(endpointOf({ state: "disabled" }), [entryOf(), timeout], NOW)).toBeNull();
  });

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
    admit({
      endpoint: endpointOf(),
      key: keyOf(),
      send_type: "spawn",
      attemptLimit: 10,
      now: NOW,
      ...change,
    });
  const leased = endpointOf({ probe: "another", probe_until: NOW + 1 });

  test.each([
    ["to an endpoint that never failed is sent", { endpoint: null }, "send"],
    ["to an active one is sent", { endpoint: endpointOf({ state: "active" }) }, "send"],
    ["to a disabled one disables its call", { endpoint: endpointOf({ state: "disabled" }) }, "disable"],
    ["to a degraded one may be the probe", {}, "probe"],
    ["is deferred while another is the probe", { endpoint: leased }, "defer"],
    ["may be the probe once the lease is over", { endpoint: leased, now: NOW + 1 }, "probe"],
    [
      "that is the probe is asked for again",
      { endpoint: { ...leased, probe: attemptKeyText(keyOf()) } },
      "send",
    ],
    ["by a manual send is made", { endpoint: leased, send_type: "resend" as const }, "send"],
    ["of a create is sent", { endpoint: leased, send_type: "create" as const }, "send"],
    ["that is the last of its schedule is sent", { endpoint: leased, key: keyOf({ attempt: 10 }) }, "send"],
    [
      "by a manual send to a disabled one disables its call",
      { endpoint: endpointOf({ state: "disabled" }), send_type: "resend" as const },
      "disable",
    ],
    [
      "of an operational webhook is made in any case",
      { endpoint: endpointOf({ state: "disabled" }), key: keyOf({ event: "operational" }) },
      "send",
    ],
  ])("%s", (_name, change, admission) => {
    expect(ask(change)).toBe(admission);
  });

  test("is deferred by five minutes, or by its schedule's step if that is longer", () => {
    expect([undefined, 5_000, 7_200_000].map((stepMs) => deferUntil(NOW, stepMs) - NOW)).toEqual([
      300_000, 300_000, 7_200_000,
    ]);
  });

  test("keeps others off as a probe for its timeout and ten seconds", () => {
    expect(probeUntil(NOW, 15_000) - NOW).toBe(25_000);
  });
});
