/** Many logs at once, all alike, as one statement writes them. */
import { env } from "cloudflare:workers";
import type { Org } from "./words.ts";

/** Logs of an org, `due` milliseconds from now (null: ended), as one write. */
export const fillDue = (of: Pick<Org, "user_id">, { logs, due }: { logs: number; due: number | null }) =>
  env.DB.prepare(
    `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload,
       payload_bytes, status, delivery_id, delivery_ordinal, send_type, attempts, losses, next_attempt_at, sweep_at)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
     SELECT ?1, 'fill-' || i, 'call', 'msg', 'http://127.0.0.1:1/', 1, '', '{}', 2,
       iif(?3 IS NULL, 'delivered', 'pending'), 'dlv', 1, 'spawn', 0, 0, ?3, ?3 + 60000 FROM n`,
  )
    .bind(of.user_id, logs, due === null ? null : Date.now() + due)
    .run();

/** Logs that are due and unmarked, all created at the same time, as a statement makes them. */
export const fillUnmarked = (of: Pick<Org, "user_id">, { logs, at }: { logs: number; at: number }) =>
  env.DB.prepare(
    `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload,
       payload_bytes, status, delivery_id, delivery_ordinal, send_type, attempts, losses, next_attempt_at)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
     SELECT ?1, 'fill-' || i, 'call', 'msg', 'http://127.0.0.1:1/', ?3, '', '{}', 2, 'pending', 'dlv', 1, 'spawn', 0, 0, ?3
     FROM n`,
  )
    .bind(of.user_id, logs, at)
    .run();
