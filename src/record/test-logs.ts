/** Inserts the logs of test webhooks. They are due at once, whatever the state of their endpoint. */
import type { LogEvent } from "../core/webhook-log.ts";
import { type Claim, claimText, isClaimed, writeWithClaim } from "./idempotency.ts";
import { putPayload, putSql } from "./payload.ts";

export interface NewTestLog {
  user_id: string;
  call_id: string;
  event: LogEvent;
  to_number: string | null;
  from_number: string | null;
  inbound: boolean | null;
  /** The id of the key that asked for it. */
  requested_by: string;
  webhook_id: string;
  url: string;
  payload: string;
  payload_bytes: number;
  delivery_id: string;
  next_attempt_at: number;
  sweep_at: number;
}

/**
 * Writes a test's log; the same one again changes nothing. `isOurs` is false if another request has the idempotency
 * key; then nothing is written.
 */
export async function insertTestLog(
  db: D1Database,
  log: NewTestLog,
  claim: Claim | null,
): Promise<{ isOurs: boolean }> {
  const { payload, payload_encoding, payload_bytes } = putPayload(log.payload, log.payload_bytes);
  const statement = db
    .prepare(
      `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload,
         payload_encoding, payload_bytes, to_number, from_number, status, delivery_id, delivery_ordinal, send_type,
         attempts, losses, next_attempt_at, sweep_at, is_test, inbound, requested_by)
       SELECT ?1, ?2, ?3, ?4, ?5, ?9, '', ${putSql("?6", "?11")}, ?11, ?7, ?12, ?13, 'pending', ?8, 1, 'create', 0, 0, ?9,
         ?10, 1, ?14, ?15 WHERE ${isClaimed("?16")}
         AND EXISTS (SELECT 1 FROM orgs WHERE user_id = ?1) -- it may have been erased meanwhile
       ON CONFLICT DO NOTHING`,
    )
    .bind(
      log.user_id,
      log.call_id,
      log.event,
      log.webhook_id,
      log.url,
      payload,
      payload_bytes,
      log.delivery_id,
      log.next_attempt_at,
      log.sweep_at,
      payload_encoding,
      log.to_number,
      log.from_number,
      log.inbound === null ? null : Number(log.inbound),
      log.requested_by,
      claimText(claim),
    );
  return writeWithClaim(db, claim, statement);
}
