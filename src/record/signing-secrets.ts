/** Orgs' signing secrets, which are encrypted before they come here. A secret is live until its `expires_at`. */

/** A secret without its value. Times are milliseconds since the epoch. */
export interface SigningSecretEntry {
  id: string;
  created_at: number;
  /** Null for the newest: only a rotation makes a secret expire. */
  expires_at: number | null;
}

/** With more, the `webhook-signature` header would be longer than receivers expect. */
export const LIVE_SECRETS_LIMIT = 10;

const IS_LIVE = "(expires_at IS NULL OR expires_at > ?2)";

/** An org's live secrets, the newest first. */
export async function listSigningSecrets(
  db: D1Database,
  { user_id, now }: { user_id: string; now: number },
): Promise<SigningSecretEntry[]> {
  const { results } = await db
    .prepare(
      `SELECT id, created_at, expires_at FROM signing_secrets WHERE user_id = ?1 AND ${IS_LIVE}
       ORDER BY created_at DESC`,
    )
    .bind(user_id, now)
    .all<SigningSecretEntry>();
  return results;
}

/** An org's live secrets, encrypted, in no order. */
export async function listEncryptedSecrets(
  db: D1Database,
  { user_id, now }: { user_id: string; now: number },
): Promise<string[]> {
  const { results } = await db
    .prepare(`SELECT ciphertext FROM signing_secrets WHERE user_id = ?1 AND ${IS_LIVE}`)
    .bind(user_id, now)
    .all<{ ciphertext: string }>();
  return results.map(({ ciphertext }) => ciphertext);
}

/** The newest live secret of an org, encrypted; null if it has none. */
export async function findSigningSecret(
  db: D1Database,
  { user_id, now }: { user_id: string; now: number },
): Promise<string | null> {
  return db
    .prepare(
      `SELECT ciphertext FROM signing_secrets WHERE user_id = ?1 AND ${IS_LIVE} ORDER BY created_at DESC LIMIT 1`,
    )
    .bind(user_id, now)
    .first<string>("ciphertext");
}

/**
 * Inserts an org's newest secret. In the same transaction the older ones expire when the overlap ends, unless they
 * expire before, and expired ones are removed. Returns the time of the new secret, which is later than any before it,
 * whatever the clocks of two simultaneous requests say: "newest" depends on it. Returns null and changes nothing if
 * too many would be live.
 */
export async function rotateSigningSecret(
  db: D1Database,
  secret: { user_id: string; id: string; ciphertext: string; now: number; overlapMs: number },
): Promise<number | null> {
  const { user_id, id, ciphertext, now, overlapMs } = secret;
  const [inserted] = await db.batch<{ created_at: number }>([
    db
      .prepare(
        `INSERT INTO signing_secrets (user_id, id, ciphertext, created_at)
         SELECT ?1, ?3, ?4, max(?2, 1 + coalesce(max(created_at), 0)) FROM signing_secrets WHERE user_id = ?1
         HAVING ?5 = 0 OR count(*) FILTER (WHERE ${IS_LIVE}) < ${LIVE_SECRETS_LIMIT}
         RETURNING created_at`,
      )
      .bind(user_id, now, id, ciphertext, overlapMs),
    db
      .prepare(
        `UPDATE signing_secrets SET expires_at = min(coalesce(expires_at, ?2), ?2) WHERE user_id = ?1 AND id <> ?3
         AND EXISTS (SELECT 1 FROM signing_secrets AS newest WHERE newest.user_id = ?1 AND newest.id = ?3)`,
      )
      .bind(user_id, now + overlapMs, id),
    db.prepare(`DELETE FROM signing_secrets WHERE user_id = ?1 AND NOT ${IS_LIVE}`).bind(user_id, now),
  ]);
  return inserted?.results[0]?.created_at ?? null;
}
