-- A call that waits for its endpoint is parked: it has no due time and no message. Its endpoint wakes for it.
ALTER TABLE endpoints ADD COLUMN wake_at INTEGER;        -- when it probes or releases; not null while a call is parked and it is active or degraded
ALTER TABLE endpoints ADD COLUMN next_probe_at INTEGER;  -- of a degraded endpoint
ALTER TABLE endpoints ADD COLUMN probes INTEGER NOT NULL DEFAULT 0;  -- made since it is degraded
ALTER TABLE endpoints ADD COLUMN last_error TEXT;        -- of the last failure

-- Values that are null, 0 or 1 lie in a row's header: to read them, nothing of the payload before them is read.
ALTER TABLE webhook_logs ADD COLUMN trials INTEGER;  -- failures in a row as a probe or after a release; null: the due attempt is neither
ALTER TABLE webhook_logs ADD COLUMN spared INTEGER;  -- attempts of the current delivery that used up no step of the schedule

-- `parked` is the log's place among those that wait: when it was last attempted, created, or put behind the others. Its
-- status and reason are its endpoint's when they are read.
UPDATE webhook_logs SET parked = created_at, trials = 0, next_attempt_at = NULL, sweep_at = NULL, reason = NULL,
  status = iif(attempts = 0, 'pending', 'retrying') WHERE parked IS NOT NULL;
DROP INDEX webhook_logs_parked;
DROP INDEX webhook_logs_waiting;
CREATE INDEX webhook_logs_waiting ON webhook_logs (
  user_id, iif(instr(url, '?') = 0, url, substr(url, 1, instr(url, '?') - 1)), parked
) WHERE parked IS NOT NULL;

DROP INDEX endpoints_releasing;
ALTER TABLE endpoints DROP COLUMN releasing;
UPDATE endpoints SET probe = NULL, probe_until = NULL, next_probe_at = iif(state = 'degraded', 0, NULL),
  wake_at = iif(state = 'disabled', NULL, 0),
  last_error = iif(state = 'degraded', reason, NULL),
  reason = CASE WHEN state = 'active' THEN NULL WHEN reason = 'gone' THEN 'gone' ELSE 'failing' END;
CREATE INDEX endpoints_wake ON endpoints (wake_at) WHERE wake_at IS NOT NULL;

-- An endpoint's rate is kept over all batches: in the record.
ALTER TABLE endpoints ADD COLUMN rate_per_second REAL;  -- null: no limit
ALTER TABLE endpoints ADD COLUMN paced_until REAL;      -- when what was let through so far is within the rate
ALTER TABLE endpoints ADD COLUMN next_slot_at REAL;     -- the last slot that was given to a call that waits

-- Those that are there because their owner wants it are counted by this: an org may have a thousand.
CREATE INDEX endpoints_kept ON endpoints (user_id, url) WHERE state = 'paused' OR description IS NOT NULL
  OR headers IS NOT NULL OR rate_per_second IS NOT NULL OR timeout_seconds IS NOT NULL OR retry_schedule IS NOT NULL
  OR signature_header IS NOT NULL;

-- How far the removals of what is old have come: of logs, and of endpoints.
CREATE TABLE walks (
  name TEXT NOT NULL PRIMARY KEY,
  place TEXT NOT NULL                -- JSON
) WITHOUT ROWID;
