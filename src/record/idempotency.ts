/**
 * Idempotency keys. A key is taken in the transaction that writes what its request sends: so it is there exactly if
 * something was sent, and of two requests at once only one sends. The body is known by its digest only.
 */

/** What a request takes a key with. */
export interface Claim {
  user_id: string;
  route: string;
  key: string;
  /** Names this request among all that have the same key. */
  nonce: string;
  body_digest: string;
  /** The call that the request makes, if it makes one. */
  call_id: string | null;
  now: number;
}

/** A key as it was taken. Times are milliseconds since the epoch; `answered_at` is null while its request is under way. */
export interface TakenKey {
  body_digest: string;
  call_id: string | null;
  created_at: number;
  answered_at: number | null;
}

/** A key is kept for this long. */
const KEPT_MS = 24 * 3_600_000;

type KeyOf = Pick<Claim, "user_id" | "route" | "key">;

/** How many keys of an org are kept. */
export const KEYS_LIMIT = 10_000;

/** Whether an org has as many keys as are kept. */
export const hasTooManyKeys = async (db: D1Database, user_id: string): Promise<boolean> =>
  (await db
    .prepare("SELECT 1 AS n FROM idempotency_keys WHERE user_id = ?1 LIMIT 1 OFFSET ?2")
    .bind(user_id, KEYS_LIMIT - 1)
    .first("n")) !== null;

/** The key as it was taken in the last day; null if it is free. */
export const findIdempotencyKey = (
  db: D1Database,
  { user_id, route, key, now }: KeyOf & { now: number },
): Promise<TakenKey | null> =>
  db
    .prepare(
      `SELECT body_digest, call_id, created_at, answered_at FROM idempotency_keys
       WHERE user_id = ?1 AND route = ?2 AND key = ?3 AND created_at > ?4`,
    )
    .bind(user_id, route, key, now - KEPT_MS)
    .first<TakenKey>();

/**
 * Takes the key if it is free, and then makes the write, in one transaction. `write` is only to take effect where
 * `IS_CLAIMED` holds. `isOurs` is false if another request has the key. Repeating it changes nothing. Without a claim
 * it is the write alone.
 */
export async function writeWithClaim<Row>(
  db: D1Database,
  claim: Claim | null,
  write: D1PreparedStatement | null,
): Promise<{ isOurs: boolean; rows: Row[] }> {
  if (claim === null) return { isOurs: true, rows: (await write?.all<Row>())?.results ?? [] };
  const { user_id, route, key, nonce, body_digest, call_id, now } = claim;
  const [, read, written] = await db.batch<Row & { nonce: string }>([
    db
      .prepare(
        `INSERT INTO idempotency_keys (user_id, route, key, nonce, body_digest, call_id, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT DO UPDATE SET nonce = ?4, body_digest = ?5, call_id = ?6, created_at = ?7, answered_at = NULL
         WHERE created_at <= ?8`,
      )
      .bind(user_id, route, key, nonce, body_digest, call_id, now, now - KEPT_MS),
    db
      .prepare("SELECT nonce FROM idempotency_keys WHERE user_id = ?1 AND route = ?2 AND key = ?3")
      .bind(user_id, route, key),
    ...(write === null ? [] : [write]),
  ]);
  return { isOurs: read?.results[0]?.nonce === nonce, rows: written?.results ?? [] };
}

/** True if the claim in this JSON parameter has its key, and if there is none. */
export const isClaimed = (claim: string): string => `(${claim} IS NULL OR EXISTS (
  SELECT 1 FROM idempotency_keys AS k WHERE k.user_id = ${claim} ->> 'user_id' AND k.route = ${claim} ->> 'route'
    AND k.key = ${claim} ->> 'key' AND k.nonce = ${claim} ->> 'nonce'))`;

/** The value of that parameter. */
export const claimText = (claim: Claim | null): string | null =>
  claim === null ? null : JSON.stringify(claim);

/** The request of this claim was answered: from now on a repeated one is answered too. */
export async function noteAnswered(db: D1Database, claim: Claim): Promise<void> {
  await db
    .prepare(
      "UPDATE idempotency_keys SET answered_at = ?5 WHERE user_id = ?1 AND route = ?2 AND key = ?3 AND nonce = ?4",
    )
    .bind(claim.user_id, claim.route, claim.key, claim.nonce, claim.now)
    .run();
}

/** The request of this claim was refused: its key is free again. */
export async function dropClaim(db: D1Database, claim: Claim): Promise<void> {
  await db
    .prepare("DELETE FROM idempotency_keys WHERE user_id = ?1 AND route = ?2 AND key = ?3 AND nonce = ?4")
    .bind(claim.user_id, claim.route, claim.key, claim.nonce)
    .run();
}

/** How many keys one run removes. */
const REMOVED_AT_ONCE = 1_000;

/** Removes keys that are no longer kept. Returns how many. */
export async function removeIdempotencyKeys(db: D1Database, now: number): Promise<number> {
  const { results } = await db
    .prepare(
      `DELETE FROM idempotency_keys WHERE (user_id, route, key) IN (
         SELECT user_id, route, key FROM idempotency_keys INDEXED BY idempotency_keys_old WHERE created_at <= ?1
         ORDER BY created_at LIMIT ${REMOVED_AT_ONCE}) RETURNING key`,
    )
    .bind(now - KEPT_MS)
    .all();
  return results.length;
}
