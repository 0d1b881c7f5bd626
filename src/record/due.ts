/** What a batch of deliveries reads: the log of each of its messages, in one query. Ends the holds that are over. */
import { isHoldOver } from "../core/citations.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { AttemptKey, LogState, SendType } from "../core/webhook-log.ts";
import { releaseStatement } from "./citations.ts";
import { ENDPOINT_OF_LOG } from "./endpoints.ts";
import { getPayload, PAYLOAD_READ_LIMIT_BYTES } from "./payload.ts";

/**
 * A log as a batch sees it. `payload` is null where the log is held, where the named attempt is not the next one, and
 * where the payloads before it filled the read: a later batch has room for it. `last_sent_at` is the log's newest entry.
 */
export interface DueLog extends LogState {
  send_type: SendType | null;
  losses: number;
  faults: number;
  payload: string | null;
  last_sent_at: number | null;
  /** Its org's live signing secrets, the newest first. */
  sealed_secrets: string[];
  /** Null where the log's endpoint has never failed. */
  endpoint: Endpoint | null;
}

/** A log as the batch's query answers it. */
type Stored = Omit<DueLog, "sealed_secrets" | "endpoint"> & {
  position: number;
  sealed_secrets: string;
  endpoint: string | null;
};

/** Not while the log is held: only a batch that has released it may send it. */
const IS_NEXT =
  "(l.status <> 'held' AND l.delivery_id = j.value ->> 'delivery_id' AND l.attempts = (j.value ->> 'attempt') - 1)";

interface Wanted {
  keys: readonly AttemptKey[];
  now: number;
}

/**
 * The log that each of these attempts belongs to, in their order; undefined where the log is gone. Where one is held and
 * its time is over, they are read again in the transaction that releases it: from then on what it sends is fixed. Only
 * then, because a release that found nothing would look up each of the batch's logs a second time.
 */
export async function readDue(db: D1Database, wanted: Wanted): Promise<(DueLog | undefined)[]> {
  const { results } = await readStatement(db, wanted).all<Stored>();
  if (!results.some((log) => isHoldOver(log, wanted.now))) return inOrder(results, wanted);
  const answers = await db.batch<Stored>([releaseStatement(db, wanted), readStatement(db, wanted)]);
  return inOrder(answers[1]?.results ?? [], wanted);
}

/** Looks each log up once: a look-up compares whole rows, payloads too, and costs as much as reading them. */
const readStatement = (db: D1Database, { keys, now }: Wanted): D1PreparedStatement =>
  db
    .prepare(
      `SELECT l.position, l.user_id, l.call_id, l.event, l.webhook_id, l.url, l.created_at, l.status, l.reason,
         l.delivery_id, l.delivery_ordinal, l.send_type, l.attempts, l.losses, l.faults, l.next_attempt_at, l.payload_bytes, l.is_test,
         CASE WHEN l.is_next AND l.bytes_so_far <= ?2 THEN l.payload END AS payload,
         (SELECT max(a.sent_at) FROM attempts AS a
          WHERE a.user_id = l.user_id AND a.call_id = l.call_id AND a.event = l.event) AS last_sent_at,
         (SELECT json_group_array(json_array(k.created_at, k.sealed)) FROM signing_secrets AS k
          WHERE k.user_id = l.user_id AND (k.expires_at IS NULL OR k.expires_at > ?3)) AS sealed_secrets,
         ${ENDPOINT_OF_LOG} AS endpoint
       FROM (
         SELECT j.key AS position, l.*, ${IS_NEXT} AS is_next,
           sum(l.payload_bytes) FILTER (WHERE ${IS_NEXT}) OVER (ROWS UNBOUNDED PRECEDING) AS bytes_so_far
         FROM json_each(?1) AS j CROSS JOIN webhook_logs AS l
         ON l.user_id = j.value ->> 'user_id' AND l.call_id = j.value ->> 'call_id' AND l.event = j.value ->> 'event'
       ) AS l`,
    )
    .bind(JSON.stringify(keys), PAYLOAD_READ_LIMIT_BYTES, now);

function inOrder(results: readonly Stored[], { keys }: Wanted): (DueLog | undefined)[] {
  const logs: (DueLog | undefined)[] = keys.map(() => undefined);
  for (const { position, payload, endpoint, sealed_secrets, ...log } of results) {
    logs[position] = {
      ...log,
      payload: payload === null ? null : getPayload({ payload }),
      sealed_secrets: newestFirst(sealed_secrets),
      endpoint: endpoint === null ? null : JSON.parse(endpoint),
    };
  }
  return logs;
}

/** Sorted here and not by the query, where each row that passes a sorter is billed as one more read. */
const newestFirst = (secrets: string): string[] =>
  (JSON.parse(secrets) as [created_at: number, sealed: string][])
    .sort(([a], [b]) => b - a)
    .map(([, sealed]) => sealed);
