/**
 * What one org does never shows or changes anything of another's, by any operation of the OpenAPI document. Keys that
 * may not use an operation are refused by it.
 */
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { idIn } from "../../src/core/id.ts";
import type { RouteName } from "../../src/http/openapi/operation.ts";
import type { Route } from "../../src/http/route.ts";
import { ROUTES } from "../../src/http/routes.ts";
import { SCOPES } from "../../src/record/keys.ts";
import { makeInbox } from "../support/inboxes.ts";
import { type Asked, askedOf, RULES, type Things } from "../support/isolation.ts";
import {
  type ApiAnswer,
  call,
  endedLogOf,
  makeKey,
  makeOrg,
  type Org,
  receiver,
  reportCall,
} from "../support/words.ts";

const ADMIN = { key: env.ADMIN_KEY };
/** Stands in everything that belongs to the first org. */
const MARK = "mark-of-the-first-org";

const routes: readonly Route[] = ROUTES;
const nameOf = ({ method, path }: Route) => `${method} ${path}` as RouteName;
const guarded = routes.filter(({ access }) => access !== "public");
const ofOrgs = guarded.filter(({ access }) => access !== "admin");

let first: Org;
let second: Org;
let things: Things;
let nobodys: Things;

beforeAll(async () => {
  [first, second] = [await makeOrg(), await makeOrg()];
  const crm = await receiver({ status: 200, body: MARK });
  const url = `${crm.url}/${MARK}`;
  const phone_number = "+14155550100";
  const asFirst = (method: string, path: string, body: unknown) => call(first, method, path, { body });
  await asFirst("PATCH", "/v1/org", {
    name: MARK,
    default_webhook: `${url}?d`,
    webhook_events: ["citations"],
  });
  await asFirst("PATCH", "/v1/endpoints", { url, description: MARK, headers: { "x-team": MARK } });
  await asFirst("POST", `/v1/inbound/${phone_number}`, { webhook: `${url}?n` });
  const call_id = `${MARK}-call`;
  await reportCall(first, { call_id, webhook: url, payload: { note: MARK } });
  await endedLogOf(first, call_id);
  await asFirst("PATCH", "/v1/org", { delay_for_citations: true, citations_timeout_seconds: 3_600 });
  const held_id = `${MARK}-held`;
  await reportCall(first, { call_id: held_id, webhook: url });
  const { id: inbox_id } = await makeInbox(first);
  const rotated = await asFirst("POST", "/v1/org/signing-secrets/rotate", {});
  const whoami = (await call(first, "GET", "/v1/whoami")).body.data;
  things = {
    ...{ user_id: first.user_id, call_id, held_id, url, inbox_id, secret_id: rotated.body.data.id },
    ...{ key_id: whoami.key.id, phone_number },
  };
  nobodys = {
    user_id: idIn(0, "org", "nobody"),
    ...{ call_id: "nobodys-call", held_id: "nobodys-held", url: "http://127.0.0.1:1/nobodys" },
    ...{ inbox_id: "0".repeat(64), secret_id: "sec_nobodys", key_id: idIn(0, "key", "nobody") },
    phone_number: "+14155550199",
  };
});

/** One request to a route. A stream is not read. */
async function ask(
  as: { key: string },
  route: Route,
  { path = {}, query = {}, body }: Asked,
): Promise<ApiAnswer> {
  const named = route.path.replace(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(path[name as keyof typeof path] ?? "x"),
  );
  const search = new URLSearchParams(query).toString();
  const options =
    route.method === "POST" && route.path.includes("/webhooks/") ? { headers: { prefer: "wait=1" } } : {};
  return call(as, route.method, search === "" ? named : `${named}?${search}`, {
    ...options,
    ...(body !== undefined && { body }),
  });
}

const TABLES = [
  "orgs",
  "api_keys",
  "signing_secrets",
  "numbers",
  "endpoints",
  "webhook_logs",
  "inboxes",
  "audit",
  "console_tokens",
];

