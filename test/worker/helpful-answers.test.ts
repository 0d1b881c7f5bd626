/** Refusals say what was probably meant, and every answer has an id that is in the logs. */

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { request } from "../support/handlers.ts";
import { call, expectRefusal, makeOrg, type Org, rowsOf } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const CALLS = "/v1/postcall/calls";
const RESEND = "/v1/postcall/webhooks/resend";
const payload = { call_id: "a" };

describe("a name that is not known is refused, with the nearest that is", () => {
  test.each([
    [
      "POST",
      CALLS,
      { payload, webhookUrl: "https://crm.example" },
      '"webhookUrl" (did you mean "webhook"?)',
      "webhookUrl",
    ],
    [
      "POST",
      CALLS,
      { payload, webhook_event: [] },
      '"webhook_event" (did you mean "webhook_events"?)',
      "webhook_event",
    ],
    ["POST", CALLS, { payload, zzz: 1 }, '"zzz".', "zzz"],
    ["POST", RESEND, { callIds: ["a"] }, '"callIds" (did you mean "call_ids"?)', "callIds"],
    ["POST", RESEND, { call_ids: ["a"], reason: "x" }, '"reason".', "reason"],
    [
      "PATCH",
      "/v1/org",
      { citation_timeout: 5 },
      '"citation_timeout" (did you mean "citations_timeout_seconds"?)',
      "citation_timeout",
    ],
    [
      "PATCH",
      "/v1/inboxes/x",
      { respond: { delay: 5 } },
      '"delay" (did you mean "delay_ms"?)',
      "respond.delay",
    ],
  ])("%s %s %j", async (method, path, body, message, field) => {
    const answer = await call(org, method, path, { body });
    expect(answer.status).toBe(400);
    const errors = answer.body.errors.filter((error: { message: string }) =>
      error.message.includes("not known"),
    );
    expect(errors).toMatchObject([{ error: "invalid_parameter", field }]);
    expect(errors[0].message).toContain(message);
    expect(await rowsOf("webhook_logs", org)).toBe(0);
  });

  test.each([
    ["/v1/postcall/webhooks/a?evnt=call", 'not known: "evnt" (did you mean "event"?).', "evnt"],
    ["/v1/org?verbose=1&x=2", 'not known: "verbose", "x".', "verbose"],
    ["/v1/inboxes/x/requests?page=2", 'not known: "page".', "page"],
  ])("GET %s", async (path, message, field) => {
    const answer = await call(org, "GET", path);
    expectRefusal(answer, 400, "invalid_parameter", message);
    expect(answer.body.errors[0].field).toBe(field);
  });

  test("only so many are named, each only so far", async () => {
    const names = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`${"x".repeat(90)}${n}`, 1]));
    const answer = await call(org, "POST", CALLS, { body: { payload, ...names } });
    expectRefusal(answer, 400, "invalid_parameter", "and 4990 more");
    expect(answer.text.length).toBeLessThan(1_500);
  });
});

describe("a value that is too long is described by its length", () => {
  test.each([
    [
      "POST",
      RESEND,
      { call_ids: Array.from({ length: 1_001 }, (_, n) => `c${n}`) },
      "call_ids must name at most 1000 calls, and has 1001.",
    ],
    [
      "POST",
      CALLS,
      { payload, webhook_events: Array(125_000).fill("call") },
      "webhook_events must name at most 9 events, and has 125000.",
    ],
    [
      "POST",
      `${CALLS}/a/citations`,
      { citations: Array(100_001).fill(0) },
      "citations must have at most 100000 elements, and has 100001.",
    ],
  ])("%s %s", async (method, path, body, message) => {
    const answer = await call(org, method, path, { body });
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ error: "invalid_parameter", message }] },
    });
    expect(answer.body.errors).toHaveLength(1);
  });

  test("a body that can't need so many elements is not parsed at all", async () => {
    const call_ids = Array.from({ length: 20_000 }, (_, n) => String((n + 1) * 131_072));
    const answer = await call(org, "POST", RESEND, { body: { call_ids } });
    expectRefusal(answer, 400, "invalid_parameter", "The body has more than 2000 elements and members");
    const respond = { body: ",".repeat(65_536) };
    expect((await call(org, "PATCH", "/v1/inboxes/x", { body: { respond } })).status).toBe(404);
  });

  test("of 30,000 configured headers none is looked at", async () => {
    const headers = Object.fromEntries(Array.from({ length: 30_000 }, (_, n) => [String(n * 131_072), "x"]));
    const answer = await call(org, "PATCH", "/v1/inboxes/x", { body: { respond: { headers } } });
    expect(answer.body.errors).toHaveLength(1);
    expectRefusal(answer, 400, "invalid_parameter", "at most 32 texts");
  });
});

