/** The floor's tables: a log with two indexes, and a row for each attempt. What one would write first. */

/** Takes the place of the service's schema in the floor's database. */
export const FLOOR_SCHEMA = [
  "DROP TABLE webhook_logs",
  `CREATE TABLE webhook_logs (
    user_id TEXT NOT NULL, call_id TEXT NOT NULL, event TEXT NOT NULL, webhook_id TEXT NOT NULL, url TEXT NOT NULL,
    created_at INTEGER NOT NULL, status TEXT NOT NULL, delivery_id TEXT NOT NULL, attempts INTEGER NOT NULL,
    next_attempt_at INTEGER, payload TEXT NOT NULL,
    PRIMARY KEY (user_id, call_id, event)
  ) WITHOUT ROWID`,
  "CREATE INDEX webhook_logs_listing ON webhook_logs (user_id, created_at)",
  "CREATE INDEX webhook_logs_due ON webhook_logs (next_attempt_at) WHERE next_attempt_at IS NOT NULL",
  `CREATE TABLE attempts (
    user_id TEXT NOT NULL, call_id TEXT NOT NULL, event TEXT NOT NULL, delivery_id TEXT NOT NULL,
    attempt INTEGER NOT NULL, send_type TEXT NOT NULL, sent_at INTEGER NOT NULL, response_code INTEGER,
    response_ms INTEGER NOT NULL, error TEXT, request_headers TEXT NOT NULL, response_headers TEXT NOT NULL,
    response_body TEXT NOT NULL,
    PRIMARY KEY (user_id, call_id, event, delivery_id, attempt)
  ) WITHOUT ROWID`,
];
