/** What a batch of deliveries reads and writes: one read and one write for all of its messages. */
import type { NextState } from "../core/transition.ts";
import type { AttemptEntry, AttemptKey, LogState, SendType } from "../core/webhook-log.ts";
import { getPayload, PAYLOAD_READ_LIMIT_BYTES } from "./payload.ts";

/**
 * A log as a batch sees it. `payload` is null where the named attempt is not the next one, and where the payloads
 * before it filled the read: a later batch has room for it. `last_sent_at` is the log's newest entry.
 */
export interface DueLog extends LogState {
  send_type: SendType | null;
  losses: number;
  payload: string | null;
  last_sent_at: number | null;
  /** Its org's live signing secrets, the newest first. */
  sealed_secrets: string[];
}

/** An attempt that was made, and the state its log goes to if this attempt is still the one it waits for. */
export interface Result {
  key: AttemptKey;
  entry: AttemptEntry;
  next: NextState;
}

/** A statement's JSON parameter is cut here, in characters: D1 refuses parameters of more than 2 MB. */
const PARAMETER_LIMIT_CHARACTERS = 500_000;

const IS_NEXT = "(l.delivery_id = j.value ->> 'delivery_id' AND l.attempts = (j.value ->> 'attempt') - 1)";

/**
 * The log that each of these attempts belongs to, in their order; undefined where the log is gone. Looks each log up
 * once: a look-up compares whole rows, payloads too, and costs as much as reading them.
 */
export async function readDue(
  db: D1Database,
  { keys, now }: { keys: readonly AttemptKey[]; now: number },
): Promise<(DueLog | undefined)[]> {
  const { results } = await db
    .prepare(
      `SELECT l.position, l.user_id, l.call_id, l.event, l.webhook_id, l.url, l.created_at, l.status, l.reason,
         l.delivery_id, l.delivery_ordinal, l.send_type, l.attempts, l.losses, l.next_attempt_at, l.payload_bytes,
         CASE WHEN l.is_next AND l.bytes_so_far <= ?2 THEN l.payload END AS payload,
         (SELECT max(a.sent_at) FROM attempts AS a
          WHERE a.user_id = l.user_id AND a.call_id = l.call_id AND a.event = l.event) AS last_sent_at,
         (SELECT json_group_array(json_array(k.created_at, k.sealed)) FROM signing_secrets AS k
          WHERE k.user_id = l.user_id AND (k.expires_at IS NULL OR k.expires_at > ?3)) AS sealed_secrets
       FROM (
         SELECT j.key AS position, l.*, ${IS_NEXT} AS is_next,
           sum(l.payload_bytes) FILTER (WHERE ${IS_NEXT}) OVER (ROWS UNBOUNDED PRECEDING) AS bytes_so_far
         FROM json_each(?1) AS j CROSS JOIN webhook_logs AS l
         ON l.user_id = j.value ->> 'user_id' AND l.call_id = j.value ->> 'call_id' AND l.event = j.value ->> 'event'
       ) AS l`,
    )
    .bind(JSON.stringify(keys), PAYLOAD_READ_LIMIT_BYTES, now)
    .all<Omit<DueLog, "sealed_secrets"> & { position: number; sealed_secrets: string }>();
  const logs: (DueLog | undefined)[] = keys.map(() => undefined);
  for (const { position, ...log } of results) {
    const payload = log.payload === null ? null : getPayload({ payload: log.payload });
    logs[position] = { ...log, payload, sealed_secrets: newestFirst(log.sealed_secrets) };
  }
  return logs;
}

/** Sorted here and not by the query, where each row that passes a sorter is billed as one more read. */
const newestFirst = (secrets: string): string[] =>
  (JSON.parse(secrets) as [created_at: number, sealed: string][])
    .sort(([a], [b]) => b - a)
    .map(([, sealed]) => sealed);

/**
 * Writes a batch's results in one transaction, and counts the losses: attempts cut off before they could be recorded.
 * An attempt that stands already is left as it is; a log moves on only from the attempt before. Returns the keys whose
 * log did move on.
 */
export async function writeResults(
  db: D1Database,
  { results, losses }: { results: readonly Result[]; losses: readonly AttemptKey[] },
): Promise<AttemptKey[]> {
  const updates = parameters(results.map(updateRow)).map((rows) => updateStatement(db, rows));
  const inserts = parameters(results.map(attemptRow)).map((rows) => insertStatement(db, rows));
  const counts = parameters(losses).map((rows) => lossStatement(db, rows));
  if (updates.length + counts.length === 0) return [];
  const answers = await db.batch<AttemptKey>([...updates, ...inserts, ...counts]);
  return answers.slice(0, updates.length).flatMap((answer) => answer.results);
}

const updateRow = ({ key, next }: Result) => ({ ...key, ...next });

const attemptRow = ({ key, entry }: Result) => ({ ...key, ...entry });

/** The log of row `j`, if it still waits for the attempt that the row names. */
const AWAITING_LOG = `l.user_id = j.value ->> 'user_id' AND l.call_id = j.value ->> 'call_id'
  AND l.event = j.value ->> 'event' AND l.delivery_id = j.value ->> 'delivery_id'
  AND l.attempts = (j.value ->> 'attempt') - 1`;

const updateStatement = (db: D1Database, rows: string) =>
  db
    .prepare(
      `UPDATE webhook_logs AS l SET status = j.value ->> 'status', reason = j.value ->> 'reason',
         attempts = j.value ->> 'attempt', losses = 0,
         next_attempt_at = j.value ->> 'next_attempt_at', sweep_at = j.value ->> 'sweep_at'
       FROM json_each(?1) AS j WHERE ${AWAITING_LOG}
       RETURNING user_id, call_id, event, delivery_id, attempts AS attempt`,
    )
    .bind(rows);

const insertStatement = (db: D1Database, rows: string) =>
  db
    .prepare(
      `INSERT INTO attempts (user_id, call_id, event, delivery_id, attempt, send_type, sent_at, response_code,
         response_ms, error, request_headers, response_headers, response_body)
       SELECT value ->> 'user_id', value ->> 'call_id', value ->> 'event', value ->> 'delivery_id', value ->> 'attempt',
         value ->> 'send_type', value ->> 'sent_at', value ->> 'response_code', value ->> 'response_ms',
         value ->> 'error', value -> 'request_headers', value -> 'response_headers', value ->> 'response_body'
       FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING`,
    )
    .bind(rows);

const lossStatement = (db: D1Database, rows: string) =>
  db
    .prepare(
      `UPDATE webhook_logs AS l SET losses = l.losses + 1 FROM json_each(?1) AS j WHERE ${AWAITING_LOG}`,
    )
    .bind(rows);

/** Packs rows into as few JSON arrays as stay under the limit; a row over it goes alone. */
function parameters(rows: readonly object[]): string[] {
  const packed: string[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (size + text.length > PARAMETER_LIMIT_CHARACTERS) {
      packed.push([]);
      size = 0;
    }
    packed.at(-1)?.push(text);
    size += text.length + 1;
  }
  return packed.map((texts) => `[${texts.join(",")}]`);
}
