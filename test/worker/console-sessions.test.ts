/** A session of the console does what its key can, from our own pages only; a cookie that is none of ours does nothing. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import worker from "../../src/index.ts";
import { ask, ownHeaders, sessionOf, signOut, whoami } from "../support/console.ts";
import { envWithLosingQueues, request } from "../support/handlers.ts";
import { makeInbox } from "../support/inboxes.ts";
import { meter } from "../support/meter.ts";
import { expectRefusal, makeKey, makeOrg, type Org } from "../support/words.ts";

const ADMIN = { key: env.ADMIN_KEY };

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const later = (milliseconds: number) =>
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + milliseconds });

/** The test's environment, with a database that counts its queries. */
function counting() {
  const counted = { queries: 0 };
  const DB = meter(env.DB, () => {
    counted.queries++;
  });
  return { counted, on: { ...env, DB } as Env };
}

describe("a session", () => {
  const write = (cookie: string, headers: Record<string, string>, on: Env = env) =>
    ask(on, { method: "PATCH", path: "/v1/org", body: { name: "Renamed" }, cookie, headers });

  test("reads and writes as its key can, and the audit names the key", async () => {
    const cookie = await sessionOf(env, org);
    expect((await ask(env, { path: "/v1/org", cookie })).status).toBe(200);
    expect((await ask(env, { method: "HEAD", path: "/v1/org", cookie })).status).toBe(200);
    expect((await write(cookie, ownHeaders(env))).body.data.name).toBe("Renamed");
    const { key } = (await whoami(env, cookie)).body.data;
    const acts = await ask(env, { path: "/v1/org/audit", cookie });
    expect(acts.body.data).toMatchObject([{ key_id: key.id, action: "PATCH /v1/org" }]);
  });

  test("acts for no page that is of another org: somebody signed in to that one in another tab", async () => {
    const cookie = await sessionOf(env, org);
    const of = (pageOf: string) => ({ ...ownHeaders(env), "x-postcall-org": pageOf });
    expect((await write(cookie, of(org.user_id))).status).toBe(200);
    for (const pageOf of ["org_other", "admin", ""])
      expectRefusal(await write(cookie, of(pageOf)), 401, "AUTH_FAILURE", /signed in to another org/);
    const admin = { path: "/v1/admin/orgs", cookie: await sessionOf(env, ADMIN) };
    expect((await ask(env, { ...admin, headers: of("admin") })).status).toBe(200);
    expectRefusal(await ask(env, { ...admin, headers: of(org.user_id) }), 401, "AUTH_FAILURE");
  });

  test("whose cookie the browser has dropped is told to sign in again; a program is told about its key", async () => {
    const dropped = await ask(env, { path: "/v1/whoami", headers: ownHeaders(env) });
    expectRefusal(dropped, 401, "AUTH_FAILURE", /^This session of the console has ended/);
    expectRefusal(await ask(env, { path: "/v1/whoami" }), 401, "AUTH_FAILURE", /^The authorization header/);
  });

  test("of the admin key does what that can", async () => {
    const cookie = await sessionOf(env, ADMIN);
    const path = "/v1/admin/orgs";
    expect((await ask(env, { path, cookie })).status).toBe(200);
    const made = { method: "POST", path, body: { name: "B" }, cookie };
    expect((await ask(env, { ...made, headers: ownHeaders(env) })).status).toBe(200);
    expectRefusal(await ask(env, made), 403, "FORBIDDEN", /x-postcall-console: 1/);
    expectRefusal(await ask(env, { path: "/v1/org", cookie }), 403, "FORBIDDEN", /for an org's API key/);
  });

  test("changes something only from a page of ours: with our origin, and marked", async () => {
    const cookie = await sessionOf(env, org);
    const own = ownHeaders(env);
    for (const headers of [
      {},
      { origin: env.PUBLIC_URL },
      { "x-postcall-console": "1" },
      { ...own, "x-postcall-console": "yes" },
      { ...own, origin: "http://127.0.0.1:8788" },
      { ...own, origin: "http://localhost:8787" },
      { ...own, origin: "null" },
    ])
      expectRefusal(await write(cookie, headers), 403, "FORBIDDEN", `origin: ${env.PUBLIC_URL}`);
    expect((await ask(env, { path: "/v1/org", cookie })).body.data.name).toBe("Test");
  });

  test("has the scopes of its key", async () => {
    const cookie = await sessionOf(env, { key: await makeKey(org.user_id, { scopes: ["read"] }) });
    expect((await ask(env, { path: "/v1/org", cookie })).status).toBe(200);
    expectRefusal(await write(cookie, ownHeaders(env)), 403, "FORBIDDEN", /lacks the scope "configure"/);
  });

  test("stands back where there is a key, even a bad one", async () => {
    const cookie = await sessionOf(env, org);
    const headers = { authorization: "pc_unknown_key" };
    expectRefusal(await ask(env, { path: "/v1/whoami", cookie, headers }), 401, "AUTH_FAILURE");
    const other = await makeOrg();
    const asOther = await ask(env, { path: "/v1/whoami", cookie, headers: { authorization: other.key } });
    expect(asOther.body.data.user_id).toBe(other.user_id);
  });

  test("makes no link", async () => {
    const cookie = await sessionOf(env, org);
    const asked = { method: "POST", path: "/console/links", cookie, headers: ownHeaders(env) };
    expectRefusal(await ask(env, asked), 401, "AUTH_FAILURE");
  });

  test("has streams that end once it has ended elsewhere", async () => {
    const { id } = await makeInbox(org);
    const cookie = await sessionOf(env, org);
    let check = () => {};
    vi.spyOn(scheduler, "wait").mockImplementation(() => new Promise<void>((done) => (check = done)));
    const url = `http://postcall.test/v1/inboxes/${id}/stream`;
    const ctx = createExecutionContext();
    const { body } = await worker.fetch(new Request(url, { headers: { cookie } }), env, ctx);
    const whole = new Response(body).text();
    await env.DB.prepare("DELETE FROM console_tokens WHERE user_id = ?").bind(org.user_id).run(); // as elsewhere
    check();
    expect(await whole).not.toContain("data:");
  });

  test("that is remembered costs no query, for 30 seconds", async () => {
    const { counted, on } = counting();
    const cookie = await sessionOf(env, org);
    const path = "/v1/nothing";
    await ask(on, { path, cookie });
    expect(counted.queries).toBe(1);
    await ask(on, { path, cookie });
    expect(counted.queries).toBe(1);
    later(30_001);
    await ask(on, { path, cookie });
    expect(counted.queries).toBe(3); // the session and its key
  });
});

describe("a cookie that is none of ours", () => {
  test("is 401 and costs no query, whatever is wrong with it", async () => {
    const { counted, on } = counting();
    const cookie = await sessionOf(env, org);
    const [id = "", expires_at, code = ""] = cookie.split(".");
    const link = (await request(env, org, { method: "POST", path: "/console/links" })).body.data.url;
    const forged = [
      "postcall=",
      "postcall=x",
      `postcall=${"x".repeat(5_000)}`,
      `${id}.${expires_at}`,
      `${id}.${Number(expires_at) + 1}.${code}`,
      `${id}.${expires_at}.${"A".repeat(43)}`,
      `${id.replace("session_0", "session_1")}.${expires_at}.${code}`,
      `postcall=${link.split("#link=")[1]}`,
    ];
    for (const each of forged) {
      expectRefusal(await whoami(on, each), 401, "AUTH_FAILURE", /session.*has ended/);
      expect((await signOut(on, each)).status).toBe(200);
    }
    expect(counted.queries).toBe(0);
  });

  test("counts against its address as a bad key does; a session that is known goes on from there", async () => {
    const { env: on } = envWithLosingQueues({ ADDRESSES_LIMIT: env.TIGHT_LIMIT });
    const headers = { "cf-connecting-ip": crypto.randomUUID() };
    const cookie = await sessionOf(env, org);
    expect((await ask(on, { path: "/v1/whoami", cookie, headers })).status).toBe(200);
    const statuses: number[] = [];
    for (let n = 0; n < 8; n++)
      statuses.push((await ask(on, { path: "/v1/whoami", cookie: "postcall=x", headers })).status);
    expect(statuses).toContain(401);
    expect(statuses.at(-1)).toBe(429);
    expect((await ask(on, { path: "/v1/whoami", cookie, headers })).status).toBe(200);
  });

  test("is not looked for again and again when its session has ended", async () => {
    const { counted, on } = counting();
    const cookie = await sessionOf(env, org);
    await signOut(env, cookie);
    for (let n = 0; n < 5; n++) {
      await whoami(on, cookie);
      await signOut(on, cookie);
    }
    expect(counted.queries).toBe(0);
  });
});
