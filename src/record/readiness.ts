/** Tells how far the record is behind its schedule. Counts by the sweep's index; reads no payload. */
import { SWEEP_INTERVAL_LIMIT_MS } from "../core/transition.ts";
import { readFloor } from "./walk.ts";

/** How many logs are looked at, of all orgs, in the order in which the sweep takes them: the most that a count costs. */
const LOOKED_AT_LIMIT = 10_000;

/** The logs that are late by more than the sweep's grace, by org. */
export interface Lateness {
  orgs: Map<string, { overdue: number; oldest_due: number }>;
  /**
   * How long ago it was up to when the sweep has walked: a call reported later may be late without being counted.
   * Null: it never has. Negative: a sweep's clock ran ahead, and until that time nothing more is walked.
   */
  floor_age_seconds: number | null;
  /** False if there were more logs than are looked at: some overdue ones may not be counted. */
  counted_all: boolean;
}

/** How late an org is, or all orgs together, as the API shows it. `oldest_due` is null if none is overdue. */
export function latenessOf({ orgs, counted_all, floor_age_seconds }: Lateness, userId?: string) {
  const counted =
    userId === undefined ? [...orgs.values()] : [orgs.get(userId)].filter((org) => org !== undefined);
  const oldest = Math.min(...counted.map(({ oldest_due }) => oldest_due));
  return {
    overdue: counted.reduce((sum, { overdue }) => sum + overdue, 0),
    oldest_due: Number.isFinite(oldest) ? new Date(oldest).toISOString() : null,
    counted_all,
    floor_age_seconds,
  };
}

/**
 * The overdue logs of each org. A log that the sweep has claimed stays overdue until its attempt is recorded. Its
 * `sweep_at` then lies ahead, by as much as a claim moves it.
 */
export async function readLateness(
  db: D1Database,
  { now, sweepGraceMs }: { now: number; sweepGraceMs: number },
): Promise<Lateness> {
  const [floor, { results }] = await Promise.all([
    readFloor(db),
    db
      .prepare(LATENESS)
      .bind(now + SWEEP_INTERVAL_LIMIT_MS, now - sweepGraceMs)
      .all<{ user_id: string; looked_at: number; overdue: number; oldest_due: number | null }>(),
  ]);
  const floor_age_seconds = floor === null ? null : Math.round((now - floor) / 1_000);
  const looked_at = results.reduce((sum, org) => sum + org.looked_at, 0);
  const orgs = results.flatMap(({ user_id, overdue, oldest_due }) =>
    oldest_due === null ? [] : [[user_id, { overdue, oldest_due }] as const],
  );
  return { orgs: new Map(orgs), counted_all: looked_at < LOOKED_AT_LIMIT, floor_age_seconds };
}

/** The index holds each log's org. The row is read only to see when the log was due. */
export const LATENESS = `SELECT s.user_id, count(*) AS looked_at, count(l.next_attempt_at) AS overdue,
    min(l.next_attempt_at) AS oldest_due
  FROM (
    SELECT user_id, call_id, event FROM webhook_logs WHERE sweep_at <= ?1 ORDER BY sweep_at LIMIT ${LOOKED_AT_LIMIT}
  ) AS s LEFT JOIN webhook_logs AS l
    ON l.user_id = s.user_id AND l.call_id = s.call_id AND l.event = s.event AND l.next_attempt_at < ?2
  GROUP BY s.user_id`;
