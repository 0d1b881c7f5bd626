/** Webhook logs as requests read and write them. Results of attempts are written in `results.ts`, by batches. */
import type {
  LogEvent,
  LogKey,
  LogState,
  RecordedAttempt,
  SendableLog,
  SendType,
} from "../core/webhook-log.ts";
import { getPayload, putPayload } from "./payload.ts";

/** An attempt as a log's `metadata` shows it. */
export type AttemptSummary = Omit<RecordedAttempt, "request_headers" | "response_headers" | "response_body">;

/** A log with all that `GET` shows of it; attempts are in the order of their `sent_at`. */
export interface StoredLog extends LogState {
  report_digest: string;
  payload: string;
  metadata: AttemptSummary[];
}

/** A log as it is first written. */
export interface NewLog extends LogKey {
  webhook_id: string;
  url: string | null;
  created_at: number;
  report_digest: string;
  payload: string;
  payload_bytes: number;
  status: LogState["status"];
  delivery_id: string | null;
  send_type: SendType | null;
  next_attempt_at: number | null;
  sweep_at: number | null;
}

const STATE_COLUMNS = `l.user_id, l.call_id, l.event, l.webhook_id, l.url, l.created_at, l.status, l.reason,
  l.delivery_id, l.delivery_ordinal, l.attempts, l.next_attempt_at, l.payload_bytes, l.is_test`;

/** Joins logs to the call ids in the JSON array ?1, in its order, for org ?2 and event ?3. */
const LOGS_OF_IDS = `json_each(?1) AS j CROSS JOIN webhook_logs AS l
  ON l.user_id = ?2 AND l.call_id = j.value AND l.event = ?3`;

/**
 * Writes a log unless its key is taken. Returns the status it got, or null where this write took no effect: the commit
 * point of a report. Whether its endpoint is disabled is decided here, where an enabling can't come in between.
 */
export async function insertLog(db: D1Database, log: NewLog): Promise<LogState["status"] | null> {
  const { payload, payload_bytes } = putPayload(log.payload, log.payload_bytes);
  return db
    .prepare(
      `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload,
         payload_bytes, delivery_id, delivery_ordinal, send_type, attempts, losses, status, reason, next_attempt_at,
         sweep_at, waits_for_endpoint)
       SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, 0, iif(off, 'disabled', ?13),
         iif(off, 'endpoint_disabled', NULL), iif(off, NULL, ?14), iif(off, NULL, ?15), iif(off, 1, NULL)
       FROM (SELECT EXISTS (
         SELECT 1 FROM endpoints WHERE user_id = ?1 AND url = ?5 AND state = 'disabled') AS off) WHERE true
       ON CONFLICT DO NOTHING RETURNING status`,
    )
    .bind(
      log.user_id,
      log.call_id,
      log.event,
      log.webhook_id,
      log.url,
      log.created_at,
      log.report_digest,
      payload,
      payload_bytes,
      log.delivery_id,
      log.delivery_id === null ? 0 : 1,
      log.send_type,
      log.status,
      log.next_attempt_at,
      log.sweep_at,
    )
    .first<LogState["status"]>("status");
}

/** The states of an org's logs, without payloads; ids that have none are left out. */
export async function readStates(
  db: D1Database,
  { user_id, event, call_ids }: { user_id: string; event: LogEvent; call_ids: readonly string[] },
): Promise<SendableLog[]> {
  const { results } = await db
    .prepare(
      `SELECT ${STATE_COLUMNS}, l.waits_for_endpoint, (
         SELECT e.state FROM endpoints AS e WHERE e.user_id = l.user_id AND e.url = l.url) AS endpoint_state
       FROM ${LOGS_OF_IDS} ORDER BY j.key`,
    )
    .bind(JSON.stringify(call_ids), user_id, event)
    .all<SendableLog>();
  return results;
}

/** Whole logs, in the order of `call_ids`; ids that have none are left out. The caller bounds their payloads' sum. */
export async function readLogs(
  db: D1Database,
  { user_id, event, call_ids }: { user_id: string; event: LogEvent; call_ids: readonly string[] },
): Promise<StoredLog[]> {
  const bound = [JSON.stringify(call_ids), user_id, event];
  const [logs, attempts] = (await db.batch([
    db
      .prepare(`SELECT ${STATE_COLUMNS}, l.report_digest, l.payload FROM ${LOGS_OF_IDS} ORDER BY j.key`)
      .bind(...bound),
    db
      .prepare(
        `SELECT a.call_id, a.delivery_id, a.attempt, a.send_type, a.sent_at, a.response_code, a.response_ms, a.error
         FROM json_each(?1) AS j CROSS JOIN attempts AS a ON a.user_id = ?2 AND a.call_id = j.value AND a.event = ?3
         ORDER BY a.sent_at`,
      )
      .bind(...bound),
  ])) as [D1Result<Omit<StoredLog, "metadata">>, D1Result<AttemptSummary & { call_id: string }>];
  const attemptsOf = Map.groupBy(attempts.results, (attempt) => attempt.call_id);
  return logs.results.map((row) => ({
    ...row,
    payload: getPayload(row),
    metadata: attemptsOf.get(row.call_id) ?? [],
  }));
}

/** Which of these deliveries have their first attempt in the log, by call id. */
export async function readFirstAttempts(
  db: D1Database,
  {
    user_id,
    event,
    deliveries,
  }: { user_id: string; event: LogEvent; deliveries: ReadonlyMap<string, string> },
): Promise<string[]> {
  const { results } = await db
    .prepare(
      `SELECT a.call_id FROM json_each(?1) AS j CROSS JOIN attempts AS a
       ON a.user_id = ?2 AND a.call_id = j.value ->> 0 AND a.event = ?3 AND a.delivery_id = j.value ->> 1 AND a.attempt = 1`,
    )
    .bind(JSON.stringify([...deliveries]), user_id, event)
    .all<{ call_id: string }>();
  return results.map((row) => row.call_id);
}
