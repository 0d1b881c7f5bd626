-- Where an org's inbound numbers go, and what a call's log knows of its citations. A plain call writes no further row.

CREATE TABLE numbers (
  user_id TEXT NOT NULL,
  phone_number TEXT NOT NULL,        -- E.164
  webhook TEXT,                      -- null: the org's default
  webhook_events TEXT,               -- JSON array; null: the org's
  PRIMARY KEY (user_id, phone_number)
) WITHOUT ROWID;
