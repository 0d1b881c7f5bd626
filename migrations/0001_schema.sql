-- Orgs, API keys, signing secrets, inbound numbers, endpoints and webhook logs. Times are milliseconds since the epoch.
-- Tables are WITHOUT ROWID and indexes partial where possible: every row and index entry written is billed.

CREATE TABLE orgs (
  user_id TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  default_webhook TEXT,
  webhook_events TEXT NOT NULL DEFAULT '[]',  -- JSON array
  delay_for_citations INTEGER NOT NULL DEFAULT 0,
  citations_timeout_seconds INTEGER NOT NULL DEFAULT 120,
  ops_webhook TEXT
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
  ciphertext TEXT NOT NULL,          -- encrypted under SECRETS_KEY
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (user_id, id)
) WITHOUT ROWID;

CREATE TABLE numbers (
  user_id TEXT NOT NULL,
  phone_number TEXT NOT NULL,        -- E.164
  webhook TEXT,                      -- null: the org's default
  webhook_events TEXT,               -- JSON array; null: the org's
  PRIMARY KEY (user_id, phone_number)
) WITHOUT ROWID;

-- Endpoints (org + URL) that have failed. Healthy traffic writes no row here.
CREATE TABLE endpoints (
  user_id TEXT NOT NULL,
  url TEXT NOT NULL,
  state TEXT NOT NULL,               -- active, degraded or disabled
  reason TEXT,
  version TEXT NOT NULL,             -- new with every write: an update names the version it was decided on
  consecutive_failures INTEGER NOT NULL,
  first_failure_at INTEGER,          -- since the last success
  last_failure_at INTEGER,
  recovered_at INTEGER,              -- last success after a failure, or enabling: failures sent before it don't count
  last_success_at INTEGER,
  disabled_at INTEGER,
  probe TEXT,                        -- the attempt that holds the lease to probe the degraded endpoint
  probe_until INTEGER,
  releasing INTEGER,                 -- 1 while parked calls are still to be released
  PRIMARY KEY (user_id, url)
) WITHOUT ROWID;

CREATE INDEX endpoints_releasing ON endpoints (user_id, url) WHERE releasing IS NOT NULL;

CREATE TABLE webhook_logs (
  user_id TEXT NOT NULL,
  call_id TEXT NOT NULL,
  event TEXT NOT NULL,
  webhook_id TEXT NOT NULL,          -- the webhook-id header, the same over retries and resends
  url TEXT,
  created_at INTEGER NOT NULL,
  report_digest TEXT NOT NULL,       -- of the report's bytes: a repeated report is recognised by it
  report_options TEXT,               -- the report's members beside its payload, as JSON; null: none
  payload_altered TEXT,              -- filled (from a SIP code) or combined (with citations); null: as reported
  wants_citations INTEGER,           -- 1 if the settings at the time of the report asked for citations
  citations_digest TEXT,             -- of the citations that ended a hold; other citations have a log of their own
  is_test INTEGER,                   -- 1 for a test's sample
  to_number TEXT,                    -- the payload's `to` and `from`, because it can't be searched when it is compressed
  from_number TEXT,
  payload_bytes INTEGER NOT NULL,    -- of the payload as it is sent
  status TEXT NOT NULL,
  reason TEXT,
  -- the current delivery; the following columns change with it
  delivery_id TEXT,
  delivery_ordinal INTEGER NOT NULL,
  send_type TEXT,
  attempts INTEGER NOT NULL,         -- recorded attempts of the current delivery
  losses INTEGER NOT NULL,           -- how often the due attempt was cut off before it could be recorded
  faults INTEGER NOT NULL DEFAULT 0, -- rounds in which the due attempt could not be processed
  next_attempt_at INTEGER,           -- the schedule; null if nothing is due
  sweep_at INTEGER,                  -- from when the sweep takes the log as late; null too until its walk has found it late
  swept_at INTEGER,                  -- the sweep's last claim; belongs to an earlier attempt if not after next_attempt_at
  parked INTEGER,                    -- 1 if deferred or disabled until its endpoint recovers
  -- the attempts of all deliveries
  last_sent_at INTEGER,              -- of the newest attempt
  metadata TEXT NOT NULL DEFAULT '[]',  -- JSON array of attempts as GET shows them, in the order they were recorded
  payload_encoding TEXT,             -- deflate (raw, of its UTF-8); null: it is text
  payload NOT NULL,                  -- the bytes to send
  details TEXT NOT NULL DEFAULT '[]',   -- JSON array of what was sent and answered; last: lists and batches never read it
  PRIMARY KEY (user_id, call_id, event)
) WITHOUT ROWID;

CREATE INDEX webhook_logs_listing ON webhook_logs (user_id, created_at, call_id, event);
CREATE INDEX webhook_logs_sweep ON webhook_logs (sweep_at) WHERE sweep_at IS NOT NULL;
CREATE INDEX webhook_logs_parked ON webhook_logs (user_id, url) WHERE parked IS NOT NULL;

-- How far the sweep has walked over the logs. One row.
CREATE TABLE sweep_walk (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  floor INTEGER NOT NULL,            -- whatever is inserted from now on is created after it
  low INTEGER NOT NULL,              -- the walk goes over what was created after this and not after the floor
  user_id TEXT,                      -- the log, or the org, where it has come to; null: it is at its end
  created_at INTEGER NOT NULL,
  call_id TEXT NOT NULL,
  event TEXT NOT NULL
);

-- A row that is written and removed again, to see whether the database takes writes.
CREATE TABLE trial_writes (
  id TEXT NOT NULL PRIMARY KEY,
  filler BLOB NOT NULL
) WITHOUT ROWID;
