/** A session of the console does what its key can, from our own pages only, and ends with its key. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { admin, newOrg, suspend, unsuspend } from "../support/admin.ts";
import { ask, cookieIn, ownHeaders, sessionOf, signIn, signOut, whoami } from "../support/console.ts";
import { envWithLosingQueues, request, sweepOnce } from "../support/handlers.ts";
import { meter } from "../support/meter.ts";
import { call, expectRefusal, makeKey, makeOrg, type Org } from "../support/words.ts";

const ADMIN = { key: env.ADMIN_KEY };
const DEPLOYED = { ...env, PUBLIC_URL: "https://postcall.example.com" };

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

const tokensOf = async ({ user_id }: Org) =>
  (await env.DB.prepare("SELECT count(*) AS n FROM console_tokens WHERE user_id = ?")
    .bind(user_id)
    .first<number>("n")) ?? 0;

describe("signing in", () => {
  test.each([
    ["an org's key", () => org],
    ["the admin key", () => ADMIN],
  ])("with %s answers what whoami does for the key, and so does the session", async (_whose, keyOf) => {
    const expected = (await call(keyOf(), "GET", "/v1/whoami")).body;
    const signedIn = await signIn(env, { key: keyOf().key });
    expect([signedIn.status, signedIn.body]).toEqual([200, expected]);
    expect((await whoami(env, cookieIn(signedIn))).body).toEqual(expected);
  });

  test("sets a cookie that only this host gets back, over HTTPS", async () => {
    const answer = await signIn(DEPLOYED, org);
    expect(answer.status).toBe(400); // the org has more than a key
    const cookie = (await signIn(DEPLOYED, { key: org.key })).headers.get("set-cookie") ?? "";
    expect(cookie.split("; ").slice(1).sort()).toEqual([
      ...["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Strict", "Secure"],
    ]);
    expect(cookie).toMatch(/^__Host-postcall=session_0_[0-9a-f]{64}\.\d{13}\.[A-Za-z0-9_-]{43};/);
    expect((await whoami(DEPLOYED, cookie.split(";")[0] ?? "")).status).toBe(200);
  });

  test("on the own machine sets one without HTTPS", async () => {
    const cookie = (await signIn(env, { key: org.key })).headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^postcall=session_0_/);
    expect(cookie.split("; ").slice(1).sort()).toEqual([
      ...["HttpOnly", "Max-Age=43200", "Path=/", "SameSite=Strict"],
    ]);
  });

  test("with a key that is unknown, expired or of no form is 401, and sets no cookie", async () => {
    const expired = await makeKey(org.user_id, { expires_at: Date.now() - 1 });
    for (const key of [`pc_${crypto.randomUUID()}`, expired, "", "x", `${env.ADMIN_KEY}x`]) {
      const answer = await signIn(env, { key });
      expectRefusal(answer, 401, "AUTH_FAILURE", "key is no valid API key.");
      expect(answer.headers.get("set-cookie")).toBeNull();
    }
  });

  test("with a suspended org's key is 403, which says so", async () => {
    const suspended = await newOrg();
    await suspend(suspended);
    expectRefusal(await signIn(env, { key: suspended.key }), 403, "FORBIDDEN", /suspended/);
  });

  test.each([
    [{}, "either key or link"],
    [{ key: "pc_12345", link: "x" }, "either key or link"],
    [{ key: 1 }, "key must be a text"],
    [{ key: "x".repeat(1_025) }, "at most 1024 characters"],
    [{ keys: "x" }, 'did you mean "key"?'],
  ])("with a body such as %j is 400", async (body, message) => {
    expectRefusal(await signIn(env, body), 400, "invalid_parameter", message);
  });

  test("reads no more than a few thousand bytes", async () => {
    expectRefusal(await signIn(env, { key: "x".repeat(9_000) }), 413, "PAYLOAD_TOO_LARGE");
  });

  test("is refused to a page of another origin, which may not send our header: nobody allows it to", async () => {
    const own = ownHeaders(env);
    const { origin: _, ...fromNoBrowser } = own;
    expect((await signIn(env, { key: org.key }, fromNoBrowser)).status).toBe(200);
    for (const headers of [{ ...own, origin: "https://evil.example" }, { ...own, origin: "null" }, {}])
      expectRefusal(await signIn(env, { key: org.key }, headers), 403, "FORBIDDEN", /x-postcall-console: 1/);
    const { "x-postcall-console": __, ...unmarked } = own;
    expectRefusal(await signIn(env, { key: org.key }, unmarked), 403, "FORBIDDEN");
    const preflight = { origin: "https://evil.example", "access-control-request-method": "POST" };
    const asked = await ask(env, { method: "OPTIONS", path: "/console/session", headers: preflight });
    expect(asked.status).toBe(405);
    expect(asked.headers.get("access-control-allow-headers")).toBeNull();
  });

  test("writes two rows, and the token is in none of them", async () => {
    let written = 0;
    const DB = meter(env.DB, ({ rows_written }) => {
      written += rows_written;
    });
    const key = { key: org.key };
    await signIn(env, key); // the key's use is noted now
    const cookie = cookieIn(await signIn({ ...env, DB }, key));
    expect(written).toBe(2);
    const { results } = await env.DB.prepare("SELECT * FROM console_tokens WHERE user_id = ?")
      .bind(org.user_id)
      .all();
    expect(results).toHaveLength(2);
    for (const part of cookie
      .replace("postcall=", "")
      .split(/[._]/)
      .filter((text) => text.length > 13))
      expect(JSON.stringify(results)).not.toContain(part);
  });
});

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

describe("a session ends", () => {
  const ended = (cookie: string, on: Env = env) =>
    whoami(on, cookie).then((answer) => expectRefusal(answer, 401, "AUTH_FAILURE", /session.*has ended/));

  test("when it is signed out, for a copy of its cookie too; again is the same, and another one goes on", async () => {
    const [cookie, other] = [await sessionOf(env, org), await sessionOf(env, org)];
    expect((await whoami(env, cookie)).status).toBe(200);
    for (let times = 1; times <= 2; times++) {
      const answer = await signOut(env, cookie);
      expect([answer.status, answer.body.data]).toEqual([200, { deleted: true }]);
      expect(answer.headers.get("set-cookie")).toBe(
        "postcall=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict",
      );
      await ended(cookie);
    }
    expect((await signOut(env, "")).status).toBe(200);
    expect((await whoami(env, other)).status).toBe(200);
    expect(await tokensOf(org)).toBe(1);
  });

  test("where it was remembered: within 30 seconds", async () => {
    const cookie = await sessionOf(env, org);
    await whoami(env, cookie);
    await env.DB.prepare("DELETE FROM console_tokens WHERE user_id = ?").bind(org.user_id).run(); // as elsewhere
    expect((await whoami(env, cookie)).status).toBe(200);
    later(30_001);
    await ended(cookie);
  });

  test("only by a page of ours", async () => {
    const cookie = await sessionOf(env, org);
    for (const headers of [{}, { ...ownHeaders(env), origin: "https://evil.example" }])
      expectRefusal(await signOut(env, cookie, headers), 403, "FORBIDDEN");
    expect((await whoami(env, cookie)).status).toBe(200);
  });

  test("after twelve hours, remembered or not", async () => {
    const cookie = await sessionOf(env, org);
    later(12 * 3_600_000 - 1_000);
    expect((await whoami(env, cookie)).status).toBe(200);
    later(1_000);
    await ended(cookie);
  });

  test("when its key is revoked: within 30 seconds", async () => {
    const made = await newOrg();
    const cookie = await sessionOf(env, made);
    const { key } = (await whoami(env, cookie)).body.data;
    await admin("DELETE", `/keys/${key.id}`);
    later(30_001);
    await ended(cookie);
  });

  test("when its key expires", async () => {
    const key = await makeKey(org.user_id, { expires_at: Date.now() + 60_000 });
    const cookie = await sessionOf(env, { key });
    later(59_000);
    expect((await whoami(env, cookie)).status).toBe(200);
    later(1_001);
    await ended(cookie);
  });

  test("while its org is suspended, and the answer says so", async () => {
    const made = await newOrg();
    const cookie = await sessionOf(env, made);
    await suspend(made);
    later(30_001);
    expectRefusal(await whoami(env, cookie), 403, "FORBIDDEN", /suspended/);
    await unsuspend(made);
    later(30_001);
    expect((await whoami(env, cookie)).status).toBe(200);
  });

  test("of the admin key, when there is another one, and when there is none", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const cookie = await sessionOf(env, ADMIN);
    for (const ADMIN_KEY of ["another-admin-key-of-enough-characters", ""])
      await ended(cookie, { ...env, ADMIN_KEY });
    expect((await whoami(env, cookie)).status).toBe(200);
    const orgs = await sessionOf(env, org);
    expect((await whoami({ ...env, ADMIN_KEY: "another-admin-key-of-enough-characters" }, orgs)).status).toBe(
      200,
    );
  });

  test("when there is another session key: all of them", async () => {
    const on = { ...env, SESSION_KEY: "another-session-key-of-enough-characters" };
    for (const whose of [org, ADMIN]) await ended(await sessionOf(env, whose), on);
  });

  test("when its key has fifty newer ones; another key's go on", async () => {
    const other = await sessionOf(env, { key: await makeKey(org.user_id) });
    later(0);
    const cookies: string[] = [];
    for (let n = 0; n < 51; n++) {
      later(1);
      cookies.push(await sessionOf(env, org));
    }
    expect(await tokensOf(org)).toBe(51);
    await ended(cookies[0] ?? "");
    for (const cookie of [cookies[1] ?? "", cookies[50] ?? "", other])
      expect((await whoami(env, cookie)).status).toBe(200);
  });

  test("with its org: what is erased has no sessions", async () => {
    const made = await newOrg();
    await sessionOf(env, made);
    await request(env, made, { method: "POST", path: "/console/links" });
    expect(await tokensOf(made)).toBe(2);
    vi.spyOn(console, "log").mockImplementation(() => {});
    await suspend(made);
    await admin("DELETE", `/orgs/${made.user_id}`);
    later(60_001);
    await sweepOnce(envWithLosingQueues().env);
    expect(await tokensOf(made)).toBe(0);
  });

  test("and the sweep removes what is left of it", async () => {
    await sessionOf(env, org);
    await request(env, org, { method: "POST", path: "/console/links" });
    vi.spyOn(console, "log").mockImplementation(() => {});
    later(60_001);
    await sweepOnce(envWithLosingQueues().env);
    expect(await tokensOf(org)).toBe(1);
    later(12 * 3_600_000);
    await sweepOnce(envWithLosingQueues().env);
    expect(await tokensOf(org)).toBe(0);
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

test("sign-ins with a bad key count against their address, those with a good one against the org", async () => {
  const statusesOf = async (on: Env, key: () => string) => {
    const headers = { ...ownHeaders(on), "cf-connecting-ip": crypto.randomUUID() };
    const statuses: number[] = [];
    for (let n = 0; n < 8; n++) statuses.push((await signIn(on, { key: key() }, headers)).status);
    return new Set(statuses);
  };
  const { env: byAddress } = envWithLosingQueues({ ADDRESSES_LIMIT: env.TIGHT_LIMIT });
  const { env: byOrg } = envWithLosingQueues({ REQUESTS_LIMIT: env.TIGHT_LIMIT });
  const bad = () => `pc_${crypto.randomUUID()}`;
  expect(await statusesOf(byAddress, bad)).toEqual(new Set([401, 429]));
  expect(await statusesOf(byAddress, () => org.key)).toEqual(new Set([200]));
  expect(await statusesOf(byOrg, () => org.key)).toEqual(new Set([200, 429]));
  expect(await statusesOf(byOrg, bad)).toEqual(new Set([401]));
});
