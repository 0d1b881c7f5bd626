/** An org's inboxes: a hundred at most, listed and ended; and the pages that show what they receive. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { inboxObject } from "../../../src/inbox/object.ts";
import { request } from "../../support/handlers.ts";
import {
  configure,
  type InboxAnswer,
  makeInbox,
  requestsOf,
  send,
  signedHeaders,
} from "../../support/inboxes.ts";
import { call, expectRefusal, makeKey, makeOrg, type Org, read } from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});
afterEach(() => {
  vi.useRealTimers();
});

const listOf = async (of = org, query = "") => (await call(of, "GET", `/v1/inboxes${query}`)).body;
const end = (id: string, by = org) => call(by, "DELETE", `/v1/inboxes/${id}`);
const view = async (url: string, query = "") => read(await send(`${url}${query}`, { method: "GET" }));

/** Fills an org's list with inboxes that nobody made. */
const fillWith = (inboxes: number, expires_at: number) =>
  env.DB.prepare(
    `INSERT INTO inboxes (user_id, id, created_at, expires_at)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2) SELECT ?1, 'i' || i, 1, ?3 FROM n`,
  )
    .bind(org.user_id, inboxes, expires_at)
    .run();

describe("an org's inboxes", () => {
  test("are listed as they were made, with what they answer, the newest first, in pages", async () => {
    const made: InboxAnswer[] = [];
    for (let n = 1; n <= 3; n++) {
      vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10 });
      const answer = await request(env, org, { method: "POST", path: "/v1/inboxes" });
      made.unshift(answer.body.data);
    }
    expect(made[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      url: `${env.PUBLIC_URL}/inbox/${made[0]?.id}`,
      view_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:8787\/view\/[0-9a-f]{32}$/),
      expires_at: expect.stringMatching(/Z$/),
      respond: { status: 200, delay_ms: 0, headers: {}, body: "{}" },
    });
    expect(await listOf()).toEqual({ data: made, next_cursor: null, errors: null });
    const told = (await configure(org, made[0]?.id ?? "", { status: 503 })).body.data;
    const first = await listOf(org, "?limit=2");
    const second = await listOf(org, `?limit=2&cursor=${first.next_cursor}`);
    expect([...first.data, ...second.data]).toEqual([told, ...made.slice(1)]);
    expect(second.next_cursor).toBeNull();
    expect(told.view_url).toBe(made[0]?.view_url);
    expectRefusal(await call(org, "GET", "/v1/inboxes?cursor=x"), 400, "invalid_parameter", /cursor/);
  });

  test("are not another org's, to list or to end", async () => {
    const { id, url } = await makeInbox(org);
    const other = await makeOrg();
    expect((await listOf(other)).data).toEqual([]);
    const { text } = await end(id, other);
    expect(text.replace(id, "ID")).toBe((await end("0".repeat(64), other)).text.replace(/0{64}/, "ID"));
    expect((await send(url)).status).toBe(200);
    expect((await listOf()).data).toMatchObject([{ id }]);
  });

  test("end when told: nothing is taken any more, and what was received is gone", async () => {
    const { id, url, view_url } = await makeInbox(org);
    await send(url, { body: "secret" });
    expect((await end(id)).body.data).toEqual({ id, deleted: true });
    expect((await send(url)).status).toBe(404);
    expect((await view(view_url)).status).toBe(404);
    expectRefusal(await call(org, "GET", `/v1/inboxes/${id}/requests`), 404, "NOT_FOUND");
    expectRefusal(await end(id), 404, "NOT_FOUND", `There is no inbox "${id}".`);
    expect((await listOf()).data).toEqual([]);
  });

  test("are listed with the scope read, and ended with configure", async () => {
    const { id } = await makeInbox(org);
    const reader = { ...org, key: await makeKey(org.user_id, { scopes: ["read"] }) };
    const configurer = { ...org, key: await makeKey(org.user_id, { scopes: ["configure"] }) };
    expectRefusal(await end(id, reader), 403, "FORBIDDEN", /"configure"/);
    expectRefusal(await call(configurer, "GET", "/v1/inboxes"), 403, "FORBIDDEN", /"read"/);
  });

  test("are a hundred at most, of which those that have expired don't count", async () => {
    await fillWith(99, Date.now() + 60_000);
    const { id } = await makeInbox(org);
    const refused = await call(org, "POST", "/v1/inboxes");
    expectRefusal(refused, 409, "CONFLICT", /^100 inboxes are there/);
    await end(id);
    await makeInbox(org);
    expect((await call(org, "POST", "/v1/inboxes")).status).toBe(409);
    await env.DB.prepare("UPDATE inboxes SET expires_at = 1 WHERE id = 'i1'").run();
    await makeInbox(org);
    const { results } = await env.DB.prepare("SELECT id FROM inboxes WHERE user_id = ?")
      .bind(org.user_id)
      .all();
    expect(results).toHaveLength(100);
  });

  test("leave the list when they expire", async () => {
    const { id } = await makeInbox(org);
    const object = inboxObject(env.INBOXES, id);
    if (object === null) throw new Error("no object");
    await runDurableObjectAlarm(object);
    expect((await listOf()).data).toEqual([]);
    await env.DB.prepare("UPDATE inboxes SET expires_at = 1 WHERE id = ?").bind(id).run();
    expect((await listOf()).data).toEqual([]);
  });
});

