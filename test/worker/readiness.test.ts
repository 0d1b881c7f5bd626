/** Whether the service is ready, how late it is, and what the sweep reports. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MIGRATIONS } from "../../src/record/migrations.ts";
import { LATENESS } from "../../src/record/readiness.ts";
import { fillDue } from "../support/fill.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  letTimePass,
  reportUnheard,
  request,
  sweepOnce,
} from "../support/handlers.ts";
import { meter } from "../support/meter.ts";
import {
  call,
  expectRefusal,
  logOf,
  makeKey,
  makeOrg,
  NOBODY,
  type Org,
  receiver,
} from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  await env.DB.batch(["webhook_logs", "sweep_walk"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
  org = await makeOrg();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The answer of an isolate that has not counted lately. */
const readyz = async (key = org.key) =>
  (await request({ ...env, DB: meter(env.DB, () => {}) }, { key }, { path: "/readyz" })).body.data;

/** Makes a call that is late by this long. Returns when it was due, from its log. */
async function lateCall({ of = org, lateMs = 61_000 } = {}) {
  const key = await reportUnheard(of, NOBODY);
  await letTimePass(key, lateMs);
  const { next_attempt_at: due } = await logOf(of, key.call_id);
  return { key, due: due as string };
}

describe("/readyz", () => {
  test("says how many of the key's own calls are late by more than the grace, and since when", async () => {
    expect(await readyz()).toEqual({
      status: "ok",
      overdue: 0,
      oldest_due: null,
      counted_all: true,
      floor_age_seconds: null,
    });
    const other = await makeOrg();
    await lateCall({ of: other, lateMs: 500_000 });
    await lateCall({ lateMs: 59_000 });
    const { due } = await lateCall({ lateMs: 90_000 });
    await lateCall({ lateMs: 61_000 });
    expect(await readyz()).toEqual({
      status: "ok",
      overdue: 2,
      oldest_due: due,
      counted_all: true,
      floor_age_seconds: null,
    });
    expect(await readyz(other.key)).toMatchObject({ overdue: 1 });
  });

  test("counts a call as overdue until its attempt is recorded, also once the sweep has claimed it", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    await letTimePass(key, 7_200_000);
    vi.spyOn(console, "log").mockImplementation(() => {});
    const { env: lossy } = envWithLosingQueues();
    await sweepOnce(lossy);
    expect(await readyz()).toMatchObject({ overdue: 1 });
    await handleAttempts(lossy, [key]);
    expect(await readyz()).toMatchObject({ overdue: 0, oldest_due: null });
  });

  test("has a negative age of the floor where a sweep's clock ran ahead", async () => {
    await env.DB.prepare(
      `INSERT INTO sweep_walk (id, floor, low, user_id, created_at, call_id, event) VALUES (1, ?1, 0, NULL, 0, '', '')
       ON CONFLICT DO UPDATE SET floor = ?1`,
    )
      .bind(Date.now() + 3_600_000)
      .run();
    const { floor_age_seconds } = (await call(org, "GET", "/readyz")).body.data;
    expect(floor_age_seconds).toBeLessThan(-3_500);
    await env.DB.prepare("DELETE FROM sweep_walk").run();
  });

  test("shows no figures without a key, with a bad one, and with one that may not read", async () => {
    await lateCall();
    const keys = ["", "pc_unknown", await makeKey(org.user_id, { expires_at: 1 })];
    for (const key of [...keys, await makeKey(org.user_id, { scopes: ["report", "send", "configure"] })]) {
      expect(await call({ key }, "GET", "/readyz")).toMatchObject({
        status: 200,
        text: '{"data":{"status":"ok"},"errors":null}',
      });
    }
    expect(await readyz(await makeKey(org.user_id, { scopes: ["read"] }))).toMatchObject({ overdue: 1 });
  });

  test("is answered 503 with Retry-After while the record is away, with a key and without", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const fail = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
    const statement = { bind: () => statement, first: fail, all: fail };
    const DB = { prepare: () => statement } as unknown as D1Database;
    for (const key of ["", org.key]) {
      const answer = await request({ ...env, DB }, { key }, { path: "/readyz" });
      expectRefusal(answer, 503, "UNAVAILABLE");
      expect(answer.headers.get("retry-after")).toBe("5");
    }
    expect(warn).toHaveBeenCalledTimes(2);
  });
});

