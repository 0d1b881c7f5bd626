/** Reads webhook logs for requests. Logs are inserted in `reports.ts`; attempts are written in `results.ts`. */

import type { Parking } from "../core/endpoint.ts";
import type { SendableLog } from "../core/refusal.ts";
import type { LogEvent, LogKey, LogState } from "../core/webhook-log.ts";
import { type Attempt, type AttemptDetails, attemptsOf } from "./attempts.ts";
import { getPayload, PAYLOAD_OF_LOG, type StoredPayload } from "./payload.ts";
import { ENDPOINT_STATE } from "./shown-state.ts";

/** A log with all that `GET` shows. Attempts are ordered by `sent_at`. */
export interface StoredLog extends LogState, Parking {
  report_digest: string;
  /** The members of its report other than the payload, as JSON text; null if there were none. */
  report_options: string | null;
  /** How the payload was changed since the report; null if it was not. */
  payload_altered: "filled" | "combined" | null;
  /** Null once its content was erased. */
  payload: string | null;
  /** When that was, in milliseconds since the epoch. */
  payload_erased_at: number | null;
  metadata: Attempt[];
}

const STATE_COLUMNS = `l.user_id, l.call_id, l.event, l.webhook_id, l.url, l.created_at, l.status, l.reason,
  l.delivery_id, l.delivery_ordinal, l.attempts, l.next_attempt_at, l.payload_bytes, l.payload_erased_at, l.is_test, l.parked`;

/** Joins logs to the call ids in the JSON array ?1, for org ?2 and event ?3. */
const LOGS_OF_IDS = `json_each(?1) AS j CROSS JOIN webhook_logs AS l
  ON l.user_id = ?2 AND l.call_id = j.value AND l.event = ?3`;

/** Sorted here, because in the query each row that passes a sorter is billed as one more read. */
function inOrder<Row extends { call_id: string }>(rows: readonly Row[], callIds: readonly string[]): Row[] {
  const rowOf = new Map(rows.map((row) => [row.call_id, row]));
  return callIds.flatMap((call_id) => rowOf.get(call_id) ?? []);
}

/** The states of an org's logs, without payloads, in the order of `call_ids`. Ids without a log are left out. */
export async function readStates(
  db: D1Database,
  { user_id, event, call_ids }: { user_id: string; event: LogEvent; call_ids: readonly string[] },
): Promise<SendableLog[]> {
  const { results } = await db
    .prepare(
      `SELECT ${STATE_COLUMNS}, l.payload_bytes + octet_length(l.metadata) AS answer_bytes,
         ${ENDPOINT_STATE} AS endpoint_state
       FROM ${LOGS_OF_IDS}`,
    )
    .bind(JSON.stringify(call_ids), user_id, event)
    .all<SendableLog>();
  return inOrder(results, call_ids);
}

/** Whole logs, in the order of `call_ids`. Ids without a log are left out. The caller bounds the sum of their sizes. */
export async function readLogs(
  db: D1Database,
  { user_id, event, call_ids }: { user_id: string; event: LogEvent; call_ids: readonly string[] },
): Promise<StoredLog[]> {
  const { results } = await db
    .prepare(
      `SELECT ${STATE_COLUMNS}, l.report_digest, l.report_options, l.payload_altered, l.metadata,
         iif(l.parked IS NULL, NULL, ${ENDPOINT_STATE}) AS endpoint_state, l.payload_encoding, ${PAYLOAD_OF_LOG} AS payload
       FROM ${LOGS_OF_IDS}`,
    )
    .bind(JSON.stringify(call_ids), user_id, event)
    .all<Omit<StoredLog, "metadata" | "payload"> & StoredPayload & { metadata: string }>();
  return inOrder(results, call_ids).map((row) => ({
    ...row,
    payload: row.payload_erased_at === null ? getPayload(row) : null,
    metadata: attemptsOf(row.metadata),
  }));
}

/** A log's attempts, ordered by `sent_at`, and the details that are kept of them; null if the call has no webhook. */
export async function readHistory(
  db: D1Database,
  { user_id, call_id, event }: LogKey,
): Promise<{ attempts: Attempt[]; details: AttemptDetails[] } | null> {
  const row = await db
    .prepare(
      `SELECT metadata, details FROM webhook_logs
       WHERE user_id = ?1 AND call_id = ?2 AND event = ?3 AND url IS NOT NULL`,
    )
    .bind(user_id, call_id, event)
    .first<{ metadata: string; details: string }>();
  if (row === null) return null;
  return { attempts: attemptsOf(row.metadata), details: JSON.parse(row.details) as AttemptDetails[] };
}

/** The call ids of those deliveries whose first attempt is recorded. */
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
      `SELECT l.call_id FROM json_each(?1) AS j CROSS JOIN webhook_logs AS l
         ON l.user_id = ?2 AND l.call_id = j.value ->> 0 AND l.event = ?3
       WHERE iif(l.delivery_id = j.value ->> 1, l.attempts > 0, EXISTS (
         SELECT 1 FROM json_each(l.metadata) AS m
         WHERE m.value ->> 'delivery_id' = j.value ->> 1 AND m.value ->> 'attempt' = 1))`,
    )
    .bind(JSON.stringify([...deliveries]), user_id, event)
    .all<{ call_id: string }>();
  return results.map((row) => row.call_id);
}
