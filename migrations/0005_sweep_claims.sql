-- When the sweep last claimed a log: `sweep_at` less this is the interval that the next claim doubles.

ALTER TABLE webhook_logs ADD COLUMN swept_at INTEGER;  -- null until then; of an attempt before, where it is not after next_attempt_at
