/** The list of an org's inboxes. What they receive, and the addresses of their pages, are in their objects only. */

/** How many inboxes an org may have. */
export const INBOXES_LIMIT = 100;

/** An inbox in the list. Times are milliseconds since the epoch. */
interface InboxEntry {
  id: string;
  created_at: number;
}

/** Adds an inbox to its org's list. False if the list is full. Those that have expired leave it. */
export async function addInbox(
  db: D1Database,
  { user_id, id, now, expires_at }: { user_id: string; id: string; now: number; expires_at: number },
): Promise<boolean> {
  const [, added] = await db.batch([
    db.prepare("DELETE FROM inboxes WHERE user_id = ?1 AND expires_at <= ?2").bind(user_id, now),
    db
      .prepare(
        `INSERT INTO inboxes (user_id, id, created_at, expires_at) SELECT ?1, ?2, ?3, ?4
         WHERE (SELECT count(*) FROM inboxes WHERE user_id = ?1) < ${INBOXES_LIMIT} RETURNING id`,
      )
      .bind(user_id, id, now, expires_at),
  ]);
  return (added?.results.length ?? 0) > 0;
}

/** An org's inboxes before this place, the newest first, without those that have expired. */
export async function listInboxes(
  db: D1Database,
  wanted: { user_id: string; now: number; before: { at: number; id: string }; limit: number },
): Promise<InboxEntry[]> {
  const { user_id, now, before, limit } = wanted;
  const { results } = await db
    .prepare(
      `SELECT id, created_at FROM inboxes
       WHERE user_id = ?1 AND expires_at > ?2 AND (created_at, id) < (?3, ?4)
       ORDER BY created_at DESC, id DESC LIMIT ?5`,
    )
    .bind(user_id, now, before.at, before.id, limit)
    .all<InboxEntry>();
  return results;
}

/** Takes an inbox off the list. False if it was not in it. */
export async function removeInbox(
  db: D1Database,
  { user_id, id }: { user_id: string; id: string },
): Promise<boolean> {
  const removed = await db
    .prepare("DELETE FROM inboxes WHERE user_id = ?1 AND id = ?2 RETURNING id")
    .bind(user_id, id)
    .first();
  return removed !== null;
}
