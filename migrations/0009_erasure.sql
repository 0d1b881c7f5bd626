-- What is left of a call that was erased: its id can't be reported again for a while.
CREATE TABLE erased_calls (
  user_id TEXT NOT NULL,
  call_id TEXT NOT NULL,
  erased_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, call_id)
) WITHOUT ROWID;
CREATE INDEX erased_calls_old ON erased_calls (erased_at);

-- Of an org with erase_payload_when_delivered: when the content of a delivered log is to be erased, and when it was.
ALTER TABLE webhook_logs ADD COLUMN erase_at INTEGER;
ALTER TABLE webhook_logs ADD COLUMN payload_erased_at INTEGER;
CREATE INDEX webhook_logs_erase ON webhook_logs (erase_at) WHERE erase_at IS NOT NULL;