describe("a database that lacks a migration", () => {
  const withMigrations = async (change: string) => {
    const before = (await env.DB.prepare("SELECT * FROM d1_migrations").all<{ id: number; name: string }>())
      .results;
    await env.DB.prepare(change).run();
    const answers = [await call({ key: "" }, "GET", "/readyz"), await call(org, "GET", "/readyz")];
    await env.DB.prepare("DELETE FROM d1_migrations").run();
    for (const { name } of before)
      await env.DB.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name).run();
    return answers;
  };

  test("is answered 503, which names it", async () => {
    const newest = MIGRATIONS.at(-1) ?? "";
    for (const answer of await withMigrations(`DELETE FROM d1_migrations WHERE name = '${newest}'`)) {
      expectRefusal(answer, 503, "UNAVAILABLE", `The database lacks ${newest}. Apply it with`);
      expect(answer.headers.get("retry-after")).toBe("5");
    }
    for (const answer of await withMigrations("DELETE FROM d1_migrations"))
      expectRefusal(answer, 503, "UNAVAILABLE", MIGRATIONS.join(", "));
    expect((await call(org, "GET", "/readyz")).status).toBe(200);
  });

  test("is one that was never migrated, too, whatever key is asked with", async () => {
    const never = { ...env, DB: env.NEVER_MIGRATED };
    for (const key of ["", `pc_${crypto.randomUUID()}`]) {
      const answer = await request(never, { key }, { path: "/readyz" });
      expectRefusal(answer, 503, "UNAVAILABLE", MIGRATIONS.join(", "));
    }
  });

  test("is found by a list that has each file of the folder", () => {
    expect(env.TEST_MIGRATIONS.map(({ name }) => name)).toEqual([...MIGRATIONS]);
  });
});

describe("what /readyz costs", () => {
  const rowsReadBy = async (key: string): Promise<number> => {
    let rows = 0;
    const DB = meter(env.DB, ({ rows_read }) => {
      rows += rows_read;
    });
    expect(await request({ ...env, DB }, { key }, { path: "/readyz" })).toMatchObject({ status: 200 });
    return rows;
  };

  test("is the same beside 5,000 ended logs, and two rows at most without a key", async () => {
    await lateCall();
    await rowsReadBy(org.key); // the key's lookup, which is kept for a while
    const [alone, unkeyed] = [await rowsReadBy(org.key), await rowsReadBy("")];
    await fillDue(org, { logs: 5_000, due: null });
    expect(await rowsReadBy(org.key)).toBe(alone);
    expect([unkeyed, await rowsReadBy("")]).toEqual([2, 2]);
  });

  test("is one count in ten seconds, whoever asks: what was counted for one org is there for the others", async () => {
    const other = await makeOrg();
    await lateCall();
    await lateCall({ of: other });
    let rows = 0;
    const DB = meter(env.DB, ({ rows_read }) => {
      rows += rows_read;
    });
    const ask = async ({ key }: Org) =>
      (await request({ ...env, DB }, { key }, { path: "/readyz" })).body.data;
    for (const { key } of [org, other]) await call({ key }, "GET", "/v1/org"); // their keys are known then
    const asked = [await ask(org), await ask(org), await ask(other)];
    expect(asked).toMatchObject([{ overdue: 1 }, { overdue: 1 }, { overdue: 1 }]);
    const before = rows;
    await fillDue(org, { logs: 1_000, due: -90_000 });
    expect(await ask(org)).toMatchObject({ overdue: 1 });
    expect(rows - before).toBe(1); // that the record answers is seen each time
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10_000 });
    expect(await ask(org)).toMatchObject({ overdue: 1_001 });
    vi.useRealTimers();
  });

  test("ends at 10,000 due logs, and the answer says that not all were counted", async () => {
    const other = await makeOrg();
    await fillDue(other, { logs: 10_500, due: -90_000 });
    expect(await readyz(other.key)).toMatchObject({ overdue: 10_000, counted_all: false });
    expect(await readyz()).toMatchObject({ overdue: 0, counted_all: false });
  });

  test("is met by the sweep's index and the logs' primary key alone", async () => {
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${LATENESS}`)
      .bind(0, 0)
      .all<{ detail: string }>();
    expect(results.map(({ detail }) => detail).filter((detail) => detail.includes("webhook_logs"))).toEqual([
      "SEARCH webhook_logs USING COVERING INDEX webhook_logs_sweep (sweep_at<?)",
    ]);
    expect(results.map(({ detail }) => detail)).toContainEqual(
      expect.stringMatching(/^SEARCH l USING PRIMARY KEY \(user_id=\? AND call_id=\? AND event=\?\)/),
    );
  });
});

describe("the sweep's line", () => {
  /** What one run of the sweep printed. */
  async function linesOfSweep(): Promise<unknown[]> {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    await sweepOnce(envWithLosingQueues().env);
    return log.mock.calls.map(([line]) => JSON.parse(String(line)));
  }

  test("counts what was swept, woken, removed and forgotten, and what is overdue still, of all orgs", async () => {
    const { due } = await lateCall({ lateMs: 90_000 });
    await lateCall({ of: await makeOrg() });
    await lateCall({ lateMs: 1_000 });
    expect(await linesOfSweep()).toEqual([
      {
        event: "sweep",
        swept: 2,
        ...{ woken: 0, removed: 0, forgotten: 0, erased: 0, acts_removed: 0, orgs_erased: 0 },
        overdue: 2,
        oldest_due: due,
        counted_all: true,
        floor_age_seconds: 60,
      },
    ]);
  });

  test("is not printed where there was nothing to do", async () => {
    await lateCall({ lateMs: 1_000 });
    expect(await linesOfSweep()).toEqual([]);
  });
});