describe("an inbox's page", () => {
  test("shows what arrived, the newest first, in pages, without a key", async () => {
    const { id, url, view_url } = await makeInbox(org);
    for (const body of ["one", "two", "three"]) await send(url, { body });
    const first = await view(view_url, "?limit=2");
    expect(first.status).toBe(200);
    const second = await view(view_url, `?limit=2&cursor=${first.body.next_cursor}`);
    expect(second.body.next_cursor).toBeNull();
    const { data } = await requestsOf(org, id);
    expect([...first.body.data, ...second.body.data]).toEqual(data);
    expectRefusal(await view(view_url, "?cursor=x"), 400, "invalid_parameter", /cursor/);
    expectRefusal(await view(view_url, "?page=2"), 400, "invalid_parameter", /page/);
  });

  test("masks signatures and credentials, which the org's own list shows", async () => {
    const { id, url, view_url } = await makeInbox(org);
    const secret = {
      ...(await signedHeaders(new TextEncoder().encode("{}"), org.secret)),
      authorization: "Basic dXNlcjpwYXNz",
      "x-webhook-signature": "0123456789abcdef",
      "x-crm-sig": "0123456789abcdef",
      "x-api-key": "0123456789abcdef",
      "x-token": "short",
    };
    const shown = { "x-mine": "1", "webhook-id": "msg_test", "content-type": "application/json" };
    await send(url, { body: "{}", headers: { ...secret, ...shown } });
    const [seen] = (await view(view_url)).body.data;
    expect(seen).toMatchObject({ body: "{}", signature: "invalid", headers: shown });
    expect(seen.headers).toMatchObject({
      authorization: "•••YXNz",
      "x-webhook-signature": "•••cdef",
      "x-crm-sig": "•••cdef",
      "x-api-key": "•••cdef",
      "x-token": "•••",
    });
    expect(seen.headers["webhook-signature"]).toMatch(/^•••.{4}$/);
    expect((await requestsOf(org, id)).data[0].headers).toMatchObject(secret);
  });

  test("may not be kept, passed on or found, and neither may a page that is not there", async () => {
    const { view_url } = await makeInbox(org);
    for (const url of [view_url, view_url.slice(0, -1), `${view_url.slice(0, -1)}g`]) {
      const { headers } = await send(url, { method: "GET" });
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("x-robots-tag")).toBe("noindex");
    }
  });

  test("is read only", async () => {
    const { view_url } = await makeInbox(org);
    for (const method of ["POST", "PATCH", "DELETE"]) {
      const answer = await send(view_url, { method });
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    }
  });

  test("is not found by an unknown token, by one with a digit changed, or by the inbox's id; all alike", async () => {
    const { id, view_url } = await makeInbox(org);
    const base = `${env.PUBLIC_URL}/view`;
    const last = view_url.endsWith("0") ? "1" : "0";
    const texts = await Promise.all(
      [`${base}/${"0".repeat(32)}`, view_url.slice(0, -1) + last, `${base}/${id}`, `${base}/x`].map(
        async (url) => {
          const answer = await view(url);
          expect(answer.status).toBe(404);
          return answer.text;
        },
      ),
    );
    expect(new Set(texts).size).toBe(1);
  });

  test("has a token that is in no row of the record", async () => {
    const { view_url } = await makeInbox(org);
    const { results } = await env.DB.prepare("SELECT * FROM inboxes").all();
    expect(JSON.stringify(results)).not.toContain(view_url.split("/").at(-1));
  });
});

test("a key without read that configures an inbox does not learn the address of its page", async () => {
  const org = await makeOrg();
  const { id } = (await call(org, "POST", "/v1/inboxes")).body.data;
  const configurer = { key: await makeKey(org.user_id, { scopes: ["configure"] }) };
  const body = { respond: {} };
  expect((await call(configurer, "PATCH", `/v1/inboxes/${id}`, { body })).body.data.view_url).toBeUndefined();
  expect((await call(org, "PATCH", `/v1/inboxes/${id}`, { body })).body.data.view_url).toMatch(/\/view\//);
});
