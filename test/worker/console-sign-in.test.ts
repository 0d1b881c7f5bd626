/** Signing in to the console: with a key, from our own pages, and counted as other requests are. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { newOrg, suspend } from "../support/admin.ts";
import { ask, cookieIn, ownHeaders, signIn, whoami } from "../support/console.ts";
import { envWithLosingQueues } from "../support/handlers.ts";
import { meter } from "../support/meter.ts";
import { call, expectRefusal, makeKey, makeOrg, type Org } from "../support/words.ts";

const ADMIN = { key: env.ADMIN_KEY };
const DEPLOYED = { ...env, PUBLIC_URL: "https://postcall.example.com" };

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

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
