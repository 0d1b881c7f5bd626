/** Who may ask for what: an org's key, the admin key, and neither. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { envWithLosingQueues, request } from "../support/handlers.ts";
import { call, expectRefusal, makeKey, makeOrg } from "../support/words.ts";

const ADMIN = { key: env.ADMIN_KEY };

describe("whoami", () => {
  test("tells an org's key what it is, whatever its scopes", async () => {
    const org = await makeOrg();
    const key = await makeKey(org.user_id, { scopes: ["report"], expires_at: Date.UTC(2030, 0, 1) });
    expect((await call({ key }, "GET", "/v1/whoami")).body).toEqual({
      data: {
        kind: "org",
        user_id: org.user_id,
        name: "Test",
        key: {
          id: expect.stringMatching(/^key_/),
          name: "test",
          prefix: "pc_",
          scopes: ["report"],
          expires_at: "2030-01-01T00:00:00.000Z",
        },
      },
      errors: null,
    });
  });

  test("tells the admin key that it is the operator's, bare and as a bearer", async () => {
    const operator = { kind: "admin", user_id: null, name: null, key: null };
    expect((await call(ADMIN, "GET", "/v1/whoami")).body.data).toEqual(operator);
    const bearer = { key: `Bearer ${env.ADMIN_KEY}` };
    expect((await call(bearer, "GET", "/v1/whoami")).body.data).toEqual(operator);
  });
});

describe("the admin key", () => {
  test("is refused on an org's routes", async () => {
    expectRefusal(await call(ADMIN, "GET", "/v1/org"), 403, "FORBIDDEN", /for an org's API key/);
  });

  test.each(["", "short", "x".repeat(31)])(
    "that is missing or short (%j) opens nothing, and the rest works; the log says why",
    async (ADMIN_KEY) => {
      const error = vi.spyOn(console, "error").mockImplementation(() => {});
      const { env: shut } = envWithLosingQueues({ ADMIN_KEY, PUBLIC_URL: "https://postcall.example.com" });
      const org = await makeOrg();
      expect((await request(shut, org, { path: "/v1/org" })).status).toBe(200);
      for (const key of [ADMIN_KEY, env.ADMIN_KEY])
        expectRefusal(await request(shut, { key }, { path: "/v1/whoami" }), 401, "AUTH_FAILURE");
      expect(error.mock.calls).toEqual([[expect.stringMatching(/"admin_api_shut".*ADMIN_KEY must be/)]]);
      error.mockRestore();
    },
  );
});

test("a key that names a database that is not there is unknown", async () => {
  expectRefusal(await call({ key: "pc_7_0123456789abcdef" }, "GET", "/v1/org"), 401, "AUTH_FAILURE");
});
