/** Decrypts what a batch's attempts need of secrets and headers. Every attempt needs them, so they are kept in memory. */
import type { MasterKeys } from "../core/encryption.ts";
import { decryptSigningSecret, type SigningSecrets } from "../core/signing-secret.ts";
import type { LoadedLog } from "../record/batch-read.ts";

/** By org and ciphertext: a ciphertext copied into another org's row must not be found here. */
const decrypted = new Map<string, string>();
const DECRYPTED_LIMIT = 1_000;

/** The log's secrets that can be decrypted; null if none can. One that can't does not stop the others from signing. */
export async function decryptSecrets(
  { user_id, encrypted_secrets }: LoadedLog,
  masterKeys: MasterKeys,
): Promise<SigningSecrets | null> {
  const found = await Promise.all(
    encrypted_secrets.map((ciphertext) => decryptSecret({ user_id, masterKeys, ciphertext })),
  );
  const [newest, ...older] = found.filter((secret) => secret !== null);
  if (newest === undefined) return null;
  const lost = found.length - older.length - 1;
  if (lost > 0)
    console.warn(
      `${lost} of org ${user_id}'s ${found.length} signing secrets can't be decrypted and don't sign.`,
    );
  return [newest, ...older];
}

/**
 * The headers of the log's endpoint by name. Null if one can't be decrypted: without it the receiver would refuse the
 * attempt.
 */
export async function decryptHeaders(
  { user_id, endpoint }: LoadedLog,
  masterKeys: MasterKeys,
): Promise<Record<string, string> | null> {
  const headers: Record<string, string> = {};
  for (const [name, { ciphertext }] of Object.entries(endpoint?.settings.headers ?? {})) {
    const value = await decryptSecret({ user_id, masterKeys, ciphertext });
    if (value === null) return null;
    headers[name] = value;
  }
  return headers;
}

async function decryptSecret(input: {
  user_id: string;
  masterKeys: MasterKeys;
  ciphertext: string;
}): Promise<string | null> {
  const key = `${input.user_id} ${input.ciphertext}`;
  const kept = decrypted.get(key);
  if (kept !== undefined) return kept;
  const secret = await decryptSigningSecret(input);
  if (decrypted.size >= DECRYPTED_LIMIT) decrypted.clear();
  if (secret !== null) decrypted.set(key, secret);
  return secret;
}
