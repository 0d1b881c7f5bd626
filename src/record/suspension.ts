/**
 * Whether an org is suspended, and what follows when it no longer is. While it is suspended none of its endpoints has to
 * wake; afterwards those at which calls are parked are woken, step by step.
 */
import { lastToRead } from "./endpoints.ts";
import { isSuspended } from "./orgs.ts";
import { parkedAt, type Wake } from "./parked.ts";

export const readSuspended = async (db: D1Database, user_id: string): Promise<boolean> =>
  (await db
    .prepare(`SELECT ${isSuspended("?1")} AS is_suspended`)
    .bind(user_id)
    .first("is_suspended")) === 1;

/** How many endpoints one step passes. */
const STEP_LIMIT = 1_000;

/**
 * Makes one step for an unsuspended org: gives its endpoints a time to wake if calls are parked there and they have none.
 * What parks a call from now on does that itself. Returns when they wake; null if no org has any left to pass.
 */
export async function wakeUnsuspended(db: D1Database, now: number): Promise<Wake[] | null> {
  const org = await db
    .prepare(
      `SELECT user_id, woken_to FROM orgs INDEXED BY orgs_waking WHERE woken_to IS NOT NULL
       ORDER BY user_id LIMIT 1`,
    )
    .first<{ user_id: string; woken_to: string }>();
  if (org === null) return null;
  const { user_id, woken_to: after } = org;
  const last = await lastToRead(db, { user_id, after, limit: STEP_LIMIT });
  const [woken] = await db.batch<Wake>([
    db
      .prepare(
        `UPDATE endpoints AS e
         SET wake_at = max(?4, iif(e.state = 'degraded', max(coalesce(e.next_probe_at, 0), coalesce(e.probe_until, 0)), 0))
         WHERE e.user_id = ?1 AND e.url > ?2 AND e.url <= coalesce(?3, e.url) AND e.wake_at IS NULL
           AND e.state IN ('active', 'degraded') AND NOT ${isSuspended("e.user_id")}
           AND EXISTS (SELECT 1 FROM ${parkedAt("e.user_id", "e.url")})
         RETURNING user_id, url, wake_at`,
      )
      .bind(user_id, after, last, now),
    db
      .prepare("UPDATE orgs SET woken_to = ?3 WHERE user_id = ?1 AND woken_to = ?2")
      .bind(user_id, after, last),
  ]);
  return woken?.results ?? [];
}
