ALTER TABLE orgs ADD COLUMN retention_days INTEGER;
ALTER TABLE orgs ADD COLUMN erase_payload_when_delivered INTEGER NOT NULL DEFAULT 0;
