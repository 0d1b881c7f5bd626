-- Held logs by key. Each batch looks up its messages' logs here and releases those whose time is over.
-- Only held logs have an entry: a plain call writes no further row.

CREATE INDEX webhook_logs_held ON webhook_logs (user_id, call_id, event) WHERE status = 'held';
