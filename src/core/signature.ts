/**
 * The two signatures that a receiver can check. Bytes and a secret in, text out; the time is an argument. The newer
 * one is that of Standard Webhooks, "Signature scheme": HMAC-SHA256 over `id.timestamp.body`, keyed with the decoded
 * part of the secret after `whsec_`. The older one is a hex digest of the body, keyed with the whole secret text.
 */

import { createHash, createHmac } from "node:crypto";

export const SECRET_PREFIX = "whsec_";

/** `x-webhook-signature`: lower-case hex HMAC-SHA256 of the body, keyed with the secret as its user sees it. */
export const bodySignature = (secret: string, body: Uint8Array): string =>
  createHmac("sha256", secret).update(body).digest("hex");

/** `webhook-signature`: `v1,` and the base64 HMAC-SHA256 of `webhookId.timestampSeconds.body`. */
export const standardSignature = (input: {
  secret: string;
  webhookId: string;
  timestampSeconds: number;
  body: Uint8Array;
}): string => {
  const key = fromBase64(input.secret.slice(SECRET_PREFIX.length));
  const signed = createHmac("sha256", key).update(`${input.webhookId}.${input.timestampSeconds}.`);
  return `v1,${signed.update(input.body).digest("base64")}`;
};

/** A signing secret from 32 random bytes; Standard Webhooks asks for 24 to 64. */
export const signingSecretOf = (random: Uint8Array): string => SECRET_PREFIX + toBase64(random);

/** Lower-case hex SHA-256. */
export const sha256Hex = (text: string): string => createHash("sha256").update(text).digest("hex");

export const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

export const fromBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
