/**
 * Inserts operational webhooks as logs of their own, in the transaction that makes them true: each is sent once and
 * none is lost. Only for orgs with an `ops_webhook`.
 */
import { Buffer } from "node:buffer";
import { dueAt } from "../core/transition.ts";

/**
 * An operational webhook, written if what it is `about` is in the record: a failed delivery, or this version of an
 * endpoint.
 */
export interface OperationalWebhook {
  user_id: string;
  /** Takes the place of the call id in the log's key, so that a repeated one is written once. */
  id: string;
  webhook_id: string;
  delivery_id: string;
  payload: string;
  payload_bytes: number;
  next_attempt_at: number;
  sweep_at: number;
  about:
    | { url: string; version: string }
    | { call_id: string; event: string; delivery_id: string; attempts: number };
}

/** An operational webhook that is due now. */
export const newOperationalWebhook = (
  webhook: Pick<OperationalWebhook, "user_id" | "id" | "payload" | "about">,
  { rules, now, newId }: { rules: { sweepGraceMs: number }; now: number; newId: () => string },
): OperationalWebhook => ({
  ...webhook,
  webhook_id: `msg_${newId()}`,
  delivery_id: `dlv_${newId()}`,
  payload_bytes: Buffer.byteLength(webhook.payload),
  ...dueAt(now, rules),
});

/**
 * Writes the operational webhooks in a JSON array whose occasion is in the record. Returns the attempts they wait
 * for.
 */
export const operationalWebhookStatement = (
  db: D1Database,
  operationalWebhooks: string,
): D1PreparedStatement =>
  db
    .prepare(
      `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload,
         payload_bytes, status, delivery_id, delivery_ordinal, send_type, attempts, losses, next_attempt_at, sweep_at)
       SELECT o.user_id, j.value ->> 'id', 'operational', j.value ->> 'webhook_id', o.ops_webhook,
         j.value ->> 'next_attempt_at', '', j.value ->> 'payload', j.value ->> 'payload_bytes', 'pending',
         j.value ->> 'delivery_id', 1, 'spawn', 0, 0, j.value ->> 'next_attempt_at', j.value ->> 'sweep_at'
       FROM json_each(?1) AS j CROSS JOIN orgs AS o ON o.user_id = j.value ->> 'user_id'
       WHERE o.ops_webhook IS NOT NULL AND (
         EXISTS (
           SELECT 1 FROM endpoints AS e WHERE e.user_id = o.user_id AND e.url = j.value ->> '$.about.url'
             AND e.version = j.value ->> '$.about.version')
         OR EXISTS (
           SELECT 1 FROM webhook_logs AS l WHERE l.user_id = o.user_id AND l.call_id = j.value ->> '$.about.call_id'
             AND l.event = j.value ->> '$.about.event' AND l.delivery_id = j.value ->> '$.about.delivery_id'
             AND l.attempts = j.value ->> '$.about.attempts' AND l.status = 'failed'))
       ON CONFLICT DO NOTHING
       RETURNING user_id, call_id, event, delivery_id, 1 AS attempt`,
    )
    .bind(operationalWebhooks);
