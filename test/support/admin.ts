/** The tests' words for the operator: the orgs it makes, suspends and releases, and what is parked meanwhile. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { AttemptKey } from "../../src/core/webhook-log.ts";
import { envWithLosingQueues, handleAttempts } from "./handlers.ts";
import { call, makeKey, type Org } from "./words.ts";

const ADMIN = { key: env.ADMIN_KEY };

/** One request with the admin key, below `/v1/admin`. */
export const admin = (method: string, path: string, body?: object) =>
  call(ADMIN, method, `/v1/admin${path}`, body === undefined ? {} : { body });

/** An org that the operator has made. */
export async function newOrg(name = "Acme"): Promise<Org> {
  const { status, body } = await admin("POST", "/orgs", { name });
  expect(status).toBe(200);
  const { user_id, signing_secret, key } = body.data;
  return { user_id, secret: signing_secret, key: key.key };
}

export const suspend = (org: Pick<Org, "user_id">, suspended = true) =>
  admin("PATCH", `/orgs/${org.user_id}`, { suspended });
export const unsuspend = (org: Pick<Org, "user_id">) => suspend(org, false);

/** The org with a key that nobody remembers. */
export const afresh = async (org: Org): Promise<Org> => ({ ...org, key: await makeKey(org.user_id) });

/** What the record has of the log that an attempt is for: a suspended org can't be asked. */
export const rowOf = ({ user_id, call_id, event }: AttemptKey) =>
  env.DB.prepare(
    `SELECT status, reason, attempts, next_attempt_at, sweep_at, parked IS NOT NULL AS is_parked
     FROM webhook_logs WHERE user_id = ? AND call_id = ? AND event = ?`,
  )
    .bind(user_id, call_id, event)
    .first();

/** Handles due attempts of a suspended org: their messages go, and they are parked as they are. */
export async function expectParked(keys: readonly AttemptKey[], on: Partial<Env> = {}): Promise<void> {
  const lossy = envWithLosingQueues(on);
  expect(await handleAttempts(lossy.env, keys)).toEqual(keys.map(() => "ack"));
  expect([...lossy.deliveries, ...lossy.retries]).toEqual([]);
  const parked = { reason: "org_suspended", next_attempt_at: null, sweep_at: null, is_parked: 1 };
  for (const key of keys) expect(await rowOf(key)).toMatchObject({ ...parked, attempts: key.attempt - 1 });
}
