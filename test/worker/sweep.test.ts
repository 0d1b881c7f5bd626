/** The sweep: which logs it takes, when it takes the same log again, and what it does while other parts are down. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { writeMessage, writeWakeMessage } from "../../src/core/message.ts";
import type { AttemptKey } from "../../src/core/webhook-log.ts";
import { enable } from "../support/endpoints.ts";
import { envWithLosingQueues, handleAttempts, reportUnheard, sweepOnce } from "../support/handlers.ts";
import { logOf, makeOrg, NOBODY, type Org, receiver, reportCall } from "../support/words.ts";

const MINUTE_MS = 60_000;

let org: Org;
let now: number;
let linesPrinted: () => unknown[];
beforeEach(async () => {
  await env.DB.batch(["webhook_logs", "sweep_walk"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
  org = await makeOrg();
  now = Date.now();
  vi.spyOn(Date, "now").mockImplementation(() => now);
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  linesPrinted = () => log.mock.calls.map(([line]) => JSON.parse(String(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** In how many minutes the sweep takes a log. */
async function minutesToSweep({ call_id }: AttemptKey): Promise<number> {
  const sweepAt = await env.DB.prepare(
    "SELECT coalesce(sweep_at, next_attempt_at + 60000) AS sweep_at FROM webhook_logs WHERE user_id = ? AND call_id = ?",
  )
    .bind(org.user_id, call_id)
    .first<number>("sweep_at");
  return ((sweepAt ?? Number.NaN) - now) / MINUTE_MS;
}

/** An environment whose queues take nothing. */
function envWithoutQueues(): Env {
  const down = { sendBatch: () => Promise.reject(new Error("Queue is down")) } as unknown as Queue;
  return { ...env, DELIVERIES: down, RETRIES: down };
}

describe("the sweep", () => {
  test("takes a log again after intervals that double, up to an hour, and moves nothing but its time", async () => {
    const key = await reportUnheard(org, NOBODY);
    const before = await logOf(org, key.call_id);
    const { env: lossy, deliveries } = envWithLosingQueues();
    const intervals: number[] = [];
    for (let round = 0; round < 9; round++) {
      intervals.push(await minutesToSweep(key));
      now += (intervals.at(-1) ?? 0) * MINUTE_MS;
      await sweepOnce(lossy);
      await sweepOnce(lossy);
    }
    expect(intervals).toEqual([1, 1, 2, 4, 8, 16, 32, 60, 60]);
    expect(deliveries).toHaveLength(9);
    expect(await logOf(org, key.call_id)).toEqual(before);
  });

  test("takes a log again after its claims alone, however long the service was down before and between them", async () => {
    const key = await reportUnheard(org, NOBODY);
    const { env: lossy, deliveries } = envWithLosingQueues();
    const intervals: number[] = [];
    for (const downMinutes of [40, 300, 2_000]) {
      now += downMinutes * MINUTE_MS;
      await sweepOnce(lossy);
      intervals.push(await minutesToSweep(key));
    }
    expect(intervals).toEqual([1, 2, 4]);
    expect(deliveries.map(({ body }) => body)).toEqual(Array(3).fill(writeMessage(key)));
  });

  test("counts anew for the next attempt", async () => {
    const crm = await receiver(500);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    for (const minutes of [1, 1, 2, 4]) {
      now += minutes * MINUTE_MS;
      await sweepOnce(lossy);
    }
    expect(await minutesToSweep(key)).toBe(8);
    await handleAttempts(lossy, [key]);
    now += 40 * MINUTE_MS;
    await sweepOnce(lossy);
    expect(await minutesToSweep(key)).toBe(1);
  });

  test("takes up retries in their own lane", async () => {
    const crm = await receiver(500);
    const key = await reportUnheard(org, crm.url);
    await handleAttempts(envWithLosingQueues().env, [key]);
    now += 2 * MINUTE_MS;
    const { env: lossy, deliveries, retries } = envWithLosingQueues();
    await sweepOnce(lossy);
    expect(deliveries).toEqual([]);
    expect(retries).toMatchObject([{ body: { call_id: key.call_id, attempt: 2 } }]);
  });

  test("leaves calls alone that are delivered or have no webhook", async () => {
    const { call_id } = await reportCall(org);
    const { env: lossy, deliveries, retries } = envWithLosingQueues();
    await sweepOnce(lossy);
    expect([...deliveries, ...retries].filter(({ body }) => body.call_id === call_id)).toEqual([]);
  });
});

