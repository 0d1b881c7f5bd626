/**
 * Operational webhooks as they are first written: logs of their own, in the transaction that makes them true, so that
 * each is sent once and none is lost. Only where the org has set an `ops_webhook`.
 */
import { dueAt } from "../core/transition.ts";

/** A notice to write if what it is `about` has come to be: a delivery that failed, an endpoint in this version. */
export interface OperationalWebhook {
  user_id: string;
  /** Stands for the call id in the log's key: the same notice twice is one. */
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

/** A notice due now. */
export const newOperationalWebhook = (
  notice: Pick<OperationalWebhook, "user_id" | "id" | "payload" | "about">,
  { rules, now, newId }: { rules: { sweepGraceMs: number }; now: number; newId: () => string },
): OperationalWebhook => ({
  ...notice,
  webhook_id: `msg_${newId()}`,
  delivery_id: `dlv_${newId()}`,
  payload_bytes: new TextEncoder().encode(notice.payload).length,
  ...dueAt(now, rules),
});

/** Writes those of the notices, a JSON array, whose occasion is in the record, and returns the attempts they wait for. */
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
