/** Keys that the operator makes: they work at once, until they are revoked or expire, and their use is noted. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { sha256Hex } from "../../../src/core/signature.ts";
import { admin, newOrg } from "../../support/admin.ts";
import { databaseRefusing } from "../../support/database.ts";
import { request } from "../../support/handlers.ts";
import { meter } from "../../support/meter.ts";
import { call, expectRefusal, type Org } from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await newOrg();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const keysPath = () => `/orgs/${org.user_id}/keys`;
const makeKey = (body: object = {}) => admin("POST", keysPath(), { name: "ci", scopes: ["read"], ...body });
const keysOf = async (query = "") => (await admin("GET", `${keysPath()}${query}`)).body;
/** The clock of everything here, moved on. */
const later = (milliseconds: number) =>
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + milliseconds });
const whoami = (key: string, on = env) => request(on, { key }, { path: "/v1/whoami" });

describe("a new key", () => {
  test("is shown once, works at once and has its scopes only", async () => {
    const answer = await makeKey({ scopes: ["read", "send"], expires_at: "2030-01-31T01:00:00+01:00" });
    expect(answer.status).toBe(200);
    const { id, key, ...rest } = answer.body.data;
    expect(id).toMatch(/^key_0_[\w-]{36}$/);
    expect(key).toMatch(/^pc_0_[0-9a-f]{48}$/);
    expect(rest).toEqual({
      name: "ci",
      prefix: key.slice(0, 9),
      scopes: ["read", "send"],
      expires_at: "2030-01-31T00:00:00.000Z",
      created_at: expect.stringMatching(/Z$/),
    });
    expect((await whoami(key)).body.data).toMatchObject({ user_id: org.user_id, key: { id, name: "ci" } });
    expectRefusal(await call({ key }, "PATCH", "/v1/org", { body: {} }), 403, "FORBIDDEN", /"configure"/);
    expect(JSON.stringify(await keysOf())).not.toContain(key);
  });

  test("is in the record by its digest only", async () => {
    const { key } = (await makeKey()).body.data;
    const rows = await env.DB.prepare("SELECT * FROM api_keys WHERE user_id = ?").bind(org.user_id).all();
    expect(rows.results.map(({ digest }) => digest)).toContain(sha256Hex(key));
    expect(JSON.stringify(rows.results)).not.toContain(key.slice("pc_0_".length));
  });

  test.each([
    [{ scopes: [] }, /scopes must name at least one/],
    [{ scopes: ["read", "read"] }, /must not repeat a scope/],
    [{ scopes: ["admin"] }, /must be one of report, read, send, configure/],
    [{ scopes: "read" }, /scopes must be an array/],
    [{ name: " " }, /name/],
    [{ expires_at: "2020-01-01T00:00:00Z" }, /expires_at must be in the future/],
    [{ expires_at: "tomorrow" }, /expires_at must be a time with its zone/],
    [{ expires_at: "2030-13-01T00:00:00Z" }, /expires_at must be a time with its zone/],
    [{ expires: "2030-01-01T00:00:00Z" }, /did you mean "expires_at"/],
  ])("is refused with %j", async (body, message) => {
    expectRefusal(await makeKey(body), 400, "invalid_parameter", message);
    expect((await keysOf()).data).toHaveLength(1);
  });

  test("is one of a hundred that are live; revoked and expired ones don't count", async () => {
    const expires_at = new Date(Date.now() + 60_000).toISOString();
    const { body } = await makeKey({ expires_at });
    for (let n = 3; n <= 100; n++) expect((await makeKey()).status).toBe(200);
    expectRefusal(await makeKey(), 409, "CONFLICT", /100 keys of this org are live/);
    await admin("DELETE", `/keys/${body.data.id}`);
    expect((await makeKey({ expires_at })).status).toBe(200);
    expect((await makeKey()).status).toBe(409);
    later(60_001);
    expect((await makeKey()).status).toBe(200);
  });
});

