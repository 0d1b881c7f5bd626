/**
 * The two signatures that a receiver can check. Bytes and a secret in, text out; the time is an argument. The newer
 * one is that of Standard Webhooks, "Signature scheme": HMAC-SHA256 over `id.timestamp.body`, keyed with the decoded
 * part of the secret after `whsec_`. The older one is a hex digest of the body, keyed with the whole secret text.
 */

export const SECRET_PREFIX = "whsec_";

/** `x-webhook-signature`: lower-case hex HMAC-SHA256 of the body, keyed with the secret as its user sees it. */
export async function bodySignature(secret: string, body: Uint8Array): Promise<string> {
  return toHex(await hmac(new TextEncoder().encode(secret), body));
}

/** `webhook-signature`: `v1,` and the base64 HMAC-SHA256 of `webhookId.timestampSeconds.body`. */
export async function standardSignature(input: {
  secret: string;
  webhookId: string;
  timestampSeconds: number;
  body: Uint8Array;
}): Promise<string> {
  const head = new TextEncoder().encode(`${input.webhookId}.${input.timestampSeconds}.`);
  const signed = new Uint8Array(head.length + input.body.length);
  signed.set(head);
  signed.set(input.body, head.length);
  return `v1,${toBase64(await hmac(fromBase64(input.secret.slice(SECRET_PREFIX.length)), signed))}`;
}

/** A signing secret from 32 random bytes; Standard Webhooks asks for 24 to 64. */
export const signingSecretOf = (random: Uint8Array): string => SECRET_PREFIX + toBase64(random);

/** Lower-case hex SHA-256. */
export async function sha256Hex(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
}

async function hmac(key: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, data));
}

export const toBase64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

export const fromBase64 = (text: string): Uint8Array =>
  Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function toHex(bytes: Uint8Array): string {
  let hex = "";
  for (const byte of bytes) hex += HEX[byte];
  return hex;
}
