/** Words for tests of suspensions: a call that is parked by one, its endpoint, and that endpoint's message. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { writeWakeMessage } from "../../src/core/message.ts";
import { expectParked, suspend } from "./admin.ts";
import { takenFrom } from "./endpoints.ts";
import { envWithLosingQueues, handleBatch, reportUnheard } from "./handlers.ts";
import { type Org, receiver } from "./words.ts";

/** A call of a suspended org that was due, and its receiver. */
export async function parkedCall(org: Org) {
  const crm = await receiver(200);
  const key = await reportUnheard(org, crm.url);
  await suspend(org);
  await expectParked([key]);
  return { crm, key };
}

/** What the record has of an endpoint: a suspended org can't be asked. */
export const endpointOf = (org: Org, url: string) =>
  env.DB.prepare("SELECT state, wake_at FROM endpoints WHERE user_id = ? AND url = ?")
    .bind(org.user_id, url)
    .first<{ state: string; wake_at: number | null }>();

/** Lets an endpoint's message come. Returns what the batch enqueues. */
export async function wakeMessage(org: Org, url: string, on: Partial<Env> = {}) {
  const lossy = envWithLosingQueues(on);
  const message = writeWakeMessage({ user_id: org.user_id, url });
  expect(await handleBatch(lossy.env, [message], "postcall-retries")).toEqual(["ack"]);
  return { released: takenFrom({ ...lossy, retries: [...lossy.retries] }), retries: lossy.retries };
}
