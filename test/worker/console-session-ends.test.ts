/** A session of the console ends: when it is signed out, with its key, with the secrets, with its org, and by itself. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { admin, newOrg, suspend, unsuspend } from "../support/admin.ts";
import { ownHeaders, sessionOf, signOut, whoami } from "../support/console.ts";
import { envWithLosingQueues, request, sweepOnce } from "../support/handlers.ts";
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

const tokensOf = async ({ user_id }: Org) =>
  (await env.DB.prepare("SELECT count(*) AS n FROM console_tokens WHERE user_id = ?")
    .bind(user_id)
    .first<number>("n")) ?? 0;

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
