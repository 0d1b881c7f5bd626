/** The local org: its key and signing secret. Made here and nowhere else, so that no deployment ever holds them. */
import { ConfigError } from "../config.ts";
import { NONCE_BYTES, seal, unseal } from "../core/sealing.ts";
import { sha256Hex, signingSecretOf } from "../core/signature.ts";
import { insertKey, SCOPES } from "../record/keys.ts";
import { findSigningSecret, insertOrg, insertSigningSecret } from "../record/orgs.ts";

export const LOCAL_ORG = "org_local";
export const LOCAL_KEY = "pc_local_key";

/** Makes what is missing, and returns the org's signing secret. */
export async function seedLocalOrg(
  database: D1Database,
  { masterKey, now }: { masterKey: Uint8Array; now: number },
): Promise<string> {
  await insertOrg(database, { user_id: LOCAL_ORG, name: "Local", created_at: now });
  await insertKey(database, {
    digest: await sha256Hex(LOCAL_KEY),
    id: "key_local",
    user_id: LOCAL_ORG,
    name: "local",
    prefix: LOCAL_KEY.slice(0, 8),
    scopes: [...SCOPES],
    created_at: now,
    expires_at: null,
  });
  const sealed = await findSigningSecret(database, LOCAL_ORG);
  if (sealed === null) return makeSigningSecret(database, { masterKey, now });
  const secret = await unseal({ masterKey, sealed, context: LOCAL_ORG });
  if (secret === null)
    throw new ConfigError(
      "SECRETS_KEY is not the key that the signing secrets in this state were encrypted with",
    );
  return secret;
}

async function makeSigningSecret(
  database: D1Database,
  { masterKey, now }: { masterKey: Uint8Array; now: number },
): Promise<string> {
  const secret = signingSecretOf(crypto.getRandomValues(new Uint8Array(32)));
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await seal({ masterKey, plain: secret, context: LOCAL_ORG, nonce });
  await insertSigningSecret(database, { user_id: LOCAL_ORG, id: "sec_local", sealed, created_at: now });
  return secret;
}
