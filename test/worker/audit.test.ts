/** The audit of an org: what its keys with `configure` and the operator changed, a row each, and no secret. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { admin, newOrg } from "../support/admin.ts";
import { databaseRefusing } from "../support/database.ts";
import { envWithLosingQueues, request, sweepOnce } from "../support/handlers.ts";
import { call, expectRefusal, makeKey, type Org, receiver, reportCall, rotate } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await newOrg();
});
afterEach(() => vi.restoreAllMocks());

const auditOf = async (of = org, query = "") => (await call(of, "GET", `/v1/org/audit${query}`)).body;
/** The actions and targets of an org, the oldest first. */
const actsOf = async (of = org): Promise<[string, string | null][]> =>
  (await auditOf(of)).data
    .map(({ action, target }: { action: string; target: string | null }) => [action, target])
    .reverse();

const DAY_MS = 86_400_000;

describe("the audit", () => {
  test("has who did what to what, when, and in which request", async () => {
    const headers = { "x-request-id": "request-1" };
    await call(org, "POST", "/v1/inbound/+14155550100", { body: { webhook: null }, headers });
    const { data } = (await admin("GET", `/orgs/${org.user_id}/keys`)).body;
    const [act, made] = (await auditOf()).data;
    expect(act).toEqual({
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      key_id: data[0].id,
      action: "POST /v1/inbound/{phone_number}",
      target: "+14155550100",
      request_id: "request-1",
    });
    expect(made).toMatchObject({ key_id: "admin", action: "POST /v1/admin/orgs", target: org.user_id });
  });

  test("has each act of a key with configure that succeeded, and no other request", async () => {
    const { url } = await receiver(200);
    await call(org, "PATCH", "/v1/org", { body: { name: "Acme 2" } });
    await call(org, "PATCH", "/v1/org", { body: { nmae: "Acme 3" } });
    await call(org, "PATCH", "/v1/endpoints", { body: { url: `${url}?token=hidden`, description: "CRM" } });
    await call(org, "POST", "/v1/endpoints/pause", { body: { url: `${url}?token=hidden#hidden` } });
    await call(org, "DELETE", `/v1/endpoints?url=${encodeURIComponent(`${url}?token=hidden`)}`);
    await call(org, "DELETE", "/v1/inbound/+14155550100");
    const rotated = (await rotate(org)).body.data;
    const { id } = (await call(org, "POST", "/v1/inboxes")).body.data;
    await call(org, "PATCH", `/v1/inboxes/${id}`, { body: { respond: {} } });
    await reportCall(org, { webhook: url });
    await call(org, "GET", "/v1/org");
    const reader = { ...org, key: await makeKey(org.user_id, { scopes: ["read"] }) };
    await call(reader, "PATCH", "/v1/org", { body: { name: "Acme 4" } });
    expect(await actsOf()).toEqual([
      ["POST /v1/admin/orgs", org.user_id],
      ["PATCH /v1/org", null],
      ["PATCH /v1/endpoints", url],
      ["POST /v1/endpoints/pause", url],
      ["DELETE /v1/endpoints", url],
      ["POST /v1/org/signing-secrets/rotate", rotated.id],
      ["POST /v1/inboxes", id],
      ["PATCH /v1/inboxes/{id}", id],
    ]);
    const { results } = await env.DB.prepare("SELECT * FROM audit WHERE user_id = ?").bind(org.user_id).all();
    const stored = JSON.stringify(results);
    for (const secret of ["hidden", rotated.secret, org.key, org.secret, env.ADMIN_KEY])
      expect(stored).not.toContain(secret);
  });

  test("has what the operator did to the org, and nothing of another org", async () => {
    const other = await newOrg();
    await admin("PATCH", `/orgs/${org.user_id}`, { limits: { stored_gb: 1 } });
    const { id } = (await admin("POST", `/orgs/${org.user_id}/keys`, { name: "k", scopes: ["read"] })).body
      .data;
    await admin("DELETE", `/keys/${id}`);
    await admin("DELETE", "/keys/key_0_none");
    expect((await auditOf()).data.map(({ key_id }: { key_id: string }) => key_id)).toEqual(
      Array(4).fill("admin"),
    );
    expect(await actsOf()).toEqual([
      ["POST /v1/admin/orgs", org.user_id],
      ["PATCH /v1/admin/orgs/{user_id}", org.user_id],
      ["POST /v1/admin/orgs/{user_id}/keys", id],
      ["DELETE /v1/admin/keys/{id}", id],
    ]);
    expect(await actsOf(other)).toEqual([["POST /v1/admin/orgs", other.user_id]]);
  });

  test("is listed in pages, the newest first, to keys with read", async () => {
    for (let n = 1; n <= 4; n++) await call(org, "PATCH", "/v1/org", { body: { name: `Acme ${n}` } });
    const pages = [await auditOf(org, "?limit=2")];
    while (pages.at(-1).next_cursor !== null)
      pages.push(await auditOf(org, `?limit=2&cursor=${pages.at(-1).next_cursor}`));
    expect(pages.map(({ data }) => data.length)).toEqual([2, 2, 1]);
    expect(pages.flatMap(({ data }) => data)).toEqual((await auditOf()).data);
    expectRefusal(await call(org, "GET", "/v1/org/audit?cursor=x"), 400, "invalid_parameter", /cursor/);
    const configurer = { ...org, key: await makeKey(org.user_id, { scopes: ["configure"] }) };
    expectRefusal(await call(configurer, "GET", "/v1/org/audit"), 403, "FORBIDDEN", /"read"/);
  });

  test("that can't be written undoes nothing: the log has it, and no secret", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const DB = databaseRefusing((query) => query.includes("INTO audit"), "D1_ERROR: disk full");
    const answer = await request({ ...env, DB }, org, {
      method: "PATCH",
      path: "/v1/org",
      body: { name: "Acme 2" },
    });
    expect(answer).toMatchObject({ status: 200, body: { data: { name: "Acme 2" } } });
    expect(error.mock.calls).toEqual([[expect.stringMatching(/"audit_unwritten".*"PATCH \/v1\/org"/)]]);
    expect(error.mock.calls.join()).not.toContain(org.key);
    expect(await actsOf()).toHaveLength(1);
  });
});

describe("after 400 days", () => {
  const addActs = (days: number, acts: number) =>
    env.DB.prepare(
      `INSERT INTO audit (user_id, at, id, key_id, action, request_id)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
       SELECT ?1, ?2, i, 'key', 'PATCH /v1/org', 'r' FROM n`,
    )
      .bind(org.user_id, Date.now() - days * DAY_MS, acts)
      .run();
  const sweep = () => sweepOnce(envWithLosingQueues().env);

  test("an act is removed by the sweep, and none before", async () => {
    vi.spyOn(console, "log").mockImplementation(() => {});
    await addActs(401, 1);
    await addActs(399, 1);
    await sweep();
    expect((await auditOf()).data).toHaveLength(2);
  });

  test("acts are removed a thousand at a time, and the sweep goes on with the orgs it has not come to", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    await addActs(401, 1_500);
    await env.DB.prepare(
      `INSERT INTO orgs (user_id, name, created_at)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) SELECT 'a' || i, 'n', 1 FROM n`,
    ).run();
    const removed = [];
    for (let n = 1; n <= 4; n++) {
      log.mockClear();
      await sweep();
      const [line] = log.mock.calls.flat().map((text) => JSON.parse(text));
      removed.push(line?.acts_removed ?? 0);
    }
    expect(removed).toEqual([0, 1_000, 500, 0]);
    expect((await auditOf()).data).toHaveLength(1);
  });
});
