/** Finds late logs for the sweep, and claims them once they are enqueued. */
import { SWEEP_INTERVAL_LIMIT_MS } from "../core/transition.ts";
import type { AttemptKey } from "../core/webhook-log.ts";

/** Up to `limit` logs whose `sweep_at` has passed, oldest first: the attempt each waits for. */
export async function readOverdue(
  db: D1Database,
  { now, limit }: { now: number; limit: number },
): Promise<AttemptKey[]> {
  const { results } = await db
    .prepare(
      `SELECT user_id, call_id, event, delivery_id, attempts + 1 AS attempt
       FROM webhook_logs WHERE sweep_at <= ?1 ORDER BY sweep_at LIMIT ?2`,
    )
    .bind(now, limit)
    .all<AttemptKey>();
  return results;
}

/**
 * Claims these logs if they are still late. A claimed log is late again after the grace, and after each further claim
 * for the same attempt in twice the time, up to an hour. The interval does not depend on how late the log is: after
 * an outage of hours it would be as long as that. The schedule does not change.
 */
export async function claimOverdue(
  db: D1Database,
  { keys, now, sweepGraceMs }: { keys: readonly AttemptKey[]; now: number; sweepGraceMs: number },
): Promise<void> {
  await db
    .prepare(
      `UPDATE webhook_logs AS l SET swept_at = ?2, sweep_at = ?2 + min(?4,
         max(?3, iif(l.swept_at > l.next_attempt_at, 2 * (l.sweep_at - l.swept_at), 0)))
       FROM json_each(?1) AS j WHERE l.user_id = j.value ->> 'user_id' AND l.call_id = j.value ->> 'call_id'
         AND l.event = j.value ->> 'event' AND l.sweep_at <= ?2`,
    )
    .bind(JSON.stringify(keys), now, sweepGraceMs, SWEEP_INTERVAL_LIMIT_MS)
    .run();
}
