/** What an org may use, and what it does. */

/** What an org may use. Null: there is no limit but the deployment's. */
export interface Quota {
  reports_per_minute: number | null;
  stored_gb: number | null;
  stored_bytes: number;
  /** When the bytes were counted, in milliseconds since the epoch; null if they never were. */
  counted_at: number | null;
}

/** What an org may store if nothing else is set, in GB: half of what a database holds. */
export const DEFAULT_STORED_GB = 5;

/** Whether org `s` stores what it may. */
export const IS_FULL = `s.stored_bytes >= 1e9 * coalesce(s.limits ->> 'stored_gb', ${DEFAULT_STORED_GB})`;

/** The columns of an org `o` that make its quota. */
export const QUOTA_COLUMNS = `o.limits ->> 'reports_per_minute' AS reports_per_minute, o.limits ->> 'stored_gb' AS stored_gb,
  coalesce(o.stored_bytes, 0) AS stored_bytes, o.counted_at`;

export const readQuota = (db: D1Database, user_id: string): Promise<Quota | null> =>
  db.prepare(`SELECT ${QUOTA_COLUMNS} FROM orgs AS o WHERE o.user_id = ?1`).bind(user_id).first<Quota>();

/** How many calls an org has reported since then, without tests, counted up to `limit`. */
export async function countReports(
  db: D1Database,
  { user_id, since, limit }: { user_id: string; since: number; limit: number },
): Promise<number> {
  const count = await db
    .prepare(
      `SELECT count(*) AS n FROM (
         SELECT 1 FROM webhook_logs INDEXED BY webhook_logs_listing
         WHERE user_id = ?1 AND created_at >= ?2 AND event = 'call' AND is_test IS NULL LIMIT ?3)`,
    )
    .bind(user_id, since, limit)
    .first<number>("n");
  return count ?? 0;
}
