/** The end of a hold and citations at the same time: the first one decides, and the two webhooks are never both sent. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Call } from "../../src/call/object.ts";
import {
  bodies,
  CITED,
  citationsLogOf,
  cite,
  delay,
  delivered,
  newCitedOrg,
  org,
  reportHeld,
} from "../support/citations.ts";
import {
  databaseOnceOpened,
  envWithLosingQueues,
  handleAttempts,
  letTimePass,
  request,
} from "../support/handlers.ts";
import { logOf } from "../support/words.ts";

beforeEach(async () => {
  await newCitedOrg();
  await delay();
});

afterEach(() => {
  vi.restoreAllMocks();
});

test("a hold that a batch has ended stays ended, though its attempt was lost: citations follow by themselves", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const key = await reportHeld();
  await letTimePass(key, 120_000);
  const lost = { getByName: () => ({ attempt: () => Promise.reject(new Error("Durable Object reset")) }) };
  const CALLS = lost as unknown as DurableObjectNamespace<Call>;
  expect(await handleAttempts(envWithLosingQueues({ CALLS }).env, [key])).toEqual([5]);
  expect(await logOf(org, key.call_id)).toMatchObject({ status: "pending", reason: null, metadata: [] });
  expect((await cite(key.call_id, CITED)).body.data.event).toBe("citations");
  await delivered(key.call_id, citationsLogOf);
  expect(await handleAttempts(envWithLosingQueues().env, [key])).toEqual(["ack"]);
  const events = (await bodies()).map(({ event_type, citations }) => [event_type, citations]);
  expect(events).toEqual([
    ["citations", CITED.citations],
    [undefined, undefined],
  ]);
});

test("citations whose call is released between their reading and their writing follow it by themselves", async () => {
  const key = await reportHeld();
  await letTimePass(key, 120_000);
  const released: unknown[] = [];
  const DB = {
    prepare: (query: string) => {
      const statement = env.DB.prepare(query);
      if (!query.includes("citations_digest = ?3")) return statement;
      const bind = (...values: unknown[]) => ({
        all: async () => {
          released.push(...(await handleAttempts(envWithLosingQueues().env, [key])));
          return statement.bind(...values).all();
        },
      });
      return { bind };
    },
    batch: (statements: D1PreparedStatement[]) => env.DB.batch(statements),
  } as unknown as D1Database;
  const path = `/v1/postcall/calls/${key.call_id}/citations`;
  const answer = await request(envWithLosingQueues({ DB }).env, org, { method: "POST", path, body: CITED });
  expect([released, answer.body.data.event]).toEqual([["ack"], "citations"]);
  expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
  expect((await citationsLogOf(key.call_id)).payload).toMatchObject(CITED);
  expect(await bodies()).toEqual([{ call_id: key.call_id, status: "completed" }]);
});

test("a call that another batch has released and delivered since it was read is left as it is", async () => {
  const key = await reportHeld();
  await letTimePass(key, 120_000);
  const released: unknown[] = [];
  const DB = databaseOnceOpened(async (statements) => {
    if (released.length === 0) released.push(...(await handleAttempts(envWithLosingQueues().env, [key])));
    return env.DB.batch(statements);
  });
  expect(await handleAttempts(envWithLosingQueues({ DB }).env, [key])).toEqual(["ack"]);
  expect(released).toEqual(["ack"]);
  expect(await logOf(org, key.call_id)).toMatchObject({
    ...{ status: "delivered", next_attempt_at: null, metadata: [{ attempt: 1 }] },
  });
  expect(await bodies()).toEqual([{ call_id: key.call_id, status: "completed" }]);
});

test("citations that race with the release of their call go with it or after it, and never both", async () => {
  for (let round = 0; round < 12; round++) {
    const key = await reportHeld({ round });
    await letTimePass(key, 120_000);
    const { env: lossy } = envWithLosingQueues();
    const path = `/v1/postcall/calls/${key.call_id}/citations`;
    const cited = request(lossy, org, { method: "POST", path, body: CITED });
    const [answer] = await Promise.all([cited, handleAttempts(lossy, [key]), handleAttempts(lossy, [key])]);
    expect(answer.status).toBe(200);
    const { event, status } = answer.body.data;
    const log = await logOf(org, key.call_id);
    const due = event === "call" ? log : await citationsLogOf(key.call_id);
    if (status === "pending") {
      const row = env.DB.prepare("SELECT delivery_id FROM webhook_logs WHERE call_id = ? AND event = ?");
      const delivery_id = (await row.bind(key.call_id, event).first<string>("delivery_id")) ?? "";
      await handleAttempts(lossy, [{ ...key, event, delivery_id }]);
    }
    const sent = (await bodies()).filter(({ call_id }) => call_id === key.call_id);
    expect(sent.filter(({ citations }) => citations !== undefined)).toHaveLength(1);
    expect(sent.filter(({ event_type }) => event_type === undefined)).toHaveLength(1);
    expect(due.payload).toMatchObject(CITED);
  }
});
