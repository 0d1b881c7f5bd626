/** Logs that are late: the sweep's claim on them. */
import { SWEEP_INTERVAL_LIMIT_MS } from "../core/transition.ts";
import type { AttemptKey } from "../core/webhook-log.ts";

/**
 * Claims up to `limit` logs whose `sweep_at` has passed, oldest first, and returns the attempt each waits for.
 * Only `sweep_at` moves: by as long as the log is late by now, so that the intervals double, up to an hour.
 */
export async function claimOverdue(
  db: D1Database,
  { now, sweepGraceMs, limit }: { now: number; sweepGraceMs: number; limit: number },
): Promise<AttemptKey[]> {
  const { results } = await db
    .prepare(
      `UPDATE webhook_logs SET sweep_at = ?1 + min(max(?1 - next_attempt_at, ?2), ?3)
       WHERE (user_id, call_id, event) IN (
         SELECT user_id, call_id, event FROM webhook_logs WHERE sweep_at <= ?1 ORDER BY sweep_at LIMIT ?4
       )
       RETURNING user_id, call_id, event, delivery_id, attempts + 1 AS attempt`,
    )
    .bind(now, sweepGraceMs, SWEEP_INTERVAL_LIMIT_MS, limit)
    .all<AttemptKey>();
  return results;
}
