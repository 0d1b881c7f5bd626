/** Words for tests of endpoints: failing ones, their state, and operational webhooks. */
import { env } from "cloudflare:workers";
import { envWithLosingQueues, handleAttempts, reportUnheard } from "./handlers.ts";
import { call, makeOrg, type Org, type Receiver, receiver } from "./words.ts";

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

/** Lets an endpoint's probe run out. */
export const endLease = (org: Org) =>
  env.DB.prepare("UPDATE endpoints SET probe_until = 1 WHERE user_id = ?").bind(org.user_id).run();

/** How many minutes lie between now and an answer's time. */
export const minutesFromNow = (text: string): number =>
  Math.abs(Math.round((Date.parse(text) - Date.now()) / 60_000));
