/** Inboxes at the Worker's boundary: what they keep, what they answer, and who may look. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { inboxObject } from "../../src/inbox/object.ts";
import { postStream } from "../support/handlers.ts";
import { REFUSED_RESPONSES } from "../support/inbox-responses.ts";
import { configure, HARMLESS, harm, makeInbox, requestsOf, send } from "../support/inboxes.ts";
import { call, expectRefusal, makeKey, makeOrg, type Org, read } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

describe("an inbox", () => {
  test("is made with an address of its own and seven days to live", async () => {
    const { id, url, expires_at } = await makeInbox(org);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(url).toBe(`${env.PUBLIC_URL}/inbox/${id}`);
    expect(Math.abs(Date.parse(expires_at) - Date.now() - 7 * 86_400_000)).toBeLessThan(60_000);
    expect((await makeInbox(org)).id).not.toBe(id);
  });

  test("keeps a request as it came, below its address too, and answers 200 {}", async () => {
    const { id, url } = await makeInbox(org);
    const init = { method: "PUT", body: "a=☎", headers: { "x-mine": "1", cookie: "session=secret" } };
    const answer = await send(`${url}/below/%2e?token=x&y=`, init);
    expect([answer.status, await answer.text(), answer.headers.get("content-type")]).toEqual([
      200,
      "{}",
      "application/json",
    ]);
    expect(harm(answer)).toEqual(HARMLESS);
    const page = await requestsOf(org, id);
    expect(page).toEqual({
      data: [
        {
          id: "1",
          received_at: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
          method: "PUT",
          path: `/inbox/${id}/below/`,
          query: "token=x&y=",
          headers: expect.objectContaining({ "x-mine": "1" }),
          body: "a=☎",
          body_encoding: "utf-8",
          truncated: false,
          signature: "absent",
        },
      ],
      next_cursor: null,
      errors: null,
    });
    expect(page.data[0].headers).not.toHaveProperty("cookie");
  });

  test("takes any method, with and without a body", async () => {
    const { id, url } = await makeInbox(org);
    const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"];
    for (const method of methods) {
      const answer = await send(url, { method });
      expect([method, answer.status]).toEqual([method, 200]);
      expect(harm(answer)).toEqual(HARMLESS);
      await answer.text();
    }
    const { data } = await requestsOf(org, id);
    expect(data.map(({ method }: { method: string }) => method).reverse()).toEqual(methods);
  });

  test("shows bytes that are no text in base64", async () => {
    const { id, url } = await makeInbox(org);
    const bytes = Uint8Array.from({ length: 40_000 }, (_, index) => index % 256);
    await send(url, { body: bytes });
    const [request] = (await requestsOf(org, id)).data;
    expect(request.body_encoding).toBe("base64");
    expect(Uint8Array.from(atob(request.body), (one) => one.charCodeAt(0))).toEqual(bytes);
  });

  test("keeps 262,144 bytes of a body, and says that it went on", async () => {
    const { id, url } = await makeInbox(org);
    const whole = "☎".repeat(87_381); // 262,143 bytes
    await send(url, { body: `${whole}a` });
    await send(url, { body: `${whole}☎☎` });
    const { data } = await requestsOf(org, id);
    expect(data[1]).toMatchObject({ truncated: false, body: `${whole}a` });
    expect(data[0]).toMatchObject({ truncated: true, body: whole, body_encoding: "utf-8" });
  });

  test.each([
    ["is not signed", {}],
    ["can't be genuine", { "x-webhook-signature": "00" }],
  ])("reads no more of a body than it keeps where it %s", async (_what, headers) => {
    const { id, url } = await makeInbox(org);
    let pulled = 0;
    const body = new ReadableStream({
      pull: (controller) => {
        pulled += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(97));
      },
    });
    expect((await send(url, { body, headers })).status).toBe(200);
    expect(pulled).toBeLessThan(800_000);
    expect((await requestsOf(org, id)).data[0]).toMatchObject({ truncated: true, body: "a".repeat(262_144) });
  });

  test("takes a body of no bytes at all", async () => {
    const { id, url } = await makeInbox(org);
    for (const headers of [{}, { "content-length": "0" }]) {
      const body = new ReadableStream({ type: "bytes", start: (controller) => controller.close() });
      expect((await postStream(url, body, headers)).status).toBe(200);
    }
    expect((await requestsOf(org, id)).data).toMatchObject([{ body: "" }, { body: "" }]);
  });

  test("refuses a body that is cut off, keeps nothing of it, and takes it for no trouble of ours", async () => {
    const { id, url } = await makeInbox(org);
    const printed = vi.spyOn(console, "error");
    const body = new ReadableStream({
      type: "bytes",
      start(controller) {
        controller.enqueue(new TextEncoder().encode("half"));
        controller.error(new Error("Network connection lost."));
      },
    });
    const answer = await read(await postStream(url, body));
    expectRefusal(answer, 400, "invalid_parameter", /ended before/);
    expect((await requestsOf(org, id)).data).toEqual([]);
    expect(printed).not.toHaveBeenCalled();
  });

  test("pages from the newest to the oldest, and each request is there once", async () => {
    const { id, url } = await makeInbox(org);
    for (const body of ["1", "2", "3", "4", "5"]) await send(url, { body });
    const first = await requestsOf(org, id, "?limit=2");
    const second = await requestsOf(org, id, `?limit=2&cursor=${first.next_cursor}`);
    const third = await requestsOf(org, id, `?limit=2&cursor=${second.next_cursor}`);
    expect([first, second, third].map(({ data }) => data.map(({ body }: { body: string }) => body))).toEqual([
      ["5", "4"],
      ["3", "2"],
      ["1"],
    ]);
    expect(third.next_cursor).toBeNull();
  });

  test("is gone with all it kept when its time is over", async () => {
    const { id, url } = await makeInbox(org);
    await send(url);
    const object = inboxObject(env.INBOXES, id);
    if (object === null) throw new Error("it was made");
    expect(await runDurableObjectAlarm(object)).toBe(true);
    const answer = await send(url);
    expect(answer.status).toBe(404);
    expectRefusal(await call(org, "GET", `/v1/inboxes/${id}/requests`), 404, "NOT_FOUND");
    expectRefusal(await configure(org, id, {}), 404, "NOT_FOUND");
  });
});

describe("a configured response", () => {
  test("is given from then on, until another is configured", async () => {
    const { id, url } = await makeInbox(org);
    const respond = { status: 503, delay_ms: 300, headers: { "Retry-After": "2" }, body: "later" };
    expect((await configure(org, id, respond)).body.data.respond).toEqual({
      ...respond,
      headers: { "retry-after": "2" },
    });
    const started = Date.now();
    const answer = await send(url);
    expect([answer.status, answer.headers.get("retry-after"), await answer.text()]).toEqual([
      503,
      "2",
      "later",
    ]);
    expect(Date.now() - started).toBeGreaterThanOrEqual(290);
    await configure(org, id, {});
    const unconfigured = await send(url);
    expect([unconfigured.status, unconfigured.headers.get("retry-after"), await unconfigured.text()]).toEqual(
      [200, null, "{}"],
    );
    expect((await requestsOf(org, id)).data).toHaveLength(2);
  });

  test.each([200, 204, 205, 302, 304, 410, 599])(
    "can have the status %i, and is harmless",
    async (status) => {
      const { id, url } = await makeInbox(org);
      const headers = { "content-type": "text/html", "retry-after": "7" };
      await configure(org, id, { status, headers, body: "<script>alert(1)</script>" });
      const answer = await send(url, { method: "GET" });
      expect(answer.status).toBe(status);
      expect(answer.headers.get("retry-after")).toBe("7");
      expect(harm(answer)).toEqual(HARMLESS);
      expect(await answer.text()).toBe([204, 205, 304].includes(status) ? "" : "<script>alert(1)</script>");
    },
  );

  test.each(REFUSED_RESPONSES)("%j is refused by name, and changes nothing", async (respond, message) => {
    const { id, url } = await makeInbox(org);
    expectRefusal(await configure(org, id, respond), 400, "invalid_parameter", message);
    expect((await send(url)).status).toBe(200);
  });
});

describe("who may look", () => {
  test("another org's inbox is answered as one that does not exist", async () => {
    const { id } = await makeInbox(org);
    const other = await makeOrg();
    const unknown = `${id.slice(0, -1)}${id.endsWith("0") ? "1" : "0"}`;
    for (const path of ["requests", "stream"]) {
      const theirs = await call(other, "GET", `/v1/inboxes/${id}/${path}`);
      const nobodys = await call(other, "GET", `/v1/inboxes/${unknown}/${path}`);
      expectRefusal(theirs, 404, "NOT_FOUND");
      expect(theirs.text).toBe(nobodys.text.replace(unknown, id));
    }
    const body = { respond: { status: 500 } };
    expectRefusal(await call(other, "PATCH", `/v1/inboxes/${id}`, { body }), 404, "NOT_FOUND");
  });

  test("making and configuring takes configure, looking takes read", async () => {
    const { id } = await makeInbox(org);
    const reader = { key: await makeKey(org.user_id, { scopes: ["read"] }) };
    const setter = { key: await makeKey(org.user_id, { scopes: ["configure"] }) };
    expectRefusal(await call(reader, "POST", "/v1/inboxes"), 403, "FORBIDDEN");
    expectRefusal(await call(reader, "PATCH", `/v1/inboxes/${id}`, { body: {} }), 403, "FORBIDDEN");
    expectRefusal(await call(setter, "GET", `/v1/inboxes/${id}/requests`), 403, "FORBIDDEN");
    expectRefusal(await call(setter, "GET", `/v1/inboxes/${id}/stream`), 403, "FORBIDDEN");
    expect((await call(reader, "GET", `/v1/inboxes/${id}/requests`)).status).toBe(200);
    expect((await call(setter, "POST", "/v1/inboxes")).status).toBe(200);
  });

  test.each(["", "a", "0".repeat(64), "f".repeat(63), "..", "%2e%2e%2fv1", "x/y/z"])(
    "at /inbox/%s there is nothing, and that is harmless too",
    async (id) => {
      const answer = await send(`http://postcall.test/inbox/${id}`);
      expect(answer.status).toBe(404);
      if (!id.startsWith("..")) expect(harm(answer)).toEqual(HARMLESS);
    },
  );

  test.each([
    ["?limit=0", /limit must be a whole number from 1 to 200, and is "0"/],
    ["?limit=201", /limit .* is "201"/],
    ["?limit=ten", /limit .* is "ten"/],
    ["?cursor=-1", /cursor must be a next_cursor of this list, and is "-1"/],
  ])("a page asked for with %s is refused", async (query, message) => {
    const { id } = await makeInbox(org);
    const answer = await call(org, "GET", `/v1/inboxes/${id}/requests${query}`);
    expectRefusal(answer, 400, "invalid_parameter", message);
  });
});
