import { describe, expect, test } from "vitest";
import type { AnyLog, Attempt, Endpoint } from "../../src/console/answers.ts";
import { endpointSentence } from "../../src/console/endpoints/state.ts";
import { marksOf, sentenceOf, stateOf, stripWords, textOf } from "../../src/console/log-state.ts";

const NOW = Date.UTC(2026, 10, 26, 12);
const inMs = (ms: number) => new Date(NOW + ms).toISOString();

const attempt = (over: Partial<Attempt> = {}): Attempt => ({
  ...{ sent_at: inMs(-5_000), response_code: 503, response_time: "12ms", send_type: "spawn", attempt: 1 },
  ...{ delivery_id: "dlv_1", error: "http_status", ...over },
});

const log = (over: Partial<AnyLog> = {}): AnyLog => ({
  ...{ call_id: "call-1", user_id: "org_1", event: "call", url: "https://crm.example/hook?x=1" },
  ...{
    created_at: inMs(-10_000),
    metadata: [],
    status: "pending",
    reason: null,
    next_attempt_at: null,
    ...over,
  },
});

const sentence = (over: Partial<AnyLog>) => textOf(sentenceOf(log(over), NOW));
const ok = attempt({ response_code: 200, error: null });

describe("the sentence", () => {
  test("a retry says what was answered, how many attempts are made, and when the next goes", () => {
    const text = sentence({
      ...{
        status: "retrying",
        metadata: [attempt(), attempt({ attempt: 2 })],
        next_attempt_at: inMs(252_000),
      },
    });
    expect(text).toMatch(
      /^crm\.example answered 503 twice\. 2 attempts are made\. The next attempt goes in 4 min 12 s, at \d\d:04:12 [A-Z]+\S*\.$/,
    );
  });

  test("attempts of an earlier delivery are not counted among those of this one", () => {
    const text = sentence({
      status: "retrying",
      metadata: [attempt(), attempt({ attempt: 2 }), attempt({ delivery_id: "dlv_2", send_type: "resend" })],
      next_attempt_at: inMs(5_000),
    });
    expect(text).toMatch(/^crm\.example answered 503\. 1 attempt is made\./);
  });

  test("a delivery says at which try, and how long the answer took", () => {
    expect(sentence({ status: "delivered", metadata: [ok] })).toBe(
      "crm.example answered 200 at the first try, in 12 ms.",
    );
    const later = { ...ok, attempt: 3 };
    expect(sentence({ status: "delivered", metadata: [attempt(), later] })).toBe(
      "crm.example answered 200 at attempt 3, in 12 ms.",
    );
  });

  test("a delivery that was sent again says so, though its first attempt got through", () => {
    const metadata = [attempt(), { ...ok, delivery_id: "dlv_2" }];
    expect(sentence({ status: "delivered", metadata })).toBe(
      "crm.example answered 200 when it was sent again, in 12 ms.",
    );
  });

  test("a call at a failing endpoint says when that is probed", () => {
    const waiting = log({ status: "pending", reason: "endpoint_degraded" });
    expect(textOf(sentenceOf(waiting, NOW, inMs(40_000)))).toMatch(/answers again\. It is probed in 40 s\.$/);
  });

  test.each([
    ["timeout", "crm.example did not answer in time."],
    ["dns", "crm.example has no address."],
    ["tls", "crm.example could not be reached securely."],
  ] as const)("an attempt without an answer (%s) is told in words", (error, text) => {
    const metadata = [attempt({ response_code: null, error })];
    expect(sentence({ status: "failed", reason: "attempts_exhausted", metadata })).toBe(
      `${text} All attempts are used up; nothing more is sent by itself.`,
    );
  });

  test("the same outcome without an answer is counted", () => {
    const metadata = [1, 2].map((number) => attempt({ attempt: number, response_code: null, error: "dns" }));
    expect(sentence({ status: "failed", reason: "attempts_exhausted", metadata })).toMatch(
      /^crm\.example has no address, twice in a row\. /,
    );
  });

  test.each([
    ["endpoint_degraded", /waits and is sent once it answers again\.$/],
    ["endpoint_paused", /waits until somebody enables it\.$/],
    ["org_suspended", /waits until that is lifted\.$/],
  ] as const)("a call that waits (%s) says what for", (reason, end) => {
    expect(sentence({ status: "pending", reason })).toMatch(end);
  });

  test("a held call says until when, one without a URL what can be done", () => {
    expect(sentence({ status: "held", reason: "awaiting_citations", next_attempt_at: inMs(90_000) })).toMatch(
      /^It is held for its citations\. Without them it is sent in 1 min 30 s, at/,
    );
    expect(sentence({ status: "no_webhook", url: null })).toMatch(/can be sent to one now\.$/);
  });
});

describe("the attempt strip", () => {
  test("it has a mark an attempt, a gap between deliveries, and the next one", () => {
    const shown = log({
      metadata: [attempt(), attempt({ delivery_id: "dlv_2" })],
      status: "retrying",
      next_attempt_at: inMs(240_000),
    });
    expect(marksOf(shown)).toEqual(["bad", "gap", "bad", "gap", "next"]);
    expect(stripWords(shown, NOW)).toBe("503, 503, next in 4 min");
  });

  test("a parked call has no time, and says that it waits", () => {
    const shown = log({ metadata: [attempt()], status: "retrying", reason: "endpoint_degraded" });
    expect(marksOf(shown)).toEqual(["bad", "gap", "parked"]);
    expect(stripWords(shown, NOW)).toBe("503, waits for its endpoint");
    expect(stateOf(shown)).toEqual({ kind: "off", word: "Waiting" });
  });
});

test("an endpoint's health is a sentence", () => {
  const settings = {
    ...{ description: null, rate_per_second: null, timeout_seconds: null, retry_schedule: null },
    ...{ signature_header: null, headers: null },
  };
  const endpoint: Endpoint = {
    ...{ url: "https://crm.example/hook", state: "degraded", reason: "failing", waiting: 37, settings },
    ...{ waiting_exact: true, consecutive_failures: 9, failing_since: inMs(-720_000), last_error: "timeout" },
    ...{
      last_success_at: null,
      last_failure_at: inMs(-9_000),
      disabled_at: null,
      next_probe_at: inMs(40_000),
    },
  } as const;
  expect(textOf(endpointSentence(endpoint, NOW))).toBe(
    "failing for 12 min (no answer in time), 37 calls wait, next probe in 40 s",
  );
  expect(
    textOf(endpointSentence({ ...endpoint, state: "paused", waiting: 1_000, waiting_exact: false }, NOW)),
  ).toBe("paused by somebody, over 1,000 calls wait, until it is enabled");
  expect(textOf(endpointSentence({ ...endpoint, state: "active", failing_since: null }, NOW))).toBe(
    "nothing is wrong",
  );
});
