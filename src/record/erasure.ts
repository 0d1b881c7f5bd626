/**
 * Erases calls, and the content of those that were delivered if their org wants that. What is left of an erased call is
 * a tombstone, which keeps its id from being reported again for a while.
 */

interface CallKey {
  user_id: string;
  call_id: string;
}

/** How long a call that was erased can't be reported again. */
export const TOMBSTONE_MS = 30 * 86_400_000;

/** What names a log's webhooks where they have arrived. */
export interface SentLog {
  webhook_id: string;
  url: string | null;
}

/** The logs of a call. */
export async function readSent(db: D1Database, { user_id, call_id }: CallKey): Promise<SentLog[]> {
  const { results } = await db
    .prepare(
      `SELECT webhook_id, url FROM webhook_logs
       WHERE user_id = ?1 AND call_id = ?2 AND event IN ('call', 'citations')`,
    )
    .bind(user_id, call_id)
    .all<SentLog>();
  return results;
}

/**
 * Erases a call's logs and leaves its tombstone, in one transaction: whatever is written for the call afterwards finds
 * no log, and no report makes a new one. Returns the logs. Repeating it changes nothing.
 */
export async function eraseCall(
  db: D1Database,
  { user_id, call_id, now }: CallKey & { now: number },
): Promise<SentLog[]> {
  const [, erased] = await db.batch<SentLog>([
    db
      .prepare(
        `INSERT INTO erased_calls (user_id, call_id, erased_at)
         SELECT ?1, ?2, ?3 FROM webhook_logs WHERE user_id = ?1 AND call_id = ?2 AND event IN ('call', 'citations') LIMIT 1
         ON CONFLICT DO UPDATE SET erased_at = ?3`,
      )
      .bind(user_id, call_id, now),
    db
      .prepare(
        `DELETE FROM webhook_logs WHERE user_id = ?1 AND call_id = ?2 AND event IN ('call', 'citations')
         RETURNING webhook_id, url`,
      )
      .bind(user_id, call_id),
  ]);
  return erased?.results ?? [];
}

/** When a call was erased, in milliseconds since the epoch; null if it was not, or too long ago to know. */
export const readErasedAt = (db: D1Database, { user_id, call_id }: CallKey): Promise<number | null> =>
  db
    .prepare("SELECT erased_at FROM erased_calls WHERE user_id = ?1 AND call_id = ?2")
    .bind(user_id, call_id)
    .first<number>("erased_at");

/** True if the call of parameters ?1 and ?2 was not erased: a condition for inserting its log. */
export const IS_NOT_ERASED =
  "NOT EXISTS (SELECT 1 FROM erased_calls AS x WHERE x.user_id = ?1 AND x.call_id = ?2)";

/** How many tombstones one run removes. */
const REMOVED_AT_ONCE = 1_000;

/** Removes tombstones that have done their time. Returns how many. */
export async function removeTombstones(db: D1Database, now: number): Promise<number> {
  const { results } = await db
    .prepare(
      `DELETE FROM erased_calls WHERE (user_id, call_id) IN (
         SELECT user_id, call_id FROM erased_calls INDEXED BY erased_calls_old WHERE erased_at <= ?1
         ORDER BY erased_at LIMIT ${REMOVED_AT_ONCE}) RETURNING call_id`,
    )
    .bind(now - TOMBSTONE_MS)
    .all();
  return results.length;
}

/** How many calls one statement erases the content of, and how many such statements one run makes. */
const CONTENTS_AT_ONCE = 200;
const ROUNDS = 20;
/** A call of which something is due still is looked at again after this long. */
const AGAIN_MS = 86_400_000;

/** Log `l` is one of the calls in the JSON array ?1, and its org wants contents erased. */
const OF_CALLS = `(l.user_id, l.call_id) IN (SELECT j.value ->> 'user_id', j.value ->> 'call_id' FROM json_each(?1) AS j)
  AND l.event IN ('call', 'citations')`;
const IS_WANTED =
  "EXISTS (SELECT 1 FROM orgs AS o WHERE o.user_id = l.user_id AND o.erase_payload_when_delivered = 1)";
/** What failed may still be sent again. Citations without a URL are only kept beside their call. */
const IS_DONE = "(l.status = 'delivered' OR (l.url IS NULL AND l.event = 'citations'))";
const IS_CALL_DUE = `EXISTS (
  SELECT 1 FROM webhook_logs AS w WHERE w.user_id = l.user_id AND w.call_id = l.call_id
    AND w.event IN ('call', 'citations') AND (w.next_attempt_at IS NOT NULL OR w.parked IS NOT NULL))`;

/**
 * Erases what was delivered of calls whose time has come and of which nothing is due: payloads, and what was sent and
 * answered. Returns how many logs lost their content.
 */
export async function eraseContents(db: D1Database, now: number): Promise<number> {
  let erased = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { results: calls } = await db
      .prepare(
        `SELECT DISTINCT user_id, call_id FROM webhook_logs INDEXED BY webhook_logs_erase WHERE erase_at <= ?1
         LIMIT ${CONTENTS_AT_ONCE}`,
      )
      .bind(now)
      .all<CallKey>();
    if (calls.length === 0) break;
    const [contents] = await db.batch(
      [
        `UPDATE webhook_logs AS l SET payload = '', payload_encoding = NULL, payload_bytes = 0, details = '[]',
           payload_erased_at = ?2, erase_at = NULL
         WHERE ${OF_CALLS} AND l.payload_erased_at IS NULL AND ${IS_WANTED} AND ${IS_DONE} AND NOT ${IS_CALL_DUE}
         RETURNING event`,
        `UPDATE webhook_logs AS l SET erase_at = iif(${IS_WANTED} AND ${IS_CALL_DUE}, ?2 + ${AGAIN_MS}, NULL)
         WHERE ${OF_CALLS} AND l.erase_at <= ?2`,
      ].map((text) => db.prepare(text).bind(JSON.stringify(calls), now)),
    );
    erased += contents?.results.length ?? 0;
    if (calls.length < CONTENTS_AT_ONCE) break;
  }
  return erased;
}
