/** A suspension that begins or is lifted while a batch or an endpoint is under way strands no call. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { AttemptKey } from "../../../src/core/webhook-log.ts";
import { expectParked, newOrg, rowOf, suspend, unsuspend } from "../../support/admin.ts";
import { databaseWith } from "../../support/database.ts";
import { degrade, wakeOnce } from "../../support/endpoints.ts";
import {
  databaseOnceOpened,
  envWithLosingQueues,
  handleAttempts,
  reportUnheard,
} from "../../support/handlers.ts";
import { endpointOf, parkedCall, wakeMessage } from "../../support/suspension.ts";
import { type Org, receiver } from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await newOrg();
  vi.spyOn(console, "log").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe("no call is stranded", () => {
  /** A database on which something happens before, or after, the transaction of a batch. */
  const around = (before: () => Promise<unknown>, after: () => Promise<unknown> = async () => {}) =>
    databaseOnceOpened(async (statements) => {
      await before();
      const result = await env.DB.batch(statements);
      await after();
      return result;
    });

  async function expectDelivered(keys: readonly AttemptKey[]): Promise<void> {
    await handleAttempts(envWithLosingQueues().env, keys);
    for (const key of keys) expect(await rowOf(key)).toMatchObject({ status: "delivered", is_parked: 0 });
  }

  test("if the suspension is lifted between a batch's read and its write: its message comes back", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    await suspend(org);
    const DB = around(() => unsuspend(org));
    expect(await handleAttempts(envWithLosingQueues({ DB }).env, [key])).toEqual([1]);
    expect(await rowOf(key)).toMatchObject({ status: "pending", is_parked: 0 });
    expect(await endpointOf(org, crm.url)).toBeNull();
    await expectDelivered([key]);
  });

  test("if it is lifted right after the write: the endpoint is woken", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    await suspend(org);
    const DB = around(
      async () => {},
      () => unsuspend(org),
    );
    expect(await handleAttempts(envWithLosingQueues({ DB }).env, [key])).toEqual(["ack"]);
    const { released } = await wakeMessage(org, crm.url);
    expect(released).toEqual([key]);
    await expectDelivered(released);
  });

  test("if it is lifted while an endpoint goes to sleep because of it: the endpoint stays awake", async () => {
    const { crm, key } = await parkedCall(org);
    await env.DB.prepare("UPDATE endpoints SET wake_at = 1 WHERE user_id = ?").bind(org.user_id).run();
    const DB = databaseWith(async (queries, work) => {
      if (queries.some((query) => query.includes("SET wake_at = NULL"))) await unsuspend(org);
      return work();
    });
    await wakeMessage(org, crm.url, { DB });
    expect(await endpointOf(org, crm.url)).toMatchObject({ wake_at: 1 });
    expect((await wakeMessage(org, crm.url)).released).toEqual([key]);
  });

  test("if it begins while an endpoint wakes: what was released is parked again", async () => {
    const { crm, key } = await parkedCall(org);
    await unsuspend(org);
    const DB = databaseWith(async (queries, work) => {
      if (queries.some((query) => query.includes("next_attempt_at = ?1"))) await suspend(org);
      return work();
    });
    const { released } = await wakeMessage(org, crm.url, { DB });
    await expectParked(released);
    await unsuspend(org);
    expect((await wakeOnce(org, crm.url)).released).toEqual([key]);
  });

  test("if a call is parked at its endpoint while the org is suspended: it wakes afterwards", async () => {
    const crm = await receiver(500, 500, 500, 500, 500, 200);
    const key = await reportUnheard(org, crm.url);
    await degrade(org, crm.url);
    const DB = around(() => suspend(org)); // read before, so parked because of the endpoint
    expect(await handleAttempts(envWithLosingQueues({ DB }).env, [key])).toEqual(["ack"]);
    expect(await rowOf(key)).toMatchObject({ is_parked: 1, reason: null });
    expect(await endpointOf(org, crm.url)).toEqual({ state: "degraded", wake_at: null });
    await unsuspend(org);
    await expectDelivered((await wakeOnce(org, crm.url)).released);
  });
});
