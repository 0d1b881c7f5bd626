-- Logs of test webhooks: samples whose outcome says nothing about their endpoint.

ALTER TABLE webhook_logs ADD COLUMN is_test INTEGER;  -- 1 for a sample
