/**
 * Orgs' signing secrets, which are encrypted before they come here. A secret is live from when it is made until its
 * `expires_at`, and active from its `activates_at`. All live ones sign; the newest active one is the org's own.
 */

/** A secret without its value. Times are milliseconds since the epoch. */
export interface SigningSecretEntry {
  id: string;
  created_at: number;
  /** Null: it was active at once. */
  activates_at: number | null;
  /** Null for the newest: only a rotation makes a secret expire. */
  expires_at: number | null;
}

/** With more, the `webhook-signature` header would be longer than receivers expect. */
export const LIVE_SECRETS_LIMIT = 10;

const IS_LIVE = "(expires_at IS NULL OR expires_at > ?2)";
const IS_ACTIVE = "(activates_at IS NULL OR activates_at <= ?2)";

/** The id of the newest active secret; while none is active, of the newest one. */
const NEWEST_ACTIVE = `(SELECT id FROM signing_secrets WHERE user_id = ?1 AND ${IS_LIVE}
  ORDER BY ${IS_ACTIVE} DESC, created_at DESC LIMIT 1)`;

/** An org's live secrets, the newest first. */
export async function listSigningSecrets(
  db: D1Database,
  { user_id, now }: { user_id: string; now: number },
): Promise<SigningSecretEntry[]> {
  const { results } = await db
    .prepare(
      `SELECT id, created_at, activates_at, expires_at FROM signing_secrets WHERE user_id = ?1 AND ${IS_LIVE}
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

/** The newest active secret of an org, encrypted; null if it has none. */
export async function findSigningSecret(
  db: D1Database,
  { user_id, now }: { user_id: string; now: number },
): Promise<string | null> {
  return db
    .prepare(`SELECT ciphertext FROM signing_secrets WHERE user_id = ?1 AND id = ${NEWEST_ACTIVE}`)
    .bind(user_id, now)
    .first<string>("ciphertext");
}

/**
 * Inserts an org's newest secret, which is active at once or from `activatesAt`. In the same transaction the older
 * ones expire when the overlap ends, which begins then, unless they expire before; and expired ones are removed.
 * Returns the time of the new secret, which is later than any before it, whatever the clocks of two simultaneous
 * requests say: "newest" depends on it. Returns null and changes nothing if too many would be live.
 */
export async function rotateSigningSecret(
  db: D1Database,
  secret: {
    user_id: string;
    id: string;
    ciphertext: string;
    now: number;
    activatesAt: number | null;
    overlapMs: number;
  },
): Promise<number | null> {
  const { user_id, id, ciphertext, now, activatesAt, overlapMs } = secret;
  const overlapEnd = (activatesAt ?? now) + overlapMs;
  const [inserted] = await db.batch<{ created_at: number }>([
    db
      .prepare(
        `INSERT INTO signing_secrets (user_id, id, ciphertext, created_at, activates_at)
         SELECT ?1, ?3, ?4, max(?2, 1 + coalesce(max(created_at), 0)), ?6 FROM signing_secrets WHERE user_id = ?1
         HAVING ?5 = ?2 OR count(*) FILTER (WHERE ${IS_LIVE}) < ${LIVE_SECRETS_LIMIT}
         RETURNING created_at`,
      )
      .bind(user_id, now, id, ciphertext, overlapEnd, activatesAt),
    db
      .prepare(
        `UPDATE signing_secrets SET expires_at = min(coalesce(expires_at, ?2), ?2) WHERE user_id = ?1 AND id <> ?3
         AND EXISTS (SELECT 1 FROM signing_secrets AS newest WHERE newest.user_id = ?1 AND newest.id = ?3)`,
      )
      .bind(user_id, overlapEnd, id),
    db.prepare(`DELETE FROM signing_secrets WHERE user_id = ?1 AND NOT ${IS_LIVE}`).bind(user_id, now),
  ]);
  return inserted?.results[0]?.created_at ?? null;
}

/**
 * Ends a live secret, unless it is the newest active one. In the same transaction the newest one left expires no
 * more, and the newest active one lives at least until the next one is active. False if nothing was ended.
 */
export async function endSigningSecret(
  db: D1Database,
  { user_id, id, now }: { user_id: string; id: string; now: number },
): Promise<boolean> {
  const [ended] = await db.batch<{ id: string }>([
    db
      .prepare(
        `DELETE FROM signing_secrets WHERE user_id = ?1 AND id = ?3 AND ${IS_LIVE} AND id <> ${NEWEST_ACTIVE}
         RETURNING id`,
      )
      .bind(user_id, now, id),
    db
      .prepare(
        `UPDATE signing_secrets AS s SET expires_at = (
           SELECT max(s.expires_at, min(newer.activates_at)) FROM signing_secrets AS newer
           WHERE newer.user_id = ?1 AND newer.created_at > s.created_at)
         WHERE user_id = ?1 AND id = ${NEWEST_ACTIVE} AND expires_at IS NOT NULL`,
      )
      .bind(user_id, now),
    db
      .prepare(
        `UPDATE signing_secrets SET expires_at = NULL WHERE user_id = ?1 AND expires_at IS NOT NULL AND created_at = (
           SELECT max(created_at) FROM signing_secrets WHERE user_id = ?1)`,
      )
      .bind(user_id),
  ]);
  return (ended?.results.length ?? 0) > 0;
}
