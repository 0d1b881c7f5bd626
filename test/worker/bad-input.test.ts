/** Every refusal at the HTTP boundary: a refused request leaves no row and sends nothing. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import worker from "../../src/index.ts";
import { BAD_REPORTS } from "../support/bad-reports.ts";
import { postStream, request } from "../support/handlers.ts";
import {
  type ApiAnswer,
  call,
  expectRefusal,
  makeOrg,
  newCallId,
  type Org,
  read,
  receiver,
  rowsOf,
} from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const CALLS = "/v1/postcall/calls";
const RESEND = "/v1/postcall/webhooks/resend";
const CREATE = "/v1/postcall/webhooks/create";
const MIB = 1_048_576;

async function expectRefused(answer: ApiAnswer, status: number, error: string, message?: string | RegExp) {
  expectRefusal(answer, status, error, message);
  expect(await rowsOf("webhook_logs", org)).toBe(0);
}

describe("a report is refused", () => {
  test.each(BAD_REPORTS)("with 400 for %s", async (_what, body, message) => {
    await expectRefused(
      await call(org, "POST", CALLS, { body }),
      400,
      "invalid_parameter",
      new RegExp(message),
    );
  });

  test.each([
    ["malformed UTF-8", [0x22, 0xff, 0xfe, 0x22], /not valid UTF-8/],
    ["an overlong encoding", [0x22, 0xc0, 0xaf, 0x22], /not valid UTF-8/],
    ["a surrogate in UTF-8", [0x22, 0xed, 0xa0, 0x80, 0x22], /not valid UTF-8/],
  ])("with 400 for %s", async (_what, bytes, message) => {
    const answer = await call(org, "POST", CALLS, { body: new Uint8Array(bytes) });
    await expectRefused(answer, 400, "invalid_parameter", message);
  });

  test.each([10_000, 100_000])("with 400 for %i levels of nesting", async (depth) => {
    const body = `{"payload":{"call_id":"a","deep":${"[".repeat(depth)}${"]".repeat(depth)}}}`;
    await expectRefused(
      await call(org, "POST", CALLS, { body }),
      400,
      "invalid_parameter",
      /nested too deeply/,
    );
  });

  test("with 400 where the body stops half way", async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"payload":{"call_id":"a"'));
        controller.error(new Error("connection lost"));
      },
    });
    const headers = { authorization: org.key, "content-type": "application/json" };
    const answer = await read(await postStream(`http://postcall.test${CALLS}`, body, headers));
    await expectRefused(answer, 400, "invalid_parameter", /ended before/);
  });

  test("with 413 for one byte over 1 MiB; exactly 1 MiB is taken", async () => {
    const call_id = newCallId();
    const wrap = (filler: string) => JSON.stringify({ call_id, filler });
    const room = MIB - wrap("").length;
    const over = await call(org, "POST", CALLS, { body: `{"payload":${wrap("x".repeat(room + 1))}}` });
    await expectRefused(over, 413, "PAYLOAD_TOO_LARGE", /1048577 bytes/);
    const wide = await call(org, "POST", CALLS, { body: `{"payload":${wrap("é".repeat(room / 2 + 1))}}` });
    await expectRefused(wide, 413, "PAYLOAD_TOO_LARGE");
    const exact = await call(org, "POST", CALLS, { body: ` {"payload": ${wrap("x".repeat(room))} } ` });
    expect(exact.status).toBe(202);
    expect(exact.body.data.payload.filler).toHaveLength(room);
  });

  test("with 413 for a body that can't hold a payload any more, before it is read as JSON", async () => {
    const body = `{"payload":{"call_id":"a"}${" ".repeat(4 * MIB)}}`;
    await expectRefused(await call(org, "POST", CALLS, { body }), 413, "PAYLOAD_TOO_LARGE");
  });

  test("with 413 for a body of unknown length, as soon as it is over the limit", async () => {
    let sent = 0;
    const body = new ReadableStream({
      type: "bytes",
      pull(controller) {
        if (sent++ < 64) controller.enqueue(new Uint8Array(MIB).fill(0x20));
        else controller.close();
      },
    });
    const headers = { authorization: org.key, "content-type": "application/json" };
    const answer = await read(await postStream(`http://postcall.test${CALLS}`, body, headers));
    await expectRefused(answer, 413, "PAYLOAD_TOO_LARGE");
    expect(sent).toBeLessThan(10);
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/jsonx",
    "multipart/form-data; boundary=x",
  ])("with 415 for %s", async (contentType) => {
    const headers = { "content-type": contentType };
    const answer = await call(org, "POST", CALLS, { body: '{"payload":{"call_id":"a"}}', headers });
    await expectRefused(answer, 415, "UNSUPPORTED_MEDIA_TYPE", contentType.split(";")[0]);
  });

  test.each(["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.crm+json"])(
    "but not for the content type %s",
    async (contentType) => {
      const headers = { "content-type": contentType };
      const answer = await call(org, "POST", CALLS, { body: '{"payload":{"call_id":"a"}}', headers });
      expect(answer.status).toBe(202);
    },
  );

  test("but not for a body without a content type, which is read as JSON", async () => {
    const body = new TextEncoder().encode('{"payload":{"call_id":"a"}}');
    const init = { method: "POST", headers: { authorization: org.key }, body };
    const answer = await worker.fetch(
      new Request(`http://postcall.test${CALLS}`, init),
      env,
      createExecutionContext(),
    );
    expect(answer.status).toBe(202);
  });

  test.each([
    ["ftp://crm.example.com/", /scheme/],
    ["javascript:alert(1)", /scheme/],
    ["http://user:secret@127.0.0.1/", /credentials/],
    ["https://user@crm.example.com/", /credentials/],
  ])("with 422 for the webhook %s", async (webhook, message) => {
    const answer = await call(org, "POST", CALLS, { body: { payload: { call_id: "a" }, webhook } });
    await expectRefused(answer, 422, "BLOCKED_URL", message);
  });

  test.each([
    ["http://crm.example.com/", /not https/],
    ["https://127.0.0.1/", /public internet/],
    ["https://[::ffff:10.0.0.1]/", /public internet/],
    ["https://localhost/", /public internet/],
  ])("with 422 for the webhook %s where private targets are not allowed", async (webhook, message) => {
    const deployed = { ...env, ALLOW_PRIVATE_TARGETS: "false" };
    const body = { payload: { call_id: "a" }, webhook };
    await expectRefused(
      await request(deployed, org, { method: "POST", path: CALLS, body }),
      422,
      "BLOCKED_URL",
      message,
    );
  });
});

describe("a resend or create is refused", () => {
  const ids = (count: number) => Array.from({ length: count }, (_, index) => `call-${index}`);

  test.each([
    ["no call_ids", {}, /call_ids must be an array of call ids, and is missing/],
    ["call_ids that are none", { call_ids: "a" }, /call_ids must be an array .* is "a"/],
    ["an empty list", { call_ids: [] }, /at least one call, and is \[\]/],
    ["1,001 calls", { call_ids: ids(1_001) }, /at most 1000 calls/],
    ["an id twice", { call_ids: ["a", "b", "a"] }, /call_ids\[2\] must not repeat an id, and is "a"/],
    ["an id that is none", { call_ids: ["a", "b/c"] }, /call_ids\[1\] .* is "b\/c"/],
    ["an id that is a number", { call_ids: [7] }, /call_ids\[0\] must be a string, and is 7/],
    [
      "an unknown event",
      { call_ids: ["a"], event: "calls" },
      /event must be one of call, citations, and is "calls"/,
    ],
  ])("with 400 for %s", async (_what, body, message) => {
    await expectRefused(await call(org, "POST", RESEND, { body }), 400, "invalid_parameter", message);
  });

  test.each([
    ["no URL", {}, 400, "invalid_parameter", /webhook_url must be a URL, and is missing/],
    [
      "null for a URL",
      { webhook_url: null },
      400,
      "invalid_parameter",
      /webhook_url must be a URL, and is null/,
    ],
    [
      "what is no URL",
      { webhook_url: "crm" },
      400,
      "invalid_parameter",
      /webhook_url must be a URL, and is "crm"/,
    ],
    ["a URL with credentials", { webhook_url: "http://a:b@127.0.0.1/" }, 422, "BLOCKED_URL", /credentials/],
  ])("as a create for %s", async (_what, members, status, error, message) => {
    const answer = await call(org, "POST", CREATE, { body: { call_ids: ["a"], ...members } });
    await expectRefused(answer, status, error, message);
  });

  test("for calls of an event that has no log yet", async () => {
    const crm = await receiver(200);
    const body = { payload: { call_id: "known" }, webhook: crm.url };
    await call(org, "POST", CALLS, { body });
    const answer = await call(org, "POST", RESEND, { body: { call_ids: ["known"], event: "citations" } });
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ call_id: "known", reason: "not_found" }] },
    });
    expect((await call(org, "GET", "/v1/postcall/webhooks/known?event=citations")).status).toBe(404);
    expect((await call(org, "GET", "/v1/postcall/webhooks/known?event=call")).status).toBe(200);
  });
});