test("an error about one field names it", async () => {
  const answer = await call(org, "POST", CALLS, { body: { payload: { call_id: 7 }, webhook: 1 } });
  expect(answer.body.errors).toMatchObject([{ field: "payload.call_id" }, { field: "webhook" }]);
});

test.each([
  ["example.com/hook", 400, "invalid_parameter"],
  ["crm.example:8443/x?y=1", 422, "BLOCKED_URL"],
])("a URL without a scheme is refused with the advice to add it: %s", async (webhook, status, error) => {
  const answer = await call(org, "POST", CALLS, { body: { payload, webhook } });
  expectRefusal(answer, status, error, `Add https:// before it.`);
  expect(answer.body.errors[0].field).toBe("webhook");
});

test("a URL with credentials is refused without repeating them", async () => {
  const webhook = `https://user:${"pw".repeat(200)}@crm.example/`;
  const answer = await call(org, "POST", CALLS, { body: { payload, webhook } });
  expectRefusal(answer, 422, "BLOCKED_URL", /"https:\/\/•••@crm\.example\/" .*it carries credentials/);
});

describe("a path that is nearly right", () => {
  test("with a slash at its end is answered with the right path", async () => {
    expectRefusal(
      await call(org, "GET", "/v1/org/"),
      404,
      "NOT_FOUND",
      "Leave out the slash at its end: /v1/org.",
    );
    expect((await call(org, "GET", "/v1/orgs/")).body.errors[0].message).toBe(
      "There is nothing at /v1/orgs/.",
    );
  });

  test.each(["resend", "create", "test"])("as GET .../%s is answered with the hint to POST", async (name) => {
    const answer = await call(org, "GET", `/v1/postcall/webhooks/${name}`);
    expectRefusal(answer, 404, "NOT_FOUND", "POST to this path");
  });
});

describe("x-request-id", () => {
  test.each([
    ["an answer", "GET", "/v1/org", 200],
    ["a refusal", "GET", "/v1/postcall/webhooks/none", 404],
    ["no path", "GET", "/nothing", 404],
    ["an inbox", "POST", "/inbox/none", 404],
    ["health", "GET", "/healthz", 200],
  ])("is on every answer: %s", async (_what, method, path, status) => {
    const answer = await call(org, method, path, { headers: { "x-request-id": "trace-1:a.b_C" } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get("x-request-id")).toBe("trace-1:a.b_C");
    const own = (await call(org, method, path)).headers.get("x-request-id");
    expect(own).toMatch(/^[0-9a-f-]{36}$/);
  });

  test.each(["", "with space", "é", "x".repeat(129)])(
    "is a new one where the request's is unusable: %j",
    async (id) => {
      const answer = await call(org, "GET", "/healthz", {
        headers: { "x-request-id": encodeURI(id) === id ? id : "a b" },
      });
      expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  test("is what a fault is logged under", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    const broken = { ...env, PUBLIC_URL: "nowhere" };
    const headers = { "x-request-id": "trace-2" };
    const answer = await request(broken, org, { method: "GET", path: "/v1/org", headers });
    expect(answer.status).toBe(500);
    expect(answer.body.errors[0].request_id).toBe("trace-2");
    expect(String(log.mock.calls[0]?.[0])).toContain('"request_id":"trace-2"');
    log.mockRestore();
  });
});
