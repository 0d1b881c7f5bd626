/**
 * An org's signing secrets as they are stored: encrypted under a master key, bound to the org, so that another org's
 * row can't use them. No storage; the random bytes are an argument.
 */
import { decrypt, encrypt, type MasterKeys, NONCE_BYTES } from "./encryption.ts";
import { signingSecretOf } from "./signature.ts";

/** An org's live secrets, decrypted, the newest active one first. Each of them signs. */
export type SigningSecrets = readonly [newest: string, ...older: string[]];

const SECRET_BYTES = 32;

/** The random bytes that a new secret needs, including its nonce. */
export const SIGNING_SECRET_RANDOM_BYTES = SECRET_BYTES + NONCE_BYTES;

/** A new secret: as its user sees it, and encrypted. */
export async function makeSigningSecret(input: {
  user_id: string;
  masterKeys: MasterKeys;
  random: Uint8Array;
}): Promise<{ secret: string; ciphertext: string }> {
  const { user_id: context, masterKeys, random } = input;
  const secret = signingSecretOf(random.subarray(0, SECRET_BYTES));
  const nonce = random.subarray(SECRET_BYTES);
  return { secret, ciphertext: await encrypt({ masterKeys, plain: secret, context, nonce }) };
}

/** The secret, or null if it can't be decrypted. */
export const decryptSigningSecret = (input: {
  user_id: string;
  masterKeys: MasterKeys;
  ciphertext: string;
}): Promise<string | null> => decrypt({ ...input, context: input.user_id });
