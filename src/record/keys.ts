/** API keys, found by their digest. The keys themselves are never stored. */
import { isSuspended } from "./orgs.ts";
import { QUOTA_COLUMNS, type Quota } from "./quota.ts";

export const SCOPES = ["report", "read", "send", "configure"] as const;
export type Scope = (typeof SCOPES)[number];

/** A key and what it allows. Times are in milliseconds since the epoch. */
interface ApiKey {
  user_id: string;
  id: string;
  name: string;
  /** The key's first characters, to tell keys apart. */
  prefix: string;
  scopes: Scope[];
  /** Null if the key does not expire. */
  expires_at: number | null;
}

/** A key that was found, when it was used last, to the hour, and what its org is and may. */
export interface FoundKey extends ApiKey, Quota {
  last_used_at: number | null;
  is_suspended: 0 | 1;
}

/** A key as it is listed. */
export interface KeyEntry extends ApiKey {
  created_at: number;
  last_used_at: number | null;
  revoked_at: number | null;
}

type Row<Key extends ApiKey> = Omit<Key, "scopes"> & { scopes: string };

const keyOf = <Key extends ApiKey>(row: Row<Key>) => ({
  ...row,
  scopes: JSON.parse(row.scopes) as Scope[],
});

/** The key with this digest; null if there is none or it was revoked. The caller checks the expiry. */
export async function findKey(db: D1Database, digest: string): Promise<FoundKey | null> {
  const row = await db
    .prepare(
      `SELECT k.user_id, k.id, k.name, k.prefix, k.scopes, k.expires_at, k.last_used_at,
         ${isSuspended("k.user_id")} AS is_suspended, ${QUOTA_COLUMNS}
       FROM api_keys AS k LEFT JOIN orgs AS o ON o.user_id = k.user_id WHERE k.digest = ? AND k.revoked_at IS NULL`,
    )
    .bind(digest)
    .first<Row<FoundKey>>();
  return row === null ? null : keyOf(row);
}

/** How many keys of an org may be live. */
export const LIVE_KEYS_LIMIT = 100;

export type NewKey = ApiKey & { digest: string; created_at: number };

/** Inserts a key, unless its org has too many, or there is no such org. The same digest again changes nothing. */
export const keyStatement = (db: D1Database, key: NewKey): D1PreparedStatement =>
  db
    .prepare(
      `INSERT INTO api_keys (digest, id, user_id, name, prefix, scopes, created_at, expires_at)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
       WHERE EXISTS (SELECT 1 FROM orgs WHERE user_id = ?3 AND erasing_at IS NULL) AND ${LIVE_KEYS_LIMIT} > (
         SELECT count(*) FROM api_keys INDEXED BY api_keys_org
         WHERE user_id = ?3 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?7))
       ON CONFLICT DO NOTHING RETURNING id`,
    )
    .bind(
      ...[key.digest, key.id, key.user_id, key.name, key.prefix, JSON.stringify(key.scopes)],
      ...[key.created_at, key.expires_at],
    );

/** Writes a key. False if nothing was written. */
export const insertKey = async (db: D1Database, key: NewKey): Promise<boolean> =>
  (await keyStatement(db, key).first()) !== null;

/** Where a page of keys goes on: after the key of this time and id. */
export interface KeyPlace {
  at: number;
  id: string;
}

/** An org's keys before this place, the newest first. Expired and revoked ones are among them. */
export async function listKeys(
  db: D1Database,
  { user_id, before, limit }: { user_id: string; before: KeyPlace; limit: number },
): Promise<KeyEntry[]> {
  const { results } = await db
    .prepare(
      `SELECT user_id, id, name, prefix, scopes, created_at, expires_at, last_used_at, revoked_at
       FROM api_keys INDEXED BY api_keys_org WHERE user_id = ?1 AND (created_at, id) < (?2, ?3)
       ORDER BY created_at DESC, id DESC LIMIT ?4`,
    )
    .bind(user_id, before.at, before.id, limit)
    .all<Row<KeyEntry>>();
  return results.map(keyOf);
}

/** Revokes a key; one that is revoked stays as it is. Returns its org, or null if there is no such key. */
export const revokeKey = (db: D1Database, { id, now }: { id: string; now: number }): Promise<string | null> =>
  db
    .prepare("UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1 RETURNING user_id")
    .bind(id, now)
    .first<string>("user_id");

/** A key's last use is written this often at most. */
export const LAST_USE_EVERY_MS = 3_600_000;

/** Writes that a key was used, unless another isolate has within the hour. */
export async function writeLastUse(
  db: D1Database,
  { digest, now }: { digest: string; now: number },
): Promise<void> {
  await db
    .prepare(
      `UPDATE api_keys SET last_used_at = ?2
       WHERE digest = ?1 AND (last_used_at IS NULL OR last_used_at < ?2 - ${LAST_USE_EVERY_MS})`,
    )
    .bind(digest, now)
    .run();
}
