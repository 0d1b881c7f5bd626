/**
 * Removes old logs that have ended. A log that is due is never removed, nor one that is parked, except at an endpoint
 * that is disabled. It walks over all logs that are old enough and keeps its place, so that what stays, however much it
 * is, is read a bounded number of times.
 */
import type { LogKey } from "../core/webhook-log.ts";
import { endpointOf } from "./endpoints.ts";
import { passLogs } from "./walk.ts";

/** How many steps of the walk one run makes. The next run goes on. */
const STEPS = 20;

const HAS_ENDED = `(l.next_attempt_at IS NULL AND (l.parked IS NULL OR EXISTS (
  SELECT 1 FROM endpoints AS e WHERE e.user_id = l.user_id AND e.url = ${endpointOf("l.url")} AND e.state = 'disabled')))`;

/** The log where the walk has come to. */
interface Place {
  user_id: string;
  created_at: number;
  call_id: string;
  event: string;
}

const START: Place = { user_id: "", created_at: 0, call_id: "", event: "" };

/** Removes ended logs that were created before `before` (milliseconds). Returns how many. */
export async function removeEnded(db: D1Database, before: number): Promise<number> {
  let removed = 0;
  let place =
    (await db
      .prepare("SELECT user_id, created_at, call_id, event FROM retention_walk WHERE id = 1")
      .first<Place>()) ?? START;
  for (let step = 0; step < STEPS; step++) {
    const walked = { ...place, low: -1, floor: before - 1 };
    const { found, last } = await passLogs(db, walked, HAS_ENDED);
    const { user_id, created_at, call_id, event } = last ?? START;
    const next = { user_id, created_at: created_at ?? before, call_id: call_id ?? "", event: event ?? "" };
    const hasMoved = Object.entries(next).some(([name, value]) => place[name as keyof Place] !== value);
    const statements = [
      ...(found.length > 0 ? [removal(db, found)] : []),
      ...(hasMoved ? [keepPlace(db, next)] : []),
    ];
    const answers = statements.length > 0 ? await db.batch(statements) : [];
    removed += found.length > 0 ? (answers[0]?.results.length ?? 0) : 0;
    place = next;
    if (last === undefined) break;
  }
  return removed;
}

const removal = (db: D1Database, found: readonly Record<keyof LogKey, unknown>[]): D1PreparedStatement =>
  db
    .prepare(
      `DELETE FROM webhook_logs AS l WHERE (l.user_id, l.call_id, l.event) IN (
         SELECT j.value ->> 'user_id', j.value ->> 'call_id', j.value ->> 'event' FROM json_each(?1) AS j)
         AND ${HAS_ENDED} RETURNING event`,
    )
    .bind(JSON.stringify(found.map(({ user_id, call_id, event }) => ({ user_id, call_id, event }))));

const keepPlace = (db: D1Database, { user_id, created_at, call_id, event }: Place): D1PreparedStatement =>
  db
    .prepare(
      `INSERT INTO retention_walk (id, user_id, created_at, call_id, event) VALUES (1, ?1, ?2, ?3, ?4)
       ON CONFLICT DO UPDATE SET user_id = ?1, created_at = ?2, call_id = ?3, event = ?4`,
    )
    .bind(user_id, created_at, call_id, event);
