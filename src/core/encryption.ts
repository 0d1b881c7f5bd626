/**
 * Encrypts secrets at rest with AES-256-GCM under the operator's master keys (`SECRETS_KEY`). The newest key
 * encrypts. A ciphertext names its key, so that older keys still decrypt what they encrypted. No storage; the nonce
 * is an argument.
 */
import { fromBase64, sha256Hex, toBase64 } from "./signature.ts";

export const MASTER_KEY_BYTES = 32;
export const NONCE_BYTES = 12;

/** The newest first: it encrypts, and all of them decrypt. */
export type MasterKeys = readonly [newest: Uint8Array, ...older: Uint8Array[]];

/**
 * `keyId.nonce.ciphertext`, the latter two in base64. `context` is authenticated: the ciphertext decrypts with no
 * other one.
 */
export async function encrypt(input: {
  masterKeys: MasterKeys;
  plain: string;
  context: string;
  nonce: Uint8Array;
}): Promise<string> {
  const [masterKey] = input.masterKeys;
  const key = await importKey(masterKey);
  const ciphertext = await crypto.subtle.encrypt(
    gcm(input.nonce, input.context),
    key,
    new TextEncoder().encode(input.plain),
  );
  return [masterKeyId(masterKey), toBase64(input.nonce), toBase64(new Uint8Array(ciphertext))].join(".");
}

/** The plain text. Null if none of these keys encrypted it, the context is another one, or the ciphertext was changed. */
export async function decrypt(input: {
  masterKeys: MasterKeys;
  ciphertext: string;
  context: string;
}): Promise<string | null> {
  const [keyId, nonce, ciphertext, ...rest] = input.ciphertext.split(".");
  if (nonce === undefined || ciphertext === undefined || rest.length > 0) return null;
  const masterKey = input.masterKeys.find((candidate) => masterKeyId(candidate) === keyId);
  if (masterKey === undefined) return null;
  try {
    const key = await importKey(masterKey);
    const plain = await crypto.subtle.decrypt(
      gcm(fromBase64(nonce), input.context),
      key,
      fromBase64(ciphertext),
    );
    return new TextDecoder().decode(plain);
  } catch {
    return null;
  }
}

/** Eight hex digits that tell master keys apart and reveal nothing else about them. Each ciphertext begins with them. */
export const masterKeyId = (masterKey: Uint8Array): string =>
  sha256Hex(`postcall master key ${toBase64(masterKey)}`).slice(0, 8);

const gcm = (iv: Uint8Array, context: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: new TextEncoder().encode(context),
});

const importKey = (bytes: Uint8Array) =>
  crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
