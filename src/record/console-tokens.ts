/** The sessions of the console and the links that sign in to it, found by the digests of their tokens. */
import type { ConsoleTokenKind } from "../core/console-token.ts";

/** The key that a session or link is bound to. Without it, it is worth nothing. */
export interface BoundKey {
  /** Null: the operator's. */
  user_id: string | null;
  key_digest: string;
}

/** Where a token's row is. */
export interface TokenPlace {
  expires_at: number;
  digest: string;
}

/** How many sessions a key may have, and how many links. */
const TOKENS_LIMIT = 50;

/** Writes a session or link. The oldest of its key go if there are too many. Repeating it changes nothing. */
export async function insertToken(
  db: D1Database,
  { kind, expires_at, digest, user_id, key_digest }: { kind: ConsoleTokenKind } & TokenPlace & BoundKey,
): Promise<void> {
  await db.batch([
    db
      .prepare(
        `INSERT INTO console_tokens (expires_at, digest, kind, user_id, key_digest) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING`,
      )
      .bind(expires_at, digest, kind, user_id, key_digest),
    db
      .prepare(
        `DELETE FROM console_tokens WHERE (expires_at, digest) IN (
           SELECT expires_at, digest FROM console_tokens INDEXED BY console_tokens_key
           WHERE user_id IS ?1 AND key_digest = ?2 AND kind = ?3 ORDER BY expires_at DESC LIMIT -1 OFFSET ${TOKENS_LIMIT})`,
      )
      .bind(user_id, key_digest, kind),
  ]);
}

/** What a token is bound to; null if it is not there any more. The caller checks the expiry. */
export const findToken = (db: D1Database, { expires_at, digest }: TokenPlace): Promise<BoundKey | null> =>
  db
    .prepare("SELECT user_id, key_digest FROM console_tokens WHERE expires_at = ?1 AND digest = ?2")
    .bind(expires_at, digest)
    .first<BoundKey>();

/** Takes a token away. Of several at once only one gets what it was bound to; the others get null. */
export const takeToken = (db: D1Database, { expires_at, digest }: TokenPlace): Promise<BoundKey | null> =>
  db
    .prepare("DELETE FROM console_tokens WHERE expires_at = ?1 AND digest = ?2 RETURNING user_id, key_digest")
    .bind(expires_at, digest)
    .first<BoundKey>();

/** How many tokens one run removes. */
const REMOVED_AT_ONCE = 1_000;

/** Removes tokens that have ended. Returns how many. */
export async function removeTokens(db: D1Database, now: number): Promise<number> {
  const { results } = await db
    .prepare(
      `DELETE FROM console_tokens WHERE (expires_at, digest) IN (
         SELECT expires_at, digest FROM console_tokens WHERE expires_at <= ?1
         ORDER BY expires_at LIMIT ${REMOVED_AT_ONCE}) RETURNING digest`,
    )
    .bind(now)
    .all();
  return results.length;
}
