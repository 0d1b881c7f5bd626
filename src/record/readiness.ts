/** Whether the record answers, and how far behind its schedule it is. Counts by the sweep's index; reads no payload. */
import { SWEEP_INTERVAL_LIMIT_MS } from "../core/transition.ts";

/** How many of the logs that the sweep takes next are looked at, of all orgs: what a count costs at most. */
const LOOKED_AT_LIMIT = 10_000;

/** What is late by more than the sweep's grace. */
export interface Lateness {
  overdue: number;
  /** When the first of them was due, ISO 8601; null where none is overdue. */
  oldest_due: string | null;
  /** False where more logs were to be looked at than are: some that are overdue may not have been counted. */
  counted_all: boolean;
}

/** Reads one row at most. Rejects where the record is away, or was never migrated. */
export async function touch(db: D1Database): Promise<void> {
  await db.prepare("SELECT 1 FROM webhook_logs LIMIT 1").all();
}

/**
 * The overdue logs of an org, or of all where none is named. What the sweep has claimed stays overdue until its attempt
 * is recorded, and its `sweep_at` then lies ahead by as much as a claim moves it.
 */
export async function readLateness(
  db: D1Database,
  { now, sweepGraceMs, user_id = null }: { now: number; sweepGraceMs: number; user_id?: string | null },
): Promise<Lateness> {
  const row = await db
    .prepare(LATENESS)
    .bind(user_id, now + SWEEP_INTERVAL_LIMIT_MS, now - sweepGraceMs)
    .first<{ looked_at: number; overdue: number; oldest_due: number | null }>();
  const { looked_at, overdue, oldest_due } = row ?? { looked_at: 0, overdue: 0, oldest_due: null };
  return {
    overdue,
    oldest_due: oldest_due === null ? null : new Date(oldest_due).toISOString(),
    counted_all: looked_at < LOOKED_AT_LIMIT,
  };
}

/** Logs of other orgs are told by the index alone: a look-up by null finds nothing, and reads nothing. */
export const LATENESS = `SELECT count(*) AS looked_at, count(l.next_attempt_at) AS overdue,
    min(l.next_attempt_at) AS oldest_due
  FROM (
    SELECT user_id, call_id, event FROM webhook_logs WHERE sweep_at <= ?2 ORDER BY sweep_at LIMIT ${LOOKED_AT_LIMIT}
  ) AS s LEFT JOIN webhook_logs AS l
    ON l.user_id = iif(?1 IS NULL OR s.user_id = ?1, s.user_id, NULL) AND l.call_id = s.call_id AND l.event = s.event
    AND l.next_attempt_at < ?3`;
