/**
 * The sweep's walk over the listing index. It finds due logs without an entry in the sweep's index: first attempts,
 * because such an entry is one more row written for each call. The walk reads each log about once.
 *
 * The floor is a time in the record. An insert takes a `created_at` above it in its own statement, so nothing is ever
 * inserted at or below the floor, whatever the clocks say and however late an insert commits. A walk raises the floor
 * first, and then goes over all logs from the floor before up to it.
 */
import { type Passed, passLogs } from "./pass-logs.ts";
import { addWalked } from "./usage.ts";

/** `created_at` of a log that is inserted now (`now` is a parameter) without an entry in the sweep's index. */
export const createdAt = (now: string): string =>
  `(SELECT max(${now}, 1 + coalesce((SELECT floor FROM sweep_walk WHERE id = 1), 0)))`;

/** The walk as it is stored: from above `low` up to `floor`, and the log or the org where it has come to. */
interface Walk {
  floor: number;
  low: number;
  /** Null if the walk is at its end. Empty at its beginning. */
  user_id: string | null;
  created_at: number;
  call_id: string;
  event: string;
}

const COLUMNS = "floor, low, user_id, created_at, call_id, event";

/**
 * Makes one step of the walk, or begins the next one if the last is at its end. Of the logs passed, those that are due
 * and have no entry in the sweep's index get one, in the transaction that moves the walk on. Returns whether there is
 * more to walk.
 */
export async function walkStep(
  db: D1Database,
  { now, sweepGraceMs }: { now: number; sweepGraceMs: number },
): Promise<{ isAtEnd: boolean }> {
  const walk = await openWalk(db, now - sweepGraceMs);
  const { user_id: org } = walk;
  if (org === null) return { isAtEnd: true };
  const { passed, found: unmarked, last } = await passLogs(db, { ...walk, user_id: org }, IS_UNMARKED);
  const added = addWalked(db, passed);
  await db.batch([
    ...(added === null ? [] : [added]),
    ...(unmarked.length > 0 ? [markStatement(db, unmarked, sweepGraceMs)] : []),
    moveStatement(db, walk, last),
  ]);
  return { isAtEnd: last === undefined };
}

/** The walk where it has come to. One that is at its end begins anew with a higher floor; one that is lost, with 0. */
async function openWalk(db: D1Database, floor: number): Promise<Walk> {
  const [, read] = await db.batch<Walk>([
    db
      .prepare(
        `INSERT INTO sweep_walk (id, ${COLUMNS}) VALUES (1, ?1, 0, '', 0, '', '')
         ON CONFLICT DO UPDATE SET low = floor, floor = ?1, user_id = '', created_at = 0, call_id = '', event = ''
         WHERE user_id IS NULL AND floor < ?1`,
      )
      .bind(floor),
    db.prepare(`SELECT ${COLUMNS} FROM sweep_walk WHERE id = 1`),
  ]);
  const [walk] = read?.results ?? [];
  if (walk === undefined) throw new Error("the sweep's walk was not stored");
  return walk;
}

const IS_UNMARKED = "(l.next_attempt_at IS NOT NULL AND l.sweep_at IS NULL)";

/** A log that was recorded meanwhile, or that another sweep has claimed, is left as it is. */
const markStatement = (db: D1Database, logs: readonly Passed[], sweepGraceMs: number): D1PreparedStatement =>
  db
    .prepare(
      `UPDATE webhook_logs AS l SET sweep_at = l.next_attempt_at + ?2 FROM json_each(?1) AS j
       WHERE l.user_id = j.value ->> 'user_id' AND l.call_id = j.value ->> 'call_id' AND l.event = j.value ->> 'event'
         AND ${IS_UNMARKED}`,
    )
    .bind(JSON.stringify(logs), sweepGraceMs);

/** Another sweep may have moved the walk meanwhile; then it stays where that one left it. */
function moveStatement(db: D1Database, from: Walk, to: Passed | undefined): D1PreparedStatement {
  const beyond = from.floor + 1; // of an org without logs nothing is left
  return db
    .prepare(
      `UPDATE sweep_walk SET user_id = ?1, created_at = ?2, call_id = ?3, event = ?4
       WHERE id = 1 AND floor = ?5 AND user_id = ?6 AND created_at = ?7 AND call_id = ?8 AND event = ?9`,
    )
    .bind(
      ...[to?.user_id ?? null, to?.created_at ?? beyond, to?.call_id ?? "", to?.event ?? ""],
      ...[from.floor, from.user_id, from.created_at, from.call_id, from.event],
    );
}

/** Up to when the sweep has walked over all logs; null if it never has. */
export const readWalked = (db: D1Database): Promise<number | null> =>
  db
    .prepare("SELECT iif(user_id IS NULL, floor, low) AS walked FROM sweep_walk WHERE id = 1")
    .first<number>("walked");

/** Up to when the sweep walks or has walked, in milliseconds since the epoch; null if it never has. */
export const readFloor = (db: D1Database): Promise<number | null> =>
  db.prepare("SELECT floor FROM sweep_walk WHERE id = 1").first<number>("floor");
