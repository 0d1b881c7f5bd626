-- Webhook logs and their attempts, orgs, API keys and signing secrets. Times are milliseconds since the epoch.
-- Tables are WITHOUT ROWID and indexes partial where possible: every row and index entry written is billed.

CREATE TABLE orgs (
  user_id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE api_keys (
  digest TEXT NOT NULL PRIMARY KEY,  -- hex SHA-256 of the key; the key itself is not stored
  id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  name TEXT NOT NULL,
  prefix TEXT NOT NULL,              -- the key's first characters, to tell keys apart
  scopes TEXT NOT NULL,              -- JSON array of report, read, send, configure
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  revoked_at INTEGER
) WITHOUT ROWID;

CREATE TABLE signing_secrets (
  user_id TEXT NOT NULL,
  id TEXT NOT NULL,
  ciphertext TEXT NOT NULL,              -- encrypted under SECRETS_KEY
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (user_id, id)
) WITHOUT ROWID;

CREATE TABLE webhook_logs (
  user_id TEXT NOT NULL,
  call_id TEXT NOT NULL,
  event TEXT NOT NULL,
  webhook_id TEXT NOT NULL,          -- the webhook-id header, the same over retries and resends
  url TEXT,
  created_at INTEGER NOT NULL,
  report_digest TEXT NOT NULL,       -- of the report's bytes: a repeated report is recognised by it
  payload_bytes INTEGER NOT NULL,
  status TEXT NOT NULL,
  reason TEXT,
  -- the current delivery; the following columns change with it
  delivery_id TEXT,
  delivery_ordinal INTEGER NOT NULL,
  send_type TEXT,
  attempts INTEGER NOT NULL,         -- recorded attempts of the current delivery
  losses INTEGER NOT NULL,           -- how often the due attempt was cut off before it could be recorded
  next_attempt_at INTEGER,           -- the schedule; null if nothing is due
  sweep_at INTEGER,                  -- from when the sweep takes the log as late
  payload TEXT NOT NULL,             -- the bytes to send; the last column, so that the others are read without it
  PRIMARY KEY (user_id, call_id, event)
) WITHOUT ROWID;

CREATE INDEX webhook_logs_listing ON webhook_logs (user_id, created_at);
CREATE INDEX webhook_logs_sweep ON webhook_logs (sweep_at) WHERE sweep_at IS NOT NULL;

CREATE TABLE attempts (
  user_id TEXT NOT NULL,
  call_id TEXT NOT NULL,
  event TEXT NOT NULL,
  delivery_id TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  send_type TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  response_code INTEGER,
  response_ms INTEGER NOT NULL,
  error TEXT,
  request_headers TEXT NOT NULL,     -- JSON object
  response_headers TEXT NOT NULL,    -- JSON object
  response_body TEXT NOT NULL,       -- its first 4 KB
  PRIMARY KEY (user_id, call_id, event, delivery_id, attempt)
) WITHOUT ROWID;
