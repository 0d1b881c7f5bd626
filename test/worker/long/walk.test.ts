/** The sweep's walk: a first attempt whose message is lost is found once it is late, whatever the clocks and commits do. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { writeMessage } from "../../../src/core/message.ts";
import { walkStep } from "../../../src/record/walk.ts";
import { fillUnmarked } from "../../support/fill.ts";
import {
  databaseOnceOpened,
  envWithLosingQueues,
  handleAttempts,
  reportUnheard,
  request,
  sweepOnce,
} from "../../support/handlers.ts";
import { meter } from "../../support/meter.ts";
import { interrupted, rowOf, swept, unmarked } from "../../support/walk.ts";
import { logOf, makeOrg, NOBODY, newCallId, type Org, receiver } from "../../support/words.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

let org: Org;
let now: number;
beforeEach(async () => {
  const tables = ["webhook_logs", "sweep_walk", "orgs"];
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
  org = await makeOrg();
  now = 1_800_000_000_000;
  vi.spyOn(Date, "now").mockImplementation(() => now);
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const reportAt = async (time: number) => {
  const before = now;
  now = time;
  const key = await reportUnheard(org, NOBODY);
  now = before;
  return key;
};

describe("a call whose message is lost", () => {
  test("is enqueued by the first sweep that finds it late, and not before", async () => {
    const key = await reportUnheard(org, NOBODY);
    expect(await rowOf(key.call_id)).toEqual({ created_at: now, sweep_at: null });
    now += MINUTE_MS - 1;
    expect(await swept()).toEqual([]);
    now += 1;
    expect(await swept()).toEqual([writeMessage(key)]);
    expect(await swept()).toEqual([]);
  });

  test("is enqueued after an outage of days, with all that was reported before it", async () => {
    await swept();
    const keys = [];
    for (let day = 0; day < 5; day++) {
      keys.push(await reportUnheard(org, NOBODY));
      now += DAY_MS;
    }
    expect(await swept()).toEqual(keys.map(writeMessage));
  });

  test("is found beside delivered ones, which are left as they are", async () => {
    const crm = await receiver(200);
    const [fine, lost] = [await reportUnheard(org, crm.url), await reportUnheard(org, NOBODY)];
    await handleAttempts(envWithLosingQueues().env, [fine]);
    now += MINUTE_MS;
    expect(await swept()).toEqual([writeMessage(lost)]);
    expect(await rowOf(fine.call_id)).toMatchObject({ sweep_at: null });
    expect(await logOf(org, fine.call_id)).toMatchObject({ status: "delivered" });
  });
});

describe("nothing lands behind the floor", () => {
  test("when a clock is behind, or an insert commits late: the log is created above the floor, and the answer says so", async () => {
    now += 10 * MINUTE_MS;
    await swept();
    const floor = now - MINUTE_MS;
    const behind = await reportAt(now - 5 * MINUTE_MS);
    expect(await rowOf(behind.call_id)).toMatchObject({ created_at: floor + 1 });
    expect(await logOf(org, behind.call_id)).toMatchObject({ created_at: new Date(floor + 1).toISOString() });
    now += 1;
    expect(await swept()).toEqual([writeMessage(behind)]);
  });

  test("when the sweep's clock was ahead: calls reported meanwhile are found once the time has come", async () => {
    now += 10 * MINUTE_MS;
    await swept();
    now -= 10 * MINUTE_MS;
    const keys = [await reportUnheard(org, NOBODY), await reportUnheard(org, NOBODY)];
    now += 2 * MINUTE_MS;
    expect(await swept()).toEqual([]);
    now += 9 * MINUTE_MS;
    expect(new Set((await swept()).map((body) => JSON.stringify(body)))).toEqual(
      new Set(keys.map((key) => JSON.stringify(writeMessage(key)))),
    );
  });

  test("when the sweep's clock is behind: the floor does not fall, and a call below it is not passed over", async () => {
    await swept();
    const floorOf = () => env.DB.prepare("SELECT floor FROM sweep_walk").first<number>("floor");
    const floor = await floorOf();
    const key = await reportUnheard(org, NOBODY);
    now -= 5 * MINUTE_MS;
    expect(await swept()).toEqual([]);
    expect(await floorOf()).toBe(floor);
    now += 6 * MINUTE_MS;
    expect(await swept()).toEqual([writeMessage(key)]);
  });

  test("when an isolate's clock is ahead: its call is found once the sweep has come to that time", async () => {
    const ahead = await reportAt(now + 3 * MINUTE_MS);
    now += 2 * MINUTE_MS;
    expect(await swept()).toEqual([]);
    now += 2 * MINUTE_MS;
    expect(await swept()).toEqual([writeMessage(ahead)]);
  });

  test("the answer to a report tells the time that is in the record", async () => {
    now += 10 * MINUTE_MS;
    await swept();
    now -= 5 * MINUTE_MS;
    const call_id = newCallId();
    const body = { payload: { call_id }, webhook: NOBODY };
    const { env: lossy } = envWithLosingQueues();
    const answer = await request(lossy, org, { method: "POST", path: "/v1/postcall/calls", body });
    expect(answer.body.data.created_at).toBe((await logOf(org, call_id)).created_at);
  });
});

describe("a floor", () => {
  test("that is lost starts at 0: all logs are walked once more", async () => {
    const key = await reportUnheard(org, NOBODY);
    now += 10 * MINUTE_MS;
    await env.DB.prepare("DELETE FROM sweep_walk").run();
    expect(await swept()).toEqual([writeMessage(key)]);
  });

  test("that is old, as after a restore, makes the next walk longer", async () => {
    await swept();
    const before = await env.DB.prepare("SELECT * FROM sweep_walk").first<{ floor: number }>();
    const key = await reportUnheard(org, NOBODY);
    now += 10 * MINUTE_MS;
    await sweepOnce(envWithLosingQueues().env);
    await env.DB.batch([
      env.DB.prepare("UPDATE sweep_walk SET floor = ?").bind(before?.floor ?? 0),
      env.DB.prepare("UPDATE webhook_logs SET sweep_at = NULL, swept_at = NULL"),
    ]);
    now += 1;
    expect(await swept()).toEqual([writeMessage(key)]);
  });
});

describe("a walk", () => {
  /** The rows that one step reads and writes. */
  async function stepCost() {
    const cost = { rows_read: 0, rows_written: 0 };
    const db = meter(env.DB, ({ rows_read, rows_written }) => {
      cost.rows_read += rows_read;
      cost.rows_written += rows_written;
    });
    const { isAtEnd } = await walkStep(db, { now, sweepGraceMs: MINUTE_MS });
    return { ...cost, isAtEnd };
  }

  test("over 10,000 orgs goes in steps of 1,000, and reads two rows an org", async () => {
    await env.DB.prepare(
      `INSERT INTO orgs (user_id, name, created_at)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) SELECT 'org-' || i, 'n', i FROM n`,
    ).run();
    const last = await env.DB.prepare("SELECT max(user_id) AS user_id FROM orgs").first<Org>();
    await fillUnmarked({ user_id: last?.user_id ?? "" }, { logs: 1, at: now });
    now += MINUTE_MS;
    const costs = [];
    do costs.push(await stepCost());
    while (costs.at(-1)?.isAtEnd === false);
    expect(costs).toHaveLength(11);
    for (const { rows_read } of costs) expect(rows_read).toBeLessThan(2_100);
    expect(await unmarked()).toBe(0);
  });

  test("over one org's 5,000 logs of one and the same time goes in steps of 1,000, and reads each about once", async () => {
    const before = 5_000;
    await fillUnmarked(org, { logs: before, at: now });
    const other = await makeOrg();
    await fillUnmarked(other, { logs: 3, at: now });
    await env.DB.prepare("UPDATE webhook_logs SET next_attempt_at = NULL WHERE call_id <> 'fill-3'").run();
    now += MINUTE_MS;
    const costs = [];
    do costs.push(await stepCost());
    while (costs.at(-1)?.isAtEnd === false);
    for (const { rows_read, rows_written } of costs) {
      expect(rows_read).toBeLessThan(3_100);
      expect(rows_written).toBeLessThan(10);
    }
    expect(costs.reduce((sum, { rows_read }) => sum + rows_read, 0)).toBeLessThan(3 * before);
    expect(await unmarked()).toBe(0);
  });

  test("goes on where the last sweep left it, also if two sweeps run at once", async () => {
    await fillUnmarked(org, { logs: 2_500, at: now });
    now += MINUTE_MS;
    await Promise.all([stepCost(), stepCost()]);
    expect(await unmarked()).toBeGreaterThan(0);
    now += MINUTE_MS; // a later floor must not take the place of the one that is walked up to
    await Promise.all([sweepOnce(envWithLosingQueues().env), sweepOnce(envWithLosingQueues().env)]);
    await sweepOnce(envWithLosingQueues().env);
    expect(await unmarked()).toBe(0);
  });

  test("that another sweep has overtaken, and begun anew, does not make that one pass over anything", async () => {
    const late = await makeOrg({ user_id: "org_0" }); // before the other org in the walk
    await fillUnmarked(org, { logs: 1_500, at: now });
    now += MINUTE_MS;
    const overtaken = interrupted(async () => {
      await swept();
      await fillUnmarked(late, { logs: 1, at: now });
      now += 2 * MINUTE_MS;
      await env.DB.prepare(
        "UPDATE sweep_walk SET low = floor, floor = ?, user_id = '', created_at = 0, call_id = '', event = ''",
      )
        .bind(now - MINUTE_MS)
        .run();
    });
    await walkStep(overtaken, { now, sweepGraceMs: MINUTE_MS });
    await swept();
    expect(await unmarked()).toBe(0);
  });

  test("leaves a log alone that another sweep has claimed between its reading and its writing", async () => {
    const key = await reportUnheard(org, NOBODY);
    now += MINUTE_MS;
    await walkStep(interrupted(swept), { now, sweepGraceMs: MINUTE_MS });
    expect(await rowOf(key.call_id)).toMatchObject({ sweep_at: now + MINUTE_MS });
  });

  test("that fails in the middle is repeated from where it was", async () => {
    await fillUnmarked(org, { logs: 10, at: now });
    now += MINUTE_MS;
    const db = databaseOnceOpened(() => Promise.reject(new Error("D1_ERROR: away")));
    await expect(walkStep(db, { now, sweepGraceMs: MINUTE_MS })).rejects.toThrow("away");
    expect(await unmarked()).toBe(10);
    await walkStep(env.DB, { now, sweepGraceMs: MINUTE_MS });
    expect(await unmarked()).toBe(0);
  });
});