/** All rows of the first org. */
async function recordOfFirst(): Promise<string> {
  const reads = TABLES.map((table) =>
    env.DB.prepare(`SELECT * FROM ${table} WHERE user_id = ?`).bind(first.user_id).all(),
  );
  return JSON.stringify((await Promise.all(reads)).map(({ results }) => results));
}

/** The answer with the names of things taken out. */
function withoutNames(answer: ApiAnswer, of: Things): string {
  const names = Object.values(of).flatMap((name) => [name, encodeURIComponent(name)]);
  const text = names.reduce((shown, name) => shown.replaceAll(name, "NAME"), answer.text);
  return `${answer.status} ${text.replace(/\d{4}-\d\d-\d\dT[0-9:.]+Z/g, "TIME")}`;
}

test("every operation of the document has a rule", () => {
  const documented = Object.entries(inject("openApiDocument").paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
  );
  expect(documented.sort()).toEqual(Object.keys(RULES).sort());
});

describe("with another org's things", () => {
  const named = ofOrgs.filter((route) => typeof RULES[nameOf(route)] === "function");
  test.each(named.map((route) => [nameOf(route), route] as const))(
    "%s answers as with those of nobody, and changes nothing",
    async (name, route) => {
      const before = await recordOfFirst();
      const theirs = await ask(second, route, askedOf(RULES[name], things));
      expect(await recordOfFirst()).toBe(before);
      const unknown = await ask(second, route, askedOf(RULES[name], nobodys));
      expect(withoutNames(theirs, things)).toBe(withoutNames(unknown, nobodys));
      expect(withoutNames(theirs, things)).not.toContain(MARK);
    },
  );

  const own = ofOrgs.filter((route) => typeof RULES[nameOf(route)] !== "function");
  test.each(own.map((route) => [nameOf(route), route] as const))(
    "%s answers and changes what is the caller's own",
    async (name, route) => {
      const before = await recordOfFirst();
      const answer = await ask(second, route, askedOf(RULES[name], things));
      expect([200, 202], answer.text).toContain(answer.status);
      expect(await recordOfFirst()).toBe(before);
      expect(withoutNames(answer, things)).not.toContain(MARK);
      expect(answer.text).not.toContain(first.user_id);
    },
  );
});

describe("an admin's route", () => {
  test.each(
    guarded.filter(({ access }) => access === "admin").map((route) => [nameOf(route), route] as const),
  )("%s is refused to an org's key, for its own org and for others", async (name, route) => {
    const before = await recordOfFirst();
    for (const as of [first, second]) {
      const answer = await ask(as, route, askedOf(RULES[name], things));
      expect(answer.status, answer.text).toBe(403);
    }
    expect(await recordOfFirst()).toBe(before);
  });
});

describe("an org's route", () => {
  test.each(
    ofOrgs.filter(({ access }) => Array.isArray(access)).map((route) => [nameOf(route), route] as const),
  )(
    "%s is refused to the admin key, to no key, and to a key that lacks any of its scopes",
    async (name, route) => {
      const asked = askedOf(RULES[name], things);
      const before = await recordOfFirst();
      expect((await ask(ADMIN, route, asked)).status).toBe(403);
      expect((await ask({ key: "" }, route, asked)).status).toBe(401);
      for (const scope of route.access as readonly string[]) {
        const key = await makeKey(second.user_id, { scopes: SCOPES.filter((each) => each !== scope) });
        const answer = await ask({ key }, route, asked);
        expect(answer.status).toBe(403);
        expect(answer.body.errors[0].message).toContain(`"${scope}"`);
      }
      expect(await recordOfFirst()).toBe(before);
    },
  );
});

describe("a suspended org's key", () => {
  test.each(ofOrgs.map((route) => [nameOf(route), route] as const))(
    "is refused by %s, which says why",
    async (name, route) => {
      const suspended = await makeOrg();
      await call(ADMIN, "PATCH", `/v1/admin/orgs/${suspended.user_id}`, { body: { suspended: true } });
      const answer = await ask(suspended, route, askedOf(RULES[name], things));
      expect(answer.status, answer.text).toBe(403);
      expect(answer.body.errors[0].message).toMatch(/suspended/);
    },
  );
});
