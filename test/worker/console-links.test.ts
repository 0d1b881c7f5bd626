/** A link signs in to the console: once, within a minute, and with what its key can do. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { admin, newOrg } from "../support/admin.ts";
import { cookieIn, ownHeaders, signIn, tokenIn, whoami } from "../support/console.ts";
import { envWithLosingQueues, request } from "../support/handlers.ts";
import { meter } from "../support/meter.ts";
import { call, expectRefusal, makeKey, makeOrg, type Org } from "../support/words.ts";

const ADMIN = { key: env.ADMIN_KEY };

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});
afterEach(() => void vi.useRealTimers());

const later = (milliseconds: number) =>
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + milliseconds });

const makeLink = (as: Pick<Org, "key">, on: Env = env) =>
  request(on, as, { method: "POST", path: "/console/links" });
const linkOf = async (as: Pick<Org, "key">, on: Env = env) => tokenIn(await makeLink(as, on));

const refused = (answer: Awaited<ReturnType<typeof signIn>>) => {
  expectRefusal(answer, 401, "AUTH_FAILURE", /link was used, is older than a minute/);
  expect(answer.headers.get("set-cookie")).toBeNull();
};

test("a link leads to the console, and has its token in the fragment", async () => {
  const before = Date.now();
  const { url, expires_at } = (await makeLink(org)).body.data;
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:8787\/console#link=link_0_[A-Za-z0-9._-]+$/);
  expect(Date.parse(expires_at) - before).toBeGreaterThanOrEqual(60_000);
  expect(Date.parse(expires_at) - Date.now()).toBeLessThanOrEqual(60_000);
});

test("a link is made with a key only", async () => {
  expectRefusal(await makeLink({ key: "" }), 401, "AUTH_FAILURE");
  const reporter = await makeKey(org.user_id, { scopes: ["report"] });
  expect((await makeLink({ key: reporter })).status).toBe(200);
});

describe("a link signs in", () => {
  test.each([
    ["with an org's key", () => org],
    ["with the admin key", () => ADMIN],
  ])("%s as the key itself would, and the session outlives the link", async (_whose, keyOf) => {
    const expected = (await call(keyOf(), "GET", "/v1/whoami")).body;
    const signedIn = await signIn(env, { link: await linkOf(keyOf()) });
    expect([signedIn.status, signedIn.body]).toEqual([200, expected]);
    later(61_000);
    expect((await whoami(env, cookieIn(signedIn))).body).toEqual(expected);
  });

  test("once", async () => {
    const link = await linkOf(org);
    expect((await signIn(env, { link })).status).toBe(200);
    refused(await signIn(env, { link }));
  });

  test("one of ten at the same time", async () => {
    const link = await linkOf(org);
    const answers = await Promise.all(Array.from({ length: 10 }, () => signIn(env, { link })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(401)]);
  });

  test("within a minute", async () => {
    const link = await linkOf(org);
    later(60_000);
    refused(await signIn(env, { link }));
  });

  test("for a page of ours only, and is not used up by others", async () => {
    const link = await linkOf(org);
    const foreign = { ...ownHeaders(env), origin: "https://evil.example" };
    expectRefusal(await signIn(env, { link }, foreign), 403, "FORBIDDEN");
    expect((await signIn(env, { link })).status).toBe(200);
  });

  test("only while its key is valid", async () => {
    const made = await newOrg();
    const link = await linkOf(made);
    const { key } = (await call(made, "GET", "/v1/whoami")).body.data;
    await admin("DELETE", `/keys/${key.id}`);
    later(30_001);
    refused(await signIn(env, { link }));
  });

  test("only under the admin key and the session key it was made under", async () => {
    const link = await linkOf(ADMIN);
    refused(await signIn({ ...env, SESSION_KEY: "another-session-key-of-enough-characters" }, { link }));
    refused(await signIn({ ...env, ADMIN_KEY: "another-admin-key-of-enough-characters" }, { link }));
  });

  test("unless its key has fifty newer links", async () => {
    const links: string[] = [];
    later(0);
    for (let n = 0; n < 51; n++) {
      later(1);
      links.push(await linkOf(org));
    }
    refused(await signIn(env, { link: links[0] }));
    expect((await signIn(env, { link: links[1] })).status).toBe(200);
  });
});

test("a link that somebody made up, and a session's token, cost no query", async () => {
  let queries = 0;
  const DB = meter(env.DB, () => {
    queries++;
  });
  const link = await linkOf(org);
  const session = cookieIn(await signIn(env, { key: org.key })).replace("postcall=", "");
  for (const bad of ["", "x", `${link.slice(0, -43)}${"A".repeat(43)}`, session])
    refused(await signIn({ ...env, DB }, { link: bad }));
  expect(queries).toBe(0);
  expect((await signIn(env, { link })).status).toBe(200);
});

test("bad links count against their address as bad keys do, and then none is looked up", async () => {
  let queries = 0;
  const DB = meter(env.DB, () => {
    queries++;
  });
  const on = { ...envWithLosingQueues({ ADDRESSES_LIMIT: env.TIGHT_LIMIT }).env, DB };
  const headers = { ...ownHeaders(on), "cf-connecting-ip": crypto.randomUUID() };
  const link = await linkOf(org);
  const statuses: number[] = [];
  for (let n = 0; n < 8; n++) statuses.push((await signIn(on, { link: "x" }, headers)).status);
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
  expect((await signIn(on, { link }, headers)).status).toBe(429);
  expect(queries).toBe(0);
});
