/**
 * Removes old logs that have ended. A log that is due is never removed, nor one that is parked, except at an endpoint
 * that is disabled.
 */
import { endpointOf } from "./endpoints.ts";

/** How many logs one statement removes, and how many statements one run makes. The next run goes on. */
const ROUND_LIMIT_LOGS = 500;
const ROUNDS = 20;

/** The oldest ended logs created before ?1, found by each org's listing index. */
const EXPIRED = `SELECT l.user_id, l.call_id, l.event FROM orgs AS o
  CROSS JOIN webhook_logs AS l ON l.user_id = o.user_id AND l.created_at < ?1
  WHERE l.next_attempt_at IS NULL AND (l.parked IS NULL OR EXISTS (
    SELECT 1 FROM endpoints AS e WHERE e.user_id = l.user_id AND e.url = ${endpointOf("l.url")} AND e.state = 'disabled'))
  LIMIT ${ROUND_LIMIT_LOGS}`;

/** Removes ended logs that were created before `before` (milliseconds). Returns how many. */
export async function removeEnded(db: D1Database, before: number): Promise<number> {
  let removed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { results } = await db
      .prepare(`DELETE FROM webhook_logs WHERE (user_id, call_id, event) IN (${EXPIRED}) RETURNING event`)
      .bind(before)
      .all();
    const count = results.length;
    removed += count;
    if (count < ROUND_LIMIT_LOGS) break;
  }
  return removed;
}
