/** API keys, found by their digest. The keys themselves are never stored. */

export const SCOPES = ["report", "read", "send", "configure"] as const;
export type Scope = (typeof SCOPES)[number];

/** A key and what it allows. `expires_at` is in milliseconds; null if the key does not expire. */
export interface ApiKey {
  user_id: string;
  id: string;
  name: string;
  /** The key's first characters, to tell keys apart. */
  prefix: string;
  scopes: Scope[];
  expires_at: number | null;
}

/** The key with this digest; null if there is none or it was revoked. The caller checks the expiry. */
export async function findKey(db: D1Database, digest: string): Promise<ApiKey | null> {
  const row = await db
    .prepare(
      "SELECT user_id, id, name, prefix, scopes, expires_at FROM api_keys WHERE digest = ? AND revoked_at IS NULL",
    )
    .bind(digest)
    .first<Omit<ApiKey, "scopes"> & { scopes: string }>();
  return row === null ? null : { ...row, scopes: JSON.parse(row.scopes) as Scope[] };
}

/** Writes a key; the same digest again changes nothing. */
export async function insertKey(
  db: D1Database,
  key: ApiKey & { digest: string; created_at: number },
): Promise<void> {
  await db
    .prepare(
      `INSERT INTO api_keys (digest, id, user_id, name, prefix, scopes, created_at, expires_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    )
    .bind(
      key.digest,
      key.id,
      key.user_id,
      key.name,
      key.prefix,
      JSON.stringify(key.scopes),
      key.created_at,
      key.expires_at,
    )
    .run();
}
