-- Settings of orgs, and endpoints (org + URL) that have failed. Healthy traffic writes no row here.

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

ALTER TABLE webhook_logs ADD COLUMN parked INTEGER;  -- 1 if deferred or disabled until its endpoint recovers
ALTER TABLE webhook_logs ADD COLUMN faults INTEGER NOT NULL DEFAULT 0;  -- rounds in which the due attempt could not be processed
CREATE INDEX webhook_logs_parked ON webhook_logs (user_id, url) WHERE parked IS NOT NULL;