describe("keys", () => {
  test("are listed with what is known of them, the newest first, in pages", async () => {
    const made = [await makeKey({ name: "a" }), await makeKey({ name: "b" })];
    await admin("DELETE", `/keys/${made[0]?.body.data.id}`);
    const first = await keysOf("?limit=2");
    const second = await keysOf(`?limit=2&cursor=${first.next_cursor}`);
    const all = [...first.data, ...second.data];
    expect(all.map(({ name }) => name).sort()).toEqual(["a", "b", "first"]);
    expect(all.map(({ created_at }) => created_at)).toEqual(
      all
        .map(({ created_at }) => created_at)
        .toSorted()
        .toReversed(),
    );
    expect(second.next_cursor).toBeNull();
    expect(all.find(({ name }) => name === "a")).toEqual({
      id: made[0]?.body.data.id,
      name: "a",
      prefix: made[0]?.body.data.prefix,
      scopes: ["read"],
      created_at: expect.stringMatching(/Z$/),
      expires_at: null,
      last_used_at: null,
      revoked_at: expect.stringMatching(/Z$/),
    });
    expectRefusal(await admin("GET", `${keysPath()}?cursor=x`), 400, "invalid_parameter", /cursor/);
  });

  test("of another org are not among them", async () => {
    const other = await newOrg();
    const { data } = (await admin("GET", `/orgs/${other.user_id}/keys`)).body;
    expect(data).toHaveLength(1);
    expect(other.key.startsWith(data[0].prefix)).toBe(true);
  });
});

describe("a revoked key", () => {
  test("is refused within half a minute by those who know it, and at once by others; again is the same", async () => {
    const { id, key } = (await makeKey()).body.data;
    expect((await whoami(key)).status).toBe(200);
    for (let times = 1; times <= 2; times++)
      expect(await admin("DELETE", `/keys/${id}`)).toMatchObject({
        status: 200,
        body: { data: { id, deleted: true } },
      });
    const [revoked_at] = (await keysOf()).data.flatMap((entry: { id: string; revoked_at: string }) =>
      entry.id === id ? [entry.revoked_at] : [],
    );
    later(30_001);
    expectRefusal(await whoami(key), 401, "AUTH_FAILURE");
    await admin("DELETE", `/keys/${id}`);
    expect((await keysOf()).data).toContainEqual(expect.objectContaining({ id, revoked_at }));
  });

  test.each(["key_0_none", "key_7_none", "none"])("that never was is not found: %s", async (id) => {
    expectRefusal(await admin("DELETE", `/keys/${id}`), 404, "NOT_FOUND", `There is no key "${id}".`);
  });
});

test("an expired key is refused as an unknown one is", async () => {
  const expires_at = new Date(Date.now() + 60_000).toISOString();
  const { key } = (await makeKey({ expires_at })).body.data;
  expect((await whoami(key)).status).toBe(200);
  later(60_001);
  const { text } = await whoami(key);
  expect(text).toBe((await whoami("pc_0_unknown")).text);
});

describe("a key's last use", () => {
  const lastUse = async (key: string) =>
    env.DB.prepare("SELECT last_used_at FROM api_keys WHERE digest = ?")
      .bind(sha256Hex(key))
      .first<number>("last_used_at");

  test("is written for one row an hour, however often it is used", async () => {
    let rows = 0;
    const DB = meter(env.DB, ({ rows_written }) => {
      rows += rows_written;
    });
    const { key } = (await makeKey()).body.data;
    for (let n = 0; n < 5; n++) await whoami(key, { ...env, DB });
    expect(rows).toBe(1);
    expect(await lastUse(key)).toBeGreaterThan(Date.now() - 60_000);
    expect((await keysOf()).data[0].last_used_at).toMatch(/Z$/);
    later(31_000);
    await whoami(key, { ...env, DB });
    expect(rows).toBe(1);
    later(3_600_000);
    for (let n = 0; n < 5; n++) await whoami(key, { ...env, DB });
    expect(rows).toBe(2);
    expect(await lastUse(key)).toBe(Date.now());
  });

  test("is not noted of a key that is refused", async () => {
    const { id, key } = (await makeKey()).body.data;
    await admin("DELETE", `/keys/${id}`);
    expect((await whoami(key)).status).toBe(401);
    expect(await lastUse(key)).toBeNull();
  });

  test("that can't be written fails no request, and is written after the next look-up", async () => {
    const { key } = (await makeKey()).body.data;
    const DB = databaseRefusing((query) => query.includes("SET last_used_at"), "D1_ERROR: overloaded");
    expect((await whoami(key, { ...env, DB })).status).toBe(200);
    expect(await lastUse(key)).toBeNull();
    later(31_000);
    expect((await whoami(key)).status).toBe(200);
    expect(await lastUse(key)).toBe(Date.now());
  });
});
