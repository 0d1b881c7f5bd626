-- What the owner of an endpoint has set for it. Null: the deployment's.
ALTER TABLE endpoints ADD COLUMN description TEXT;
ALTER TABLE endpoints ADD COLUMN timeout_seconds INTEGER;
ALTER TABLE endpoints ADD COLUMN retry_schedule TEXT;    -- JSON array of durations
ALTER TABLE endpoints ADD COLUMN signature_header TEXT;
