/**
 * Words for tests of idempotency keys: an org and its receiver, new for each test, what is asked with a key, and how
 * many keys are kept.
 */
import { env } from "cloudflare:workers";
import { call, endedLogOf, makeOrg, type Org, type Receiver, receiver, reportCall } from "./words.ts";

export const RESEND = "/v1/postcall/webhooks/resend";
export const CREATE = "/v1/postcall/webhooks/create";
export const TEST = "/v1/postcall/webhooks/test";

export let org: Org;
export let crm: Receiver;

export async function newKeyedOrg(): Promise<void> {
  org = await makeOrg();
  crm = await receiver(200);
}

export const post = (path: string, body: unknown, key: string, as = org) =>
  call(as, "POST", path, { body, headers: { "idempotency-key": key } });

/** How many keys are kept for an org. */
export const keysOf = async (of: Org) =>
  (await env.DB.prepare("SELECT count(*) AS n FROM idempotency_keys WHERE user_id = ?")
    .bind(of.user_id)
    .first<number>("n")) ?? 0;

/** A call that was delivered once. */
export async function deliveredCall(): Promise<string> {
  const { call_id } = await reportCall(org, { webhook: crm.url });
  await endedLogOf(org, call_id);
  return call_id;
}
