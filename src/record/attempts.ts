/**
 * How attempts are kept in their log's row: as `metadata` shows them, and beside that the details of what was sent and
 * answered. The history of a log is bounded.
 */
import type { AttemptEntry, AttemptKey, SendType } from "../core/webhook-log.ts";

/** An attempt as a log's `metadata` shows it. */
export interface Attempt {
  /** ISO 8601. */
  sent_at: string;
  response_code: number | null;
  /** Such as `142ms`. */
  response_time: string;
  send_type: SendType;
  attempt: number;
  delivery_id: string;
  error: AttemptEntry["error"];
}

/** What was sent and answered in an attempt. */
export interface AttemptDetails {
  delivery_id: string;
  attempt: number;
  /** `url` is missing in the details of earlier versions. */
  request: { url?: string | undefined; headers: Record<string, string> };
  response: { headers: Record<string, string>; body: string };
  /** The id of the key that asked for a send by hand. The statement that appends the details adds it. */
  requested_by?: string | null;
}

/** The row of a made attempt in a statement's JSON parameter. Without details if there is no room for them. */
export const attemptRow = (
  { user_id, call_id, event, delivery_id, attempt }: AttemptKey,
  entry: AttemptEntry,
  { isFull = false }: { isFull?: boolean | undefined } = {},
) => ({
  ...{ user_id, call_id, event, delivery_id, attempt, sent_at: entry.sent_at },
  entry: {
    sent_at: new Date(entry.sent_at).toISOString(),
    response_code: entry.response_code,
    response_time: `${entry.response_ms}ms`,
    send_type: entry.send_type,
    attempt,
    delivery_id,
    error: entry.error,
  } satisfies Attempt,
  ...(!isFull && {
    details: {
      ...{ delivery_id, attempt },
      request: { url: entry.request_url, headers: entry.request_headers },
      response: { headers: entry.response_headers, body: entry.response_body },
    } satisfies AttemptDetails,
  }),
});

/** The attempts of a row, in the order they were sent. */
export const attemptsOf = (metadata: string): Attempt[] =>
  (JSON.parse(metadata) as Attempt[]).sort((one, other) => (one.sent_at < other.sent_at ? -1 : 1));

/** Beyond this many attempts the oldest goes. */
const HISTORY_LIMIT_ATTEMPTS = 1_000;
/** Over this size the oldest details go, in bytes of both columns. */
const HISTORY_LIMIT_BYTES = 262_144;

const APPENDED = "json_insert(l.metadata, '$[#]', j.value -> 'entry')";

/** Assignments that append the attempt of row `j` to log `l`. */
export const APPEND_ATTEMPT = `last_sent_at = max(coalesce(l.last_sent_at, 0), j.value ->> 'sent_at'),
  metadata = iif(json_array_length(l.metadata) < ${HISTORY_LIMIT_ATTEMPTS}, ${APPENDED}, json_remove(${APPENDED}, (
    SELECT m.fullkey FROM json_each(${APPENDED}) AS m ORDER BY m.value ->> 'sent_at', m.key LIMIT 1))),
  details = iif(j.value -> 'details' IS NULL OR l.payload_erased_at IS NOT NULL, l.details, json_insert(
    iif(octet_length(l.details) + octet_length(l.metadata) + octet_length(j.value) <= ${HISTORY_LIMIT_BYTES}, l.details, (
      SELECT json_group_array(json(d.value) ORDER BY d.key) FROM (
        SELECT key, value, sum(octet_length(value) + 1) OVER (ORDER BY key DESC) AS bytes FROM json_each(l.details)
      ) AS d WHERE d.bytes + octet_length(l.metadata) + octet_length(j.value) <= ${HISTORY_LIMIT_BYTES})),
    '$[#]', json_set(j.value -> 'details', '$.requested_by', iif(l.delivery_id = j.value ->> 'delivery_id', l.requested_by, NULL))))`;

/** The attempt of row `j` is not in log `l`. */
export const IS_NEW_ATTEMPT = `NOT EXISTS (
    SELECT 1 FROM json_each(l.metadata) AS m
    WHERE m.value ->> 'delivery_id' = j.value ->> 'delivery_id' AND m.value ->> 'attempt' = j.value ->> 'attempt')`;

/** The log `l` of row `j`. */
export const LOG_OF_ROW = `l.user_id = j.value ->> 'user_id' AND l.call_id = j.value ->> 'call_id'
  AND l.event = j.value ->> 'event'`;

/** The log of row `j`, if it still waits for the attempt in that row. */
export const AWAITING_LOG = `${LOG_OF_ROW} AND l.delivery_id = j.value ->> 'delivery_id'
  AND l.attempts = (j.value ->> 'attempt') - 1`;
