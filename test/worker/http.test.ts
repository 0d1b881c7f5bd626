/** Paths, methods and faults of our own at the HTTP boundary. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { request } from "../support/handlers.ts";
import { call, expectRefusal, makeOrg, type Org } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const CALLS = "/v1/postcall/calls";
const RESEND = "/v1/postcall/webhooks/resend";

describe("a path or method", () => {
  test.each([
    "/v1/postcall/webhooks/a%2Fb",
    "/v1/postcall/webhooks/%FF",
    "/v1/postcall/webhooks/a/b",
    "/v1/nothing",
    "/",
  ])("that leads nowhere is answered 404: %s", async (path) => {
    expectRefusal(await call(org, "GET", path), 404, "NOT_FOUND");
  });

  test.each([
    ["GET", CALLS, "POST"],
    ["PUT", RESEND, "POST, GET, HEAD"], // GET, since a call may be named resend
    ["POST", "/healthz", "GET, HEAD"],
    ["POST", "/readyz", "GET, HEAD"],
    ["DELETE", "/v1/postcall/webhooks/any", "GET, HEAD"],
  ])("that does not fit is answered 405: %s %s", async (method, path, allow) => {
    const answer = await call(org, method, path);
    expectRefusal(answer, 405, "METHOD_NOT_ALLOWED", new RegExp(method));
    expect(answer.headers.get("allow")).toBe(allow);
  });

  test("asking for an unknown event is answered 400", async () => {
    const answer = await call(org, "GET", "/v1/postcall/webhooks/any?event=calls");
    expectRefusal(answer, 400, "invalid_parameter", /event must be one of call, citations, and is "calls"/);
  });

  test("/healthz is answered 200 without a key and without storage", async () => {
    const DB = undefined as unknown as D1Database;
    expect(await request({ ...env, DB }, { key: "" }, { path: "/healthz" })).toMatchObject({ status: 200 });
  });
});

describe("trouble of our own", () => {
  const databaseThatFails = (message: string) =>
    ({
      prepare: () => ({ bind: () => ({ first: () => Promise.reject(new Error(message)) }) }),
    }) as unknown as D1Database;

  test.each([
    "D1_ERROR: Network connection lost.",
    "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
  ])("with the record away is answered 503 with Retry-After: %s", async (message) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const answer = await request({ ...env, DB: databaseThatFails(message) }, org, {
      path: "/v1/postcall/webhooks/a",
    });
    expectRefusal(answer, 503, "UNAVAILABLE");
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(warn).toHaveBeenCalledOnce();
  });

  test("is answered 500 with a request_id that is in the log, and without a stack", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const DB = databaseThatFails("D1_ERROR: no such column: nope: SQLITE_ERROR");
    const answer = await request({ ...env, DB }, { key: "pc_unseen" }, { path: "/v1/postcall/webhooks/a" });
    expectRefusal(answer, 500, "INTERNAL_SERVER_ERROR");
    expect(answer.text).not.toContain("nope");
    expect(error.mock.calls.flat().join()).toContain(answer.body.errors[0].request_id);
  });

  test("a variable that is unusable is answered 500 by its name, whatever was asked for", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const answer = await request({ ...env, RETRY_SCHEDULE: "soon" }, org, { path: "/healthz" });
    expectRefusal(answer, 500, "INTERNAL_SERVER_ERROR", /RETRY_SCHEDULE .* "soon"/);
  });
});
