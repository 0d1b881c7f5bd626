/** Words for tests of endpoints: failing ones, their state, and operational webhooks. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { writeWakeMessage } from "../../src/core/message.ts";
import type { AttemptKey } from "../../src/core/webhook-log.ts";
import { envWithLosingQueues, handleAttempts, handleBatch, reportUnheard } from "./handlers.ts";
import { call, makeOrg, type Org, type Receiver, receiver, reportCall } from "./words.ts";

/** An org's endpoints, as GET answers them. */
export const endpointsOf = async (org: Org) => (await call(org, "GET", "/v1/endpoints")).body.data;

export const enable = (org: Org, url: string, members: object = {}) =>
  call(org, "POST", "/v1/endpoints/enable", { body: { url, ...members } });

/** Reports a call of which no queue hears, and makes its first attempt. */
export async function attemptOnce(org: Org, url: string) {
  const key = await reportUnheard(org, url);
  const lossy = envWithLosingQueues();
  const [settled] = await handleAttempts(lossy.env, [key]);
  return { key, settled, ...lossy };
}

/** Makes as many first attempts as it takes, each of a call of its own. */
export async function degrade(org: Org, url: string): Promise<void> {
  for (let failure = 1; failure <= 5; failure++) await attemptOnce(org, url);
}

/** What a call shows that is parked at a degraded endpoint and was never attempted. */
export const PARKED = { status: "pending", reason: "endpoint_degraded", next_attempt_at: null };

/** A receiver whose endpoint is degraded, and a call that is parked at it. The answers follow five that failed. */
export async function failingReceiver(
  org: Org,
  ...answers: number[]
): Promise<{ crm: Receiver; first: AttemptKey }> {
  const crm = await receiver(500, 500, 500, 500, 500, ...answers);
  await degrade(org, crm.url);
  const { key } = await attemptOnce(org, crm.url);
  return { crm, first: key };
}

/** Reports a call that is parked at once. */
export async function reportParked(org: Org, url: string): Promise<string> {
  const { call_id, answer } = await reportCall(org, { webhook: url });
  expect(answer.body.data).toMatchObject(PARKED);
  return call_id;
}

/** An org with an `ops_webhook`, and its receiver. */
export async function toldOrg(...program: Parameters<typeof receiver>): Promise<{ org: Org; ops: Receiver }> {
  const org = await makeOrg();
  const ops = await receiver(...program);
  await env.DB.prepare("UPDATE orgs SET ops_webhook = ? WHERE user_id = ?").bind(ops.url, org.user_id).run();
  return { org, ops };
}

/** The operational webhooks that an org's record holds. */
export async function operationalWebhooksOf(org: Org) {
  const { results } = await env.DB.prepare(
    "SELECT payload, status FROM webhook_logs WHERE user_id = ? AND event = 'operational' ORDER BY created_at",
  )
    .bind(org.user_id)
    .all<{ payload: string; status: string }>();
  return results.map(({ payload, status }) => ({ ...JSON.parse(payload), status }));
}

/** The attempts that a lossy environment's queues have taken since, in both lanes. */
export function takenFrom({ deliveries, retries }: ReturnType<typeof envWithLosingQueues>): AttemptKey[] {
  const taken = [...deliveries.splice(0), ...retries.splice(0)];
  return taken.flatMap(({ body: { v: _v, ...key } }) => ("call_id" in key ? [key] : []));
}

/** Lets an org's endpoint wake now. Returns the attempts that are due by that, and the endpoint's next messages. */
export async function wakeOnce(org: Org, url: string) {
  await env.DB.prepare(
    "UPDATE endpoints SET wake_at = 1 WHERE user_id = ? AND url = ? AND wake_at IS NOT NULL",
  )
    .bind(org.user_id, url)
    .run();
  const lossy = envWithLosingQueues();
  const message = writeWakeMessage({ user_id: org.user_id, url });
  const [settled] = await handleBatch(lossy.env, [message], "postcall-retries");
  const wakes = lossy.retries.filter(({ body }) => "endpoint" in body);
  return { settled, released: takenFrom(lossy), wakes };
}

/** Lets an endpoint wake, and makes the attempts that are due by that. Returns what they enqueue. */
export async function wakeAndDeliver(org: Org, url: string) {
  const { released } = await wakeOnce(org, url);
  const lossy = envWithLosingQueues();
  await handleAttempts(lossy.env, released);
  return { released, following: takenFrom(lossy) };
}

/** How many minutes lie between now and an answer's time. */
export const minutesFromNow = (text: string): number =>
  Math.abs(Math.round((Date.parse(text) - Date.now()) / 60_000));
