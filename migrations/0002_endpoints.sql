-- What an org has set, and the endpoints (org + URL) that have failed. Healthy traffic writes no further row.

ALTER TABLE orgs ADD COLUMN default_webhook TEXT;
ALTER TABLE orgs ADD COLUMN webhook_events TEXT NOT NULL DEFAULT '[]';  -- JSON array
ALTER TABLE orgs ADD COLUMN delay_for_citations INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orgs ADD COLUMN citations_timeout_seconds INTEGER NOT NULL DEFAULT 120;
ALTER TABLE orgs ADD COLUMN ops_webhook TEXT;

CREATE TABLE endpoints (
  user_id TEXT NOT NULL,
  url TEXT NOT NULL,
  state TEXT NOT NULL,               -- active, degraded or disabled
  reason TEXT,
  version TEXT NOT NULL,             -- new with every write: an update names the one it was decided on
  consecutive_failures INTEGER NOT NULL,
  first_failure_at INTEGER,          -- since the last success
  last_failure_at INTEGER,
  recovered_at INTEGER,              -- last success after a failure, or enabling: what was sent before it no longer counts
  last_success_at INTEGER,
  disabled_at INTEGER,
  probe TEXT,                        -- the attempt that may be made while degraded
  probe_until INTEGER,
  releasing INTEGER,                 -- 1 while calls that waited for it are still to be enqueued
  PRIMARY KEY (user_id, url)
) WITHOUT ROWID;

CREATE INDEX endpoints_releasing ON endpoints (user_id, url) WHERE releasing IS NOT NULL;

ALTER TABLE webhook_logs ADD COLUMN parked INTEGER;  -- 1 where put off or disabled until its endpoint recovers
ALTER TABLE webhook_logs ADD COLUMN faults INTEGER NOT NULL DEFAULT 0;  -- rounds in which the attempt now due could not be processed
CREATE INDEX webhook_logs_parked ON webhook_logs (user_id, url) WHERE parked IS NOT NULL;
