/**
 * A database that can be read and not written, as one that is full: what can't be recorded is not sent, an isolate
 * sends no batch more than those under way, and whoever asks learns of it.
 */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { databaseRefusing } from "../../support/database.ts";
import { wakeAndDeliver } from "../../support/endpoints.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  letTimePass,
  reportUnheard,
  request,
  sweepOnce,
} from "../../support/handlers.ts";
import {
  attemptsIn,
  expectRefusal,
  logOf,
  makeOrg,
  newCallId,
  type Org,
  receiver,
} from "../../support/words.ts";

const FULL = "D1_ERROR: database or disk is full: SQLITE_FULL";

let org: Org;
let printed: string[];
beforeEach(async () => {
  org = await makeOrg();
  printed = [];
  vi.spyOn(console, "log").mockImplementation((line) => void printed.push(String(line)));
  for (const method of ["error", "warn"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The test's database, which refuses every write that grows it while `full` is set. It lets rows be removed. */
function fillableDatabase() {
  const state = { full: false };
  const isRefused = (query: string) => state.full && /^\s*(INSERT|UPDATE)/.test(query);
  return { DB: databaseRefusing(isRefused, FULL), state };
}

describe("while the database takes no writes", () => {
  test("one batch is sent, the following ones are not; afterwards each call is recorded, and sent once", async () => {
    const { DB, state } = fillableDatabase();
    const { env: lossy } = envWithLosingQueues({ DB });
    const crm = await receiver(200);
    const [first, second] = [await reportUnheard(org, crm.url), await reportUnheard(org, crm.url)];
    state.full = true;
    expect(await handleAttempts(lossy, [first])).toEqual([2]);
    expect(await handleAttempts(lossy, [second])).toEqual([30]);
    expect(await handleAttempts(lossy, [first, second])).toEqual([2, 30]);
    expect(await crm.received()).toHaveLength(1);
    expect(await attemptsIn(org)).toBe(0);
    state.full = false;
    expect(await handleAttempts(lossy, [first, second])).toEqual(["ack", "ack"]);
    expect(await crm.received()).toHaveLength(2);
    for (const { call_id } of [first, second])
      expect(await logOf(org, call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
  });

  test("an isolate that has not tried yet sends one batch too", async () => {
    const { DB, state } = fillableDatabase();
    const crm = await receiver(200);
    const keys = [await reportUnheard(org, crm.url), await reportUnheard(org, crm.url)];
    state.full = true;
    expect(await handleAttempts(envWithLosingQueues({ DB }).env, keys)).toEqual([2, 2]);
    const other = fillableDatabase();
    other.state.full = true;
    const isolate = envWithLosingQueues({ DB: other.DB }).env;
    for (let batch = 0; batch < 3; batch++) expect(await handleAttempts(isolate, keys)).toEqual([2, 2]);
    expect(await crm.received()).toHaveLength(2); // their objects remember them
  });

  test.each(["a held call", "a call to be parked"])(
    "%s that is due keeps no made attempt from being looked up",
    async (kind) => {
      const { DB, state } = fillableDatabase();
      const { env: lossy } = envWithLosingQueues({ DB });
      const [crm, other] = [await receiver(200), await receiver(200)];
      const [made, beside] = [await reportUnheard(org, crm.url), await reportUnheard(org, other.url)];
      if (kind === "a held call")
        await env.DB.prepare("UPDATE webhook_logs SET status = 'held' WHERE call_id = ?")
          .bind(beside.call_id)
          .run();
      else
        await env.DB.prepare(
          `INSERT INTO endpoints (user_id, url, state, version, consecutive_failures, first_failure_at)
         VALUES (?, ?, 'degraded', 'v', 5, 1)`,
        )
          .bind(org.user_id, other.url)
          .run();
      state.full = true;
      expect(await handleAttempts(lossy, [made])).toEqual([2]);
      for (let batch = 0; batch < 2; batch++)
        expect(await handleAttempts(lossy, [beside, made])).toEqual([30, 2]);
      expect([await crm.received(), await other.received()]).toMatchObject([[{}], []]);
      state.full = false;
      expect(await handleAttempts(lossy, [beside, made])).toEqual(["ack", "ack"]);
      await wakeAndDeliver(org, other.url);
      expect([await crm.received(), await other.received()]).toMatchObject([[{}], [{}]]);
      for (const { call_id } of [made, beside])
        expect(await logOf(org, call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
    },
  );

  test("a held call that can't be released for another reason comes back in five seconds, and its batch goes on", async () => {
    const isReleasing = (query: string) =>
      query.includes("SET status = 'pending', reason = NULL FROM json_each");
    const DB = databaseRefusing(isReleasing, "D1_ERROR: refused by the test");
    const crm = await receiver(200);
    const [held, other] = [await reportUnheard(org, crm.url), await reportUnheard(org, crm.url)];
    await env.DB.prepare("UPDATE webhook_logs SET status = 'held' WHERE call_id = ?")
      .bind(held.call_id)
      .run();
    expect(await handleAttempts(envWithLosingQueues({ DB }).env, [held, other])).toEqual([5, "ack"]);
    expect(await logOf(org, other.call_id)).toMatchObject({ status: "delivered" });
    expect(await logOf(org, held.call_id)).toMatchObject({ status: "held", metadata: [] });
    expect(await handleAttempts(envWithLosingQueues().env, [held])).toEqual(["ack"]);
    expect(await crm.received()).toHaveLength(2);
  });

  test("a report is answered 503 and leaves nothing behind", async () => {
    const { DB, state } = fillableDatabase();
    state.full = true;
    const { env: lossy, deliveries } = envWithLosingQueues({ DB });
    const call_id = newCallId();
    const body = { payload: { call_id }, webhook: "http://127.0.0.1:1/" };
    const answer = await request(lossy, org, { method: "POST", path: "/v1/postcall/calls", body });
    expectRefusal(answer, 503, "UNAVAILABLE");
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(deliveries).toEqual([]);
    expect(await logOf(org, call_id)).toBeNull();
  });

  test("the sweep enqueues nothing, removes what is old, and its line says so with the database's size", async () => {
    const { DB, state } = fillableDatabase();
    const crm = await receiver(200);
    const [late, old] = [await reportUnheard(org, crm.url), await reportUnheard(org, crm.url)];
    await handleAttempts(envWithLosingQueues().env, [old]);
    await env.DB.prepare("UPDATE webhook_logs SET created_at = 1 WHERE call_id = ?").bind(old.call_id).run();
    await letTimePass(late, 120_000);
    state.full = true;
    const { env: lossy, deliveries } = envWithLosingQueues({ DB });
    await expect(sweepOnce(lossy)).rejects.toThrow("SQLITE_FULL");
    expect(deliveries).toEqual([]);
    expect(JSON.parse(printed.at(-1) ?? "")).toMatchObject({
      ...{ event: "sweep", swept: 0, removed: 1, overdue: 1, database_bytes: expect.any(Number) },
      error: `trial write: ${FULL}`,
    });
    state.full = false;
    await sweepOnce(lossy);
    expect(deliveries).toMatchObject([{ body: { call_id: late.call_id } }]);
  });

  test("/readyz is answered 503, which says so with the database's size", async () => {
    const { DB, state } = fillableDatabase();
    state.full = true;
    for (const key of ["", org.key]) {
      const answer = await request({ ...env, DB }, { key }, { path: "/readyz" });
      expectRefusal(answer, 503, "UNAVAILABLE", `The database takes no writes: ${FULL}. It holds `);
      expect(answer.text).toMatch(/It holds \d{5,} bytes\./);
    }
  });

  test("/readyz tries it once in ten seconds, whoever asks", async () => {
    let trials = 0;
    const DB = {
      prepare: (query: string) => env.DB.prepare(query),
      batch: (statements: D1PreparedStatement[]) => {
        trials++;
        return env.DB.batch(statements);
      },
    } as unknown as D1Database;
    for (let asked = 0; asked < 5; asked++)
      expect(await request({ ...env, DB }, { key: "" }, { path: "/readyz" })).toMatchObject({ status: 200 });
    expect(trials).toBe(1);
  });
});
