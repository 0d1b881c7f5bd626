/**
 * The last dead-letter round: what the call's object still knows is recorded, and a late outcome does not undo a
 * reported failure.
 */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Call } from "../../../src/call/object.ts";
import type { AttemptKey } from "../../../src/core/webhook-log.ts";
import { operationalWebhooksOf, toldOrg } from "../../support/endpoints.ts";
import {
  databaseOnceOpened,
  envWithLosingQueues,
  handleAttempts,
  reportUnheard,
} from "../../support/handlers.ts";
import { eventually, logOf, NOBODY, type Receiver, receiver } from "../../support/words.ts";

const DEAD_LETTERS = "postcall-dead-letters";

beforeEach(() => {
  for (const method of ["error", "warn"] as const) vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A call in its last round, without a queue message, and its org with an `ops_webhook`. */
async function inItsLastRound(url: string) {
  const { org } = await toldOrg(200);
  const key = await reportUnheard(org, url);
  await set(key, "faults = 9");
  return { org, key };
}

const set = (key: AttemptKey, columns: string) =>
  env.DB.prepare(`UPDATE webhook_logs SET ${columns} WHERE user_id = ? AND call_id = ?`)
    .bind(key.user_id, key.call_id)
    .run();

const giveUp = (key: AttemptKey) => handleAttempts(envWithLosingQueues().env, [key, key], DEAD_LETTERS);

const unwritable = () => databaseOnceOpened(() => Promise.reject(new Error("D1_ERROR: away")));

const hasArrived = (crm: Receiver) =>
  eventually(async () => ((await crm.received()).length > 0 ? true : undefined));

describe("in its last round, an attempt", () => {
  test("that was made and could not be written is recorded, and not failed", async () => {
    const crm = await receiver(200);
    const { org, key } = await inItsLastRound(crm.url);
    expect(await handleAttempts(envWithLosingQueues({ DB: unwritable() }).env, [key])).toEqual([2]);
    expect(await giveUp(key)).toEqual(["ack", "ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "delivered",
      reason: null,
      metadata: [{ attempt: 1, response_code: 200 }],
    });
    expect(await operationalWebhooksOf(org)).toEqual([]);
    expect(await crm.received()).toHaveLength(1);
  });

  test("that is under way is asked after until it is recorded", async () => {
    const crm = await receiver({ status: 200, held: true });
    const { org, key } = await inItsLastRound(crm.url);
    const running = handleAttempts(envWithLosingQueues().env, [key]);
    await hasArrived(crm);
    expect(await giveUp(key)).toEqual([3, 3]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "pending", metadata: [] });
    await running; // its batch waits no longer, and it goes on
    await crm.answer();
    await eventually(async () => ((await giveUp(key))[0] === "ack" ? true : undefined));
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
    expect(await operationalWebhooksOf(org)).toEqual([]);
    expect(await crm.received()).toHaveLength(1);
  });

  test("that was cut off before is recorded as interrupted, and the one after it has rounds of its own", async () => {
    const { org, key } = await inItsLastRound(NOBODY);
    await set(key, "losses = 1");
    expect(await giveUp(key)).toEqual(["ack", "ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "retrying",
      metadata: [{ attempt: 1, response_code: null, error: "interrupted" }],
    });
    const row = env.DB.prepare("SELECT faults, losses FROM webhook_logs WHERE call_id = ?").bind(key.call_id);
    expect(await row.first()).toEqual({ faults: 0, losses: 0 });
    expect(await operationalWebhooksOf(org)).toEqual([]);
  });

  test("whose object can't be asked comes back; one whose object can't even be addressed fails", async () => {
    const { org, key } = await inItsLastRound(NOBODY);
    const objects = (ask: () => unknown) =>
      envWithLosingQueues({ CALLS: { getByName: ask } as unknown as DurableObjectNamespace<Call> }).env;
    const lost = objects(() => ({ lookUp: () => Promise.reject(new Error("Durable Object reset")) }));
    expect(await handleAttempts(lost, [key], DEAD_LETTERS)).toEqual([5]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "pending", reason: null });
    const unaddressable = objects(() => {
      throw new TypeError("this one can't be addressed");
    });
    expect(await handleAttempts(unaddressable, [key], DEAD_LETTERS)).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "failed", reason: "dead_letter" });
  });
});

describe("a result that comes after its delivery failed for a dead letter", () => {
  /** A batch that had read the log before it failed makes the attempt after that. */
  async function comesLate(status: number) {
    const crm = await receiver(status);
    const { org, key } = await inItsLastRound(crm.url);
    const [asks, goesOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const CALLS = {
      getByName: (name: string) => ({
        attempt: async (request: Parameters<Call["attempt"]>[0]) => {
          asks.resolve();
          await goesOn.promise;
          return env.CALLS.getByName(name).attempt(request);
        },
      }),
    } as unknown as DurableObjectNamespace<Call>;
    const late = handleAttempts(envWithLosingQueues({ CALLS }).env, [key]);
    await asks.promise;
    expect(await giveUp(key)).toEqual(["ack", "ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "failed", metadata: [] });
    goesOn.resolve();
    expect(await late).toEqual(["ack"]);
    return { org, key, crm };
  }

  test("joins its log and leaves it failed where it would have been retried", async () => {
    const { org, key, crm } = await comesLate(500);
    const failed = {
      status: "failed",
      reason: "dead_letter",
      next_attempt_at: null,
      metadata: [{ attempt: 1, response_code: 500 }],
    };
    expect(await logOf(org, key.call_id)).toMatchObject(failed);
    const { env: lossy } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [key, { ...key, attempt: 2 }])).toEqual(["ack", "ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject(failed);
    expect(await operationalWebhooksOf(org)).toMatchObject([{ type: "delivery.failed" }]);
    expect(await crm.received()).toHaveLength(1);
  });

  test("makes it delivered where the receiver has it", async () => {
    const { org, key, crm } = await comesLate(200);
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "delivered",
      reason: null,
      metadata: [{ attempt: 1, response_code: 200 }],
    });
    expect(await crm.received()).toHaveLength(1);
  });

  test("is found by a message of its attempt where it could not be written then", async () => {
    const crm = await receiver(200);
    const { org, key } = await inItsLastRound(crm.url);
    await handleAttempts(envWithLosingQueues({ DB: unwritable() }).env, [key]);
    await set(key, "status = 'failed', reason = 'dead_letter', next_attempt_at = NULL, sweep_at = NULL");
    expect(await handleAttempts(envWithLosingQueues().env, [key])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
    expect(await crm.received()).toHaveLength(1);
  });
});
