-- When the sweep last claimed a log. `sweep_at` minus this is the interval that the next claim doubles.

ALTER TABLE webhook_logs ADD COLUMN swept_at INTEGER;  -- null if never; belongs to an earlier attempt if it is not after next_attempt_at
