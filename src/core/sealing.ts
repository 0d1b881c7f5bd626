/**
 * Secrets at rest: AES-256-GCM under the operator's master key, `SECRETS_KEY`. A sealed text names the key it was
 * sealed with, so that a key can be replaced. No storage; the nonce is an argument.
 */
import { fromBase64, sha256Hex, toBase64 } from "./signature.ts";

export const MASTER_KEY_BYTES = 32;
export const NONCE_BYTES = 12;

/** `keyId.nonce.ciphertext`, the latter two in base64. `context` is bound in: the text opens for no other one. */
export async function seal(input: {
  masterKey: Uint8Array;
  plain: string;
  context: string;
  nonce: Uint8Array;
}): Promise<string> {
  const key = await importKey(input.masterKey);
  const sealed = await crypto.subtle.encrypt(
    gcm(input.nonce, input.context),
    key,
    new TextEncoder().encode(input.plain),
  );
  return [await masterKeyId(input.masterKey), toBase64(input.nonce), toBase64(new Uint8Array(sealed))].join(
    ".",
  );
}

/** The plain text, or null where the text was sealed under another key or for another context, or was changed. */
export async function unseal(input: {
  masterKey: Uint8Array;
  sealed: string;
  context: string;
}): Promise<string | null> {
  const [keyId, nonce, ciphertext, ...rest] = input.sealed.split(".");
  if (nonce === undefined || ciphertext === undefined || rest.length > 0) return null;
  if (keyId !== (await masterKeyId(input.masterKey))) return null;
  try {
    const key = await importKey(input.masterKey);
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

/** Eight hex digits that tell master keys apart and tell nothing else about them. */
const masterKeyId = async (masterKey: Uint8Array): Promise<string> =>
  (await sha256Hex(`postcall master key ${toBase64(masterKey)}`)).slice(0, 8);

const gcm = (iv: Uint8Array, context: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: new TextEncoder().encode(context),
});

const importKey = (bytes: Uint8Array) =>
  crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
