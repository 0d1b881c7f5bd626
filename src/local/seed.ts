/** Makes the local org, its key and its signing secret. They are made here only, so that no deployment ever has them. */
import { ConfigError } from "../config.ts";
import type { MasterKeys } from "../core/encryption.ts";
import { sha256Hex } from "../core/signature.ts";
import {
  decryptSigningSecret,
  makeSigningSecret,
  SIGNING_SECRET_RANDOM_BYTES,
} from "../core/signing-secret.ts";
import { insertKey, SCOPES } from "../record/keys.ts";
import { insertOrg } from "../record/orgs.ts";
import { findSigningSecret, rotateSigningSecret } from "../record/signing-secrets.ts";

export const LOCAL_ORG = "org_local";
export const LOCAL_KEY = "pc_local_key";

/** Makes what is missing, and returns the org's newest signing secret. */
export async function seedLocalOrg(
  database: D1Database,
  { masterKeys, now }: { masterKeys: MasterKeys; now: number },
): Promise<string> {
  await insertOrg(database, { user_id: LOCAL_ORG, name: "Local", created_at: now });
  await insertKey(database, {
    digest: sha256Hex(LOCAL_KEY),
    id: "key_local",
    user_id: LOCAL_ORG,
    name: "local",
    prefix: LOCAL_KEY.slice(0, 8),
    scopes: [...SCOPES],
    created_at: now,
    expires_at: null,
  });
  const ciphertext = await findSigningSecret(database, { user_id: LOCAL_ORG, now });
  if (ciphertext === null) return addSigningSecret(database, { masterKeys, now });
  const secret = await decryptSigningSecret({ user_id: LOCAL_ORG, masterKeys, ciphertext });
  if (secret === null)
    throw new ConfigError(
      "SECRETS_KEY does not hold the key that the signing secrets in this state were encrypted with",
    );
  return secret;
}

async function addSigningSecret(
  database: D1Database,
  { masterKeys, now }: { masterKeys: MasterKeys; now: number },
): Promise<string> {
  const random = crypto.getRandomValues(new Uint8Array(SIGNING_SECRET_RANDOM_BYTES));
  const { secret, ciphertext } = await makeSigningSecret({ user_id: LOCAL_ORG, masterKeys, random });
  await rotateSigningSecret(database, {
    user_id: LOCAL_ORG,
    id: "sec_local",
    ciphertext,
    now,
    activatesAt: null,
    overlapMs: 0,
  });
  return secret;
}
