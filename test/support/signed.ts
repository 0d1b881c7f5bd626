/** The tests' words for signed deliveries: a call is delivered, and one sees which secrets signed it. */
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { expect } from "vitest";
import { bodySignature } from "../../src/core/signature.ts";
import { envWithLosingQueues, handleAttempts, reportUnheard } from "./handlers.ts";
import type { Received } from "./receiver-server.ts";
import { logOf, type Org, receiver } from "./words.ts";

export const HOUR_MS = 3_600_000;

/** Moves an org's secrets into the past, as if so many hours had gone by. */
export const letHoursPass = ({ user_id }: Org, hours: number) =>
  env.DB.prepare(
    `UPDATE signing_secrets SET created_at = created_at - ?2, activates_at = activates_at - ?2,
       expires_at = expires_at - ?2 WHERE user_id = ?1`,
  )
    .bind(user_id, hours * HOUR_MS)
    .run();

/** Reports a call, has it delivered, and returns what arrived. */
export async function deliver(of: Org): Promise<Received> {
  const crm = await receiver(200);
  const key = await reportUnheard(of, crm.url);
  expect(await handleAttempts(envWithLosingQueues().env, [key])).toEqual(["ack"]);
  expect(await logOf(of, key.call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
  const [request, ...more] = await crm.received();
  if (request === undefined || more.length > 0) throw new Error("not one request arrived");
  return request;
}

export const verifies = ({ body, headers }: Received, secret: string): boolean => {
  try {
    return new Webhook(secret).verify(body, headers) !== undefined;
  } catch {
    return false;
  }
};

export const signatures = ({ headers }: Received) => (headers["webhook-signature"] ?? "").split(" ");

/** Asserts that these secrets signed a delivery, newest first, and no other. */
export async function expectSignedWith(request: Received, secrets: string[], others: string[] = []) {
  const [newest = ""] = secrets;
  const body = new TextEncoder().encode(request.body);
  expect(signatures(request)).toHaveLength(secrets.length);
  for (const [index, secret] of secrets.entries()) {
    const headers = { ...request.headers, "webhook-signature": signatures(request)[index] ?? "" };
    expect(verifies(request, secret)).toBe(true);
    expect(verifies({ ...request, headers }, secret)).toBe(true);
  }
  for (const secret of others) expect(verifies(request, secret)).toBe(false);
  expect(request.headers["x-webhook-signature"]).toBe(await bodySignature(newest, body));
}
