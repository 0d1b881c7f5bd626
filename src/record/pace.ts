/** Takes turns and slots at endpoints that have a rate: one row an endpoint and call of these. `core/pace.ts` says how. */
import { BURST_MS } from "../core/pace.ts";
import { AWAITING_LOG } from "./attempts.ts";
import type { EndpointKey } from "./endpoints.ts";

const STEP = "(1000.0 / rate_per_second)";

/** Asks for this many turns. */
export interface TurnsAsked extends EndpointKey {
  count: number;
}

/** The rate at that moment; null if there is none any more. */
export interface Turns extends EndpointKey {
  rate_per_second: number;
  paced_until: number;
}

/** Moves `paced_until` on. An endpoint without a rate is left out. */
export async function takeTurns(
  db: D1Database,
  { asked, now }: { asked: readonly TurnsAsked[]; now: number },
): Promise<Turns[]> {
  const statements = asked.map(({ user_id, url, count }) =>
    db
      .prepare(
        `UPDATE endpoints SET paced_until = max(coalesce(paced_until, 0), ?4 - max(${BURST_MS}, ${STEP})) + ?3 * ${STEP}
         WHERE user_id = ?1 AND url = ?2 AND rate_per_second IS NOT NULL
         RETURNING user_id, url, rate_per_second, paced_until`,
      )
      .bind(user_id, url, count, now),
  );
  return (await db.batch<Turns>(statements)).flatMap(({ results }) => results);
}

/** Gives back turns that were not had, and asks for as many slots as calls wait. */
export interface SlotsAsked extends EndpointKey {
  unused: number;
  count: number;
}

export interface Slots extends EndpointKey {
  rate_per_second: number;
  next_slot_at: number;
}

/** Moves `next_slot_at` on, and `paced_until` back. An endpoint without a rate is left out. */
export async function giveSlots(
  db: D1Database,
  { asked, now }: { asked: readonly SlotsAsked[]; now: number },
): Promise<Slots[]> {
  const statements = asked.map(({ user_id, url, unused, count }) =>
    db
      .prepare(
        `UPDATE endpoints SET paced_until = paced_until - ?3 * ${STEP},
           next_slot_at = max(coalesce(next_slot_at, 0), coalesce(paced_until, 0) - ?3 * ${STEP}, ?5) + ?4 * ${STEP}
         WHERE user_id = ?1 AND url = ?2 AND rate_per_second IS NOT NULL
         RETURNING user_id, url, rate_per_second, next_slot_at`,
      )
      .bind(user_id, url, unused, count, now),
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
