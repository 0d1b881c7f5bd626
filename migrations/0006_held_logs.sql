-- The logs that are held, by key: each batch looks its messages' logs up here, and releases those whose time is over.
-- Only a held log has an entry, so that a batch without any reads none and a plain call writes no further row.

CREATE INDEX webhook_logs_held ON webhook_logs (user_id, call_id, event) WHERE status = 'held';
