/** Appends attempts that came too late to move their log: they belong in its history, and change nothing else. */
import { type AttemptEntry, type AttemptKey, attemptKeyText, logKeyText } from "../core/webhook-log.ts";
import { APPEND_ATTEMPT, attemptRow, IS_NEW_ATTEMPT, LOG_OF_ROW } from "./attempts.ts";
import { parameters } from "./parameters.ts";

/** An attempt and its outcome. */
export interface MadeAttempt {
  key: AttemptKey;
  entry: AttemptEntry;
  /** True if its org stores what it may: then only what `metadata` shows is kept of the attempt. */
  isFull?: true;
}

/**
 * Appends the attempts whose log did not move on by them and does not have them. They move nothing. Returns them if
 * that failed.
 */
export async function appendLate(
  db: D1Database,
  results: readonly MadeAttempt[],
  moved: readonly AttemptKey[],
): Promise<AttemptKey[]> {
  const known = new Set(moved.map(attemptKeyText));
  const late = results.filter(({ key }) => !known.has(attemptKeyText(key)));
  if (late.length === 0) return [];
  const rows = oncePerLog(late).flatMap((part) =>
    parameters(part.map(({ key, entry, isFull }) => attemptRow(key, entry, { isFull }))),
  );
  try {
    await db.batch(rows.map((part) => appendStatement(db, part)));
    return [];
  } catch (error) {
    console.error("Late attempts could not be recorded; their messages come back.", error);
    return late.map(({ key }) => key);
  }
}

const appendStatement = (db: D1Database, rows: string) =>
  db
    .prepare(
      `UPDATE webhook_logs AS l SET ${APPEND_ATTEMPT} FROM json_each(?1) AS j
       WHERE ${LOG_OF_ROW} AND ${IS_NEW_ATTEMPT}`,
    )
    .bind(rows);

/** Parts the attempts so that no part has two of one log: a statement would apply one of them and drop the other. */
function oncePerLog(results: readonly MadeAttempt[]): MadeAttempt[][] {
  const ofLogs = [...Map.groupBy(results, ({ key }) => logKeyText(key)).values()];
  const most = Math.max(...ofLogs.map(({ length }) => length));
  return Array.from({ length: most }, (_, index) => ofLogs.flatMap((ofLog) => ofLog[index] ?? []));
}
