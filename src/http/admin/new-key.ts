/** Makes API keys. Only their digest is kept. */
import type { Context } from "hono";
import { API_KEY_RANDOM_BYTES, makeApiKey } from "../../core/api-key.ts";
import { databaseNumberOf, idIn } from "../../core/id.ts";
import { sha256Hex } from "../../core/signature.ts";
import type { NewKey } from "../../record/keys.ts";
import type { HttpEnv } from "../services.ts";
import { iso } from "../time.ts";

/** A new key: as it is stored, and as it is answered this once. */
export function makeKey(
  c: Context<HttpEnv>,
  { user_id, name, scopes, expires_at }: Pick<NewKey, "user_id" | "name" | "scopes" | "expires_at">,
) {
  const database = databaseNumberOf(user_id);
  const random = crypto.getRandomValues(new Uint8Array(API_KEY_RANDOM_BYTES));
  const { key, prefix } = makeApiKey(database, random);
  const id = idIn(database, "key", crypto.randomUUID());
  const created_at = c.env.now();
  return {
    stored: { digest: sha256Hex(key), user_id, id, name, prefix, scopes, expires_at, created_at },
    answered: { id, key, name, prefix, scopes, expires_at: iso(expires_at), created_at: iso(created_at) },
  };
}
