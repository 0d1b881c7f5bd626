-- Logs of test webhooks: samples, sent by hand, that say nothing about their endpoint.

ALTER TABLE webhook_logs ADD COLUMN is_test INTEGER;  -- 1 for a sample
