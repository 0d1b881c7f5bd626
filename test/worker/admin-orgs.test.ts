/** Orgs that the operator makes: they work at once, and their name and limits are kept as they were set. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { admin, newOrg } from "../support/admin.ts";
import { envWithLosingQueues, request } from "../support/handlers.ts";
import { call, endedLogOf, expectRefusal, makeOrg, receiver, reportCall } from "../support/words.ts";

const NO_LIMITS = { reports_per_minute: null, stored_gb: null };

describe("a new org", () => {
  test("is answered with its id, its secret and a first key of every scope", async () => {
    const answer = await admin("POST", "/orgs", { name: "Zoë's calls" });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      data: {
        user_id: expect.stringMatching(/^org_0_[\w-]{36}$/),
        name: "Zoë's calls",
        signing_secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/),
        key: {
          id: expect.stringMatching(/^key_0_[\w-]{36}$/),
          key: expect.stringMatching(/^pc_0_[0-9a-f]{48}$/),
          name: "first",
          prefix: expect.stringMatching(/^pc_0_[0-9a-f]{4}$/),
          scopes: ["report", "read", "send", "configure"],
          expires_at: null,
          created_at: expect.stringMatching(/^\d{4}-.*Z$/),
        },
      },
      errors: null,
    });
    const { key } = answer.body.data;
    expect(key.key.startsWith(key.prefix)).toBe(true);
  });

  test("works at once: its key reports a call, and its receiver gets it, signed with its secret", async () => {
    const crm = await receiver(200);
    const org = await newOrg();
    const { call_id } = await reportCall(org, { webhook: crm.url });
    expect(await endedLogOf(org, call_id)).toMatchObject({ status: "delivered", user_id: org.user_id });
    const [received] = await crm.received();
    const signing = await crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(org.secret),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["verify"],
    );
    const signature = Uint8Array.fromHex(received?.headers["x-webhook-signature"] ?? "");
    const body = new TextEncoder().encode(received?.body);
    expect(await crypto.subtle.verify("HMAC", signing, signature, body)).toBe(true);
  });

  test("is in the record with its secret and its key, or not at all", async () => {
    const rowsAfter = async (name: string) => {
      const tables = ["orgs", "signing_secrets", "api_keys"].map((table) =>
        env.DB.prepare(
          `SELECT count(*) AS n FROM ${table} WHERE user_id IN (SELECT user_id FROM orgs WHERE name = ?)`,
        ).bind(name),
      );
      return (await env.DB.batch<{ n: number }>(tables)).map(({ results }) => results[0]?.n);
    };
    await newOrg("whole");
    expect(await rowsAfter("whole")).toEqual([1, 1, 1]);
    await env.DB.prepare(
      "CREATE TRIGGER keyless BEFORE INSERT ON api_keys BEGIN SELECT RAISE(ABORT, 'no keys'); END",
    ).run();
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    expect((await admin("POST", "/orgs", { name: "half" })).status).toBe(500);
    error.mockRestore();
    await env.DB.prepare("DROP TRIGGER keyless").run();
    expect(await rowsAfter("half")).toEqual([0, 0, 0]);
  });

  test("keeps the limits it was made with", async () => {
    const limits = { reports_per_minute: 600, stored_gb: null };
    const { user_id } = (await admin("POST", "/orgs", { name: "Limited", limits })).body.data;
    expect((await admin("GET", `/orgs/${user_id}`)).body.data).toEqual({
      user_id,
      name: "Limited",
      created_at: expect.stringMatching(/Z$/),
      state: "active",
      limits: { reports_per_minute: 600, stored_gb: null },
      usage: { stored_bytes: 0, counted_at: null },
    });
  });

  test.each([
    [{}, /name/],
    [{ name: "" }, /name/],
    [{ name: "x".repeat(201) }, /name/],
    [{ name: "A", limits: { reports_per_minute: 0 } }, /limits\.reports_per_minute/],
    [{ name: "A", limits: { reports_per_minute: 1_000_001 } }, /limits\.reports_per_minute/],
    [{ name: "A", limits: { reports_per_minute: 1.5 } }, /limits\.reports_per_minute/],
    [{ name: "A", limits: { stored_gb: 0 } }, /limits\.stored_gb/],
    [{ name: "A", limits: { stored_gb: 1_001 } }, /limits\.stored_gb/],
    [{ name: "A", limits: { stored_mb: 1 } }, /stored_mb.*stored_gb/],
    [{ name: "A", suspended: true }, /suspended/],
  ])("is refused as %j", async (body, message) => {
    expectRefusal(await admin("POST", "/orgs", body), 400, "invalid_parameter", message);
  });
});

describe("an org", () => {
  test("is renamed, and its limits merge: null is the default again", async () => {
    const { user_id } = await newOrg();
    const patch = async (body: object) => (await admin("PATCH", `/orgs/${user_id}`, body)).body.data;
    expect(await patch({})).toMatchObject({ name: "Acme", limits: NO_LIMITS });
    expect(await patch({ limits: { reports_per_minute: 1_000_000, stored_gb: 0.001 } })).toMatchObject({
      limits: { reports_per_minute: 1_000_000, stored_gb: 0.001 },
    });
    const changed = await patch({ name: "Acme 2", limits: { stored_gb: null } });
    expect(changed).toMatchObject({
      name: "Acme 2",
      limits: { reports_per_minute: 1_000_000, stored_gb: null },
    });
    expect((await admin("GET", `/orgs/${user_id}`)).body.data).toEqual(changed);
  });

  test("is listed once, in pages", async () => {
    const made = [await newOrg(), await newOrg(), await newOrg()].map(({ user_id }) => user_id);
    const listed: string[] = [];
    for (let query = "?limit=2"; query !== ""; ) {
      const { data, next_cursor } = (await admin("GET", `/orgs${query}`)).body;
      expect(data.length).toBeLessThanOrEqual(2);
      listed.push(...data.map((org: { user_id: string }) => org.user_id));
      query = next_cursor === null ? "" : `?limit=2&cursor=${next_cursor}`;
    }
    expect(listed).toEqual(expect.arrayContaining(made));
    expect(new Set(listed).size).toBe(listed.length);
  });

  test("that is not there, or would be in a database that is not there, is not found; all alike", async () => {
    for (const id of ["org_0_none", "org_7_none", "none", "%00"])
      for (const [method, path, body] of [
        ["GET", `/orgs/${id}`],
        ["PATCH", `/orgs/${id}`, { name: "B" }],
        ["GET", `/orgs/${id}/keys`],
        ["POST", `/orgs/${id}/keys`, { name: "k", scopes: ["read"] }],
      ] as const) {
        const answer = await admin(method, path, body);
        const shown = JSON.stringify(decodeURIComponent(id));
        expectRefusal(answer, 404, "NOT_FOUND", `There is no org ${shown}.`);
      }
  });
});

test("an org's key may ask nothing of the operator's, whatever its scopes; nor may nobody", async () => {
  const org = await makeOrg();
  const requests = [
    ["GET", "/v1/admin/orgs"],
    ["POST", "/v1/admin/orgs"],
    ["GET", `/v1/admin/orgs/${org.user_id}`],
    ["PATCH", `/v1/admin/orgs/${org.user_id}`],
    ["GET", `/v1/admin/orgs/${org.user_id}/keys`],
    ["POST", `/v1/admin/orgs/${org.user_id}/keys`],
    ["DELETE", "/v1/admin/keys/key_0_none"],
  ] as const;
  for (const [method, path] of requests) {
    expectRefusal(await call(org, method, path), 403, "FORBIDDEN", /admin key/);
    expectRefusal(await call({ key: "pc_0_unknown" }, method, path), 401, "AUTH_FAILURE");
  }
});

test("without an admin key nobody is the operator", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const { env: shut } = envWithLosingQueues({
    ADMIN_KEY: "",
    PUBLIC_URL: "https://postcall.example.com",
  });
  for (const key of ["", env.ADMIN_KEY])
    expectRefusal(await request(shut, { key }, { path: "/v1/admin/orgs" }), 401, "AUTH_FAILURE");
  error.mockRestore();
});
