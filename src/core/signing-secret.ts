/**
 * An org's signing secrets as they are kept: sealed under a master key, with the org bound in, so that one org's
 * secret opens for no other. No storage; the random bytes are an argument.
 */
import { decrypt, encrypt, type MasterKeys, NONCE_BYTES } from "./encryption.ts";
import { signingSecretOf } from "./signature.ts";

/** An org's live secrets, opened, the newest first. Every one of them signs. */
export type SigningSecrets = readonly [newest: string, ...older: string[]];

const SECRET_BYTES = 32;

/** How many random bytes a new secret takes, its nonce's included. */
export const SIGNING_SECRET_RANDOM_BYTES = SECRET_BYTES + NONCE_BYTES;

/** A new secret: as its user sees it, and as it is kept. */
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

/** The secret, or null where it can't be opened. */
export const decryptSigningSecret = (input: {
  user_id: string;
  masterKeys: MasterKeys;
  ciphertext: string;
}): Promise<string | null> => decrypt({ ...input, context: input.user_id });