describe("while the queue is down", () => {
  test("the sweep claims nothing, and the first one afterwards takes up all that is late", async () => {
    const key = await reportUnheard(org, NOBODY);
    now += 40 * MINUTE_MS;
    const down = envWithoutQueues();
    for (let minute = 0; minute < 10; minute++) {
      await expect(sweepOnce(down)).rejects.toThrow("Queue is down");
      now += MINUTE_MS;
    }
    const { env: lossy, deliveries } = envWithLosingQueues();
    await sweepOnce(lossy);
    expect(deliveries.map(({ body }) => body)).toEqual([writeMessage(key)]);
    expect(await minutesToSweep(key)).toBe(1);
  });

  test("old logs are removed all the same, and the line says what failed", async () => {
    const crm = await receiver(410);
    const [gone, waiting] = [await reportUnheard(org, crm.url), await reportUnheard(org, crm.url)];
    const late = await reportUnheard(org, NOBODY);
    for (const key of [gone, waiting]) await handleAttempts(envWithLosingQueues().env, [key]);
    await enable(org, crm.url);
    await env.DB.prepare("UPDATE webhook_logs SET created_at = 1 WHERE call_id = ?").bind(gone.call_id).run();
    now += 2 * MINUTE_MS;
    await expect(sweepOnce(envWithoutQueues())).rejects.toThrow("Queue is down");
    expect(linesPrinted()).toEqual([
      {
        ...{ event: "sweep", swept: 0, woken: 0, removed: 1, forgotten: 0, erased: 0 },
        ...{ acts_removed: 0, orgs_erased: 0 },
        ...{
          overdue: 1,
          oldest_due: new Date(now - 2 * MINUTE_MS).toISOString(),
          counted_all: true,
          floor_age_seconds: 60,
        },
        error: "sweep: Queue is down; wake: Queue is down",
      },
    ]);
    expect(await logOf(org, gone.call_id)).toBeNull();
    now += MINUTE_MS;
    const { env: lossy, deliveries, retries } = envWithLosingQueues();
    await sweepOnce(lossy);
    expect(deliveries.map(({ body }) => body)).toEqual([writeMessage(late)]);
    expect(retries.map(({ body }) => body)).toEqual([
      writeWakeMessage({ user_id: org.user_id, url: crm.url }),
    ]);
  });
});

test("while the record is away the sweep says so, and rejects", async () => {
  const fail = () => Promise.reject(new Error("D1_ERROR: Network connection lost."));
  const statement = { bind: () => statement, all: fail, first: fail, run: fail };
  const DB = { prepare: () => statement, batch: fail } as unknown as D1Database;
  await expect(sweepOnce(envWithLosingQueues({ DB }).env)).rejects.toThrow("Network connection lost");
  expect(linesPrinted()).toEqual([
    {
      ...{ event: "sweep", swept: 0, woken: 0, removed: 0, forgotten: 0, erased: 0, acts_removed: 0 },
      ...{ orgs_erased: 0, database_bytes: null },
      error: [
        "trial write",
        "removal",
        "forgetting",
        "erasure",
        "erasure of orgs",
        "audit",
        "usage",
        "lateness",
      ]
        .map((part) => `${part}: D1_ERROR: Network connection lost.`)
        .join("; "),
    },
  ]);
});
