/** Takes turns and slots at endpoints that have a rate: one row an endpoint and call of these. `core/pace.ts` says how. */
import { lagMs, ROUNDING, stepMs } from "../core/pace.ts";
import { AWAITING_LOG } from "./attempts.ts";
import type { EndpointKey } from "./endpoints.ts";

/** Asks for as many turns, or slots, at an endpoint of this rate. */
export interface PaceAsked extends EndpointKey {
  ratePerSecond: number;
  count: number;
}

/** Where the turns began, or the last slot; an endpoint whose rate has changed is left out. */
export interface Turns extends EndpointKey {
  paced_until: number;
}
export interface Slots extends EndpointKey {
  next_slot_at: number;
}

/**
 * Moves `paced_until` on by the turns that are had. Returns where it was, from which `turnsOf` tells how many these are.
 */
export async function takeTurns(
  db: D1Database,
  { asked, now }: { asked: readonly PaceAsked[]; now: number },
): Promise<Turns[]> {
  const base = "max(coalesce(paced_until, 0), ?4 - ?5)";
  const granted = `max(0, min(?6, CAST((?4 - ${base}) / ?7 + ${ROUNDING} AS INTEGER)))`;
  const statements = asked.flatMap(({ user_id, url, ratePerSecond, count }) => {
    const key = [user_id, url, ratePerSecond];
    return [
      db
        .prepare(
          `SELECT user_id, url, coalesce(paced_until, 0) AS paced_until FROM endpoints
           WHERE user_id = ?1 AND url = ?2 AND rate_per_second = ?3`,
        )
        .bind(...key),
      db
        .prepare(
          `UPDATE endpoints SET paced_until = ${base} + ${granted} * ?7
           WHERE user_id = ?1 AND url = ?2 AND rate_per_second = ?3 AND ${granted} > 0`,
        )
        .bind(...key, now, lagMs(ratePerSecond), count, stepMs(ratePerSecond)),
    ];
  });
  return (await db.batch<Turns>(statements)).flatMap(({ results }) => results);
}

/** Moves `next_slot_at` on. */
export async function giveSlots(
  db: D1Database,
  { asked, now }: { asked: readonly PaceAsked[]; now: number },
): Promise<Slots[]> {
  const statements = asked.map(({ user_id, url, ratePerSecond, count }) =>
    db
      .prepare(
        `UPDATE endpoints SET next_slot_at = max(coalesce(next_slot_at, 0), coalesce(paced_until, 0), ?4) + ?5
         WHERE user_id = ?1 AND url = ?2 AND rate_per_second = ?3
         RETURNING user_id, url, next_slot_at`,
      )
      .bind(user_id, url, ratePerSecond, now, count * stepMs(ratePerSecond)),
  );
  return (await db.batch<Slots>(statements)).flatMap(({ results }) => results);
}

/** Gives the logs of a JSON array of attempts their slots. */
export const slotStatement = (db: D1Database, rows: string) =>
  db
    .prepare(
      `UPDATE webhook_logs AS l SET reason = 'rate_limited', next_attempt_at = j.value ->> 'next_attempt_at',
         sweep_at = j.value ->> 'sweep_at'
       FROM json_each(?1) AS j WHERE ${AWAITING_LOG} AND l.next_attempt_at IS NOT NULL
       RETURNING user_id, call_id, event, delivery_id, attempts + 1 AS attempt`,
    )
    .bind(rows);
