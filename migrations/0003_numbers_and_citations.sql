-- Settings of inbound numbers, and what a call's log knows about its citations. A plain call writes no further row.

CREATE TABLE numbers (
  user_id TEXT NOT NULL,
  phone_number TEXT NOT NULL,        -- E.164
  webhook TEXT,                      -- null: the org's default
  webhook_events TEXT,               -- JSON array; null: the org's
  PRIMARY KEY (user_id, phone_number)
) WITHOUT ROWID;

ALTER TABLE webhook_logs ADD COLUMN wants_citations INTEGER;  -- 1 if the settings at the time of the report asked for citations
ALTER TABLE webhook_logs ADD COLUMN citations_digest TEXT;    -- of the citations that ended a hold; other citations have a log of their own

ALTER TABLE webhook_logs ADD COLUMN report_options TEXT;   -- the report's members beside its payload, as JSON; null: none
ALTER TABLE webhook_logs ADD COLUMN payload_altered TEXT;  -- filled (from a SIP code) or combined (with citations); null: as reported
