/** The tests' words for the operator: what it asks, the orgs and keys it makes, and the rows it leaves. */
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { call, type Org } from "./words.ts";

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
