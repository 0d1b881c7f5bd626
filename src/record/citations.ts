/**
 * Reads a call's log when its citations arrive, and ends its hold because of them. Logs of citations are inserted in
 * `reports.ts`.
 */
import type { LogState } from "../core/webhook-log.ts";
import { getPayload, PAYLOAD_OF_LOG, putPayload, putSql, type StoredPayload } from "./payload.ts";

interface CallKey {
  user_id: string;
  call_id: string;
}

/** What has to be known about a call when its citations arrive. */
export interface CitedLog extends Pick<LogState, "status" | "url" | "next_attempt_at"> {
  wants_citations: 1 | null;
  /** The digest of the citations that were accepted before; null if none were. */
  accepted: string | null;
  /** 1 if the accepted citations have a log of their own. */
  has_own_log: 0 | 1;
  /** The payload if the log is held, else null. */
  payload: string | null;
}

export async function readCited(db: D1Database, { user_id, call_id }: CallKey): Promise<CitedLog | null> {
  const row = await db
    .prepare(
      `SELECT l.status, l.url, l.next_attempt_at, l.wants_citations, c.event IS NOT NULL AS has_own_log,
         coalesce(l.citations_digest, c.report_digest) AS accepted, iif(l.status = 'held', ${PAYLOAD_OF_LOG}, NULL) AS payload, l.payload_encoding
       FROM webhook_logs AS l LEFT JOIN webhook_logs AS c
         ON c.user_id = l.user_id AND c.call_id = l.call_id AND c.event = 'citations'
       WHERE l.user_id = ?1 AND l.call_id = ?2 AND l.event = 'call'`,
    )
    .bind(user_id, call_id)
    .first<CitedLog & Pick<StoredPayload, "payload_encoding">>();
  if (row === null) return null;
  const { payload, payload_encoding, ...log } = row;
  return { ...log, payload: payload === null ? null : getPayload({ payload, payload_encoding }) };
}

/**
 * Ends a hold as its time would: the payload goes out as it is. Returns the delivery that is due; null if the log is
 * not held.
 */
export const endHold = (
  db: D1Database,
  { user_id, call_id }: CallKey,
  { next_attempt_at, sweep_at }: { next_attempt_at: number; sweep_at: number },
): Promise<string | null> =>
  db
    .prepare(
      `UPDATE webhook_logs SET status = 'pending', reason = NULL, next_attempt_at = ?3, sweep_at = ?4
       WHERE user_id = ?1 AND call_id = ?2 AND event = 'call' AND status = 'held' RETURNING delivery_id`,
    )
    .bind(user_id, call_id, next_attempt_at, sweep_at)
    .first<string>("delivery_id");

/** Ends a hold because of citations: sets the payload and makes the log due. False if the log is not held any more. */
export async function endHoldByCitations(
  db: D1Database,
  { user_id, call_id }: CallKey,
  ended: {
    digest: string;
    payload: string;
    payload_bytes: number;
    isCombined: boolean;
    next_attempt_at: number;
    sweep_at: number;
  },
): Promise<boolean> {
  const { payload, payload_encoding, payload_bytes } = putPayload(ended.payload, ended.payload_bytes);
  const { results } = await db
    .prepare(
      `UPDATE webhook_logs SET status = 'pending', reason = NULL, citations_digest = ?3, payload = ${putSql("?4", "?9")},
         payload_encoding = ?9, payload_bytes = ?5, next_attempt_at = ?6, sweep_at = ?7, payload_altered = iif(?8, 'combined', payload_altered)
       WHERE user_id = ?1 AND call_id = ?2 AND event = 'call' AND status = 'held' RETURNING event`,
    )
    .bind(
      user_id,
      call_id,
      ended.digest,
      payload,
      payload_bytes,
      ended.next_attempt_at,
      ended.sweep_at,
      ended.isCombined ? 1 : 0,
      payload_encoding,
    )
    .all();
  return results.length > 0;
}
