/** The verdict on every outcome of an attempt: statuses, the platform's substitutes for them, and failed fetches. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { classify, readFailure, readStatus } from "../../src/core/classify.ts";
import type { AttemptError } from "../../src/core/webhook-log.ts";
import { entryOf, failureOf, NOW } from "./samples.ts";

const verdictOn = (status: number, response_headers: Record<string, string> = {}) =>
  classify(entryOf({ ...readStatus(status), response_headers }), NOW);

const RETRY = { kind: "retry", retryAfterSeconds: null };

describe("a status", () => {
  test.each([200, 201, 202, 204, 206, 299])("%i is recorded as it is and delivers", (status) => {
    expect(readStatus(status)).toEqual({ response_code: status, error: null });
    expect(verdictOn(status)).toEqual({ kind: "delivered" });
  });

  test.each([300, 301, 302, 303, 304, 307, 308, 399])("%i is a redirect and is retried", (status) => {
    expect(readStatus(status)).toEqual({ response_code: status, error: "redirect" });
    expect(verdictOn(status)).toEqual(RETRY);
  });

  test.each([100, 101, 199, 400, 401, 404, 408, 409, 411, 429, 500, 502, 503, 504, 519, 531, 600, 999])(
    "%i is a failure and is retried",
    (status) => {
      expect(readStatus(status)).toEqual({ response_code: status, error: "http_status" });
      expect(verdictOn(status)).toEqual(RETRY);
    },
  );

  test("410 gives up", () => {
    expect(readStatus(410)).toEqual({ response_code: 410, error: "http_status" });
    expect(verdictOn(410)).toEqual({ kind: "give_up", reason: "gone" });
    expect(verdictOn(410, { "retry-after": "60" })).toEqual({ kind: "give_up", reason: "gone" });
    const cutOff = entryOf({ response_code: 410, error: "timeout" });
    expect(classify(cutOff, NOW)).toEqual({ kind: "give_up", reason: "gone" });
  });

  test.each<[number, AttemptError]>([
    [520, "protocol"],
    [521, "connect"],
    [522, "connect"],
    [523, "connect"],
    [524, "timeout"],
    [525, "tls"],
    [526, "tls"],
    [527, "connect"],
    [528, "protocol"],
    [529, "protocol"],
    [530, "dns"],
  ])("%i is the platform's: no response came, %s", (status, error) => {
    expect(readStatus(status)).toEqual({ response_code: null, error });
    expect(verdictOn(status)).toEqual(RETRY);
  });

  test("delivers where it is 2xx, gives up where it is 410, and is retried everywhere else", () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 999 }), (status) => {
        const expected = status === 410 ? "give_up" : status >= 200 && status < 300 ? "delivered" : "retry";
        expect(verdictOn(status).kind).toBe(expected);
      }),
    );
  });
});

describe("a retry", () => {
  test.each([301, 404, 429, 500, 503, 520])("after %i is as late as the receiver asked for", (status) => {
    expect(verdictOn(status, { "retry-after": "120" })).toEqual({ kind: "retry", retryAfterSeconds: 120 });
    expect(verdictOn(status, { "retry-after": "Thu, 01 Jan 2026 00:02:00 GMT" })).toEqual({
      kind: "retry",
      retryAfterSeconds: 120,
    });
  });

  test("takes a Retry-After that is malformed as none", () => {
    expect(classify(failureOf(429, { "retry-after": "soon" }), NOW)).toEqual(RETRY);
  });

  test.each<AttemptError>([
    "http_status",
    "redirect",
    "timeout",
    "dns",
    "connect",
    "tls",
    "protocol",
    "interrupted",
  ])("follows an attempt without a response that failed with %s", (error) => {
    expect(classify(entryOf({ response_code: null, error }), NOW)).toEqual(RETRY);
  });

  test.each<AttemptError>(["timeout", "protocol"])("follows a 2xx whose body failed with %s", (error) => {
    expect(classify(entryOf({ response_code: 200, error }), NOW)).toEqual(RETRY);
  });
});

describe("a failed fetch", () => {
  const named = (name: string, message = "") => Object.assign(new Error(message), { name });

  test.each(["headers", "body"] as const)("that was aborted during the %s timed out", (phase) => {
    for (const name of ["TimeoutError", "AbortError"]) {
      const error = named(name, "Network connection lost.");
      expect(readFailure({ error, phase, protocol: "https:" })).toBe("timeout");
    }
  });

  test("that broke off within the body is a protocol error, whatever its text", () => {
    const error = new Error("Network connection lost.");
    expect(readFailure({ error, phase: "body", protocol: "https:" })).toBe("protocol");
  });

  test.each([
    { message: "internal error; reference = abc", protocol: "https:", code: "tls" },
    { message: "internal error; reference = abc", protocol: "http:", code: "dns" },
    { message: "DNS lookup failed", protocol: "http:", code: "dns" },
    { message: "Network connection lost.", protocol: "https:", code: "connect" },
    { message: "connect ECONNREFUSED", protocol: "http:", code: "connect" },
    { message: "Header overflow", protocol: "https:", code: "protocol" },
  ])("saying $message over $protocol is $code", ({ message, protocol, code }) => {
    expect(readFailure({ error: new Error(message), phase: "headers", protocol })).toBe(code);
  });

  test("that threw no error is read by its text", () => {
    expect(readFailure({ error: "connection refused", phase: "headers", protocol: "http:" })).toBe("connect");
    expect(readFailure({ error: undefined, phase: "headers", protocol: "http:" })).toBe("protocol");
  });
});
