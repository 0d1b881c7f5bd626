-- The operator makes, suspends and erases orgs, and makes and revokes their keys. What is changed is audited.
ALTER TABLE orgs ADD COLUMN limits TEXT NOT NULL DEFAULT '{}';  -- JSON object; what it lacks is the deployment's
ALTER TABLE orgs ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orgs ADD COLUMN counted_at INTEGER;                 -- when its bytes were counted; null: never
ALTER TABLE orgs ADD COLUMN retention_days INTEGER;             -- null: the deployment's
ALTER TABLE orgs ADD COLUMN erase_payload_when_delivered INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orgs ADD COLUMN suspended_at INTEGER;               -- null: it is not suspended
ALTER TABLE orgs ADD COLUMN woken_to TEXT;                      -- of an unsuspended org: its endpoints up to this URL have been woken; null: all
ALTER TABLE orgs ADD COLUMN erasing_at INTEGER;                 -- since when it is to be erased; then it stays suspended
-- Batches ask by this whether an org is suspended: where none is, nothing is read.
CREATE INDEX orgs_suspended ON orgs (user_id) WHERE suspended_at IS NOT NULL;
CREATE INDEX orgs_waking ON orgs (user_id) WHERE woken_to IS NOT NULL;
CREATE INDEX orgs_erasing ON orgs (erasing_at) WHERE erasing_at IS NOT NULL;

ALTER TABLE api_keys ADD COLUMN last_used_at INTEGER;           -- to the hour
CREATE INDEX api_keys_id ON api_keys (id);
CREATE INDEX api_keys_org ON api_keys (user_id, created_at, id);

CREATE TABLE audit (
  user_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  id TEXT NOT NULL,                  -- tells acts of the same millisecond apart
  key_id TEXT NOT NULL,              -- admin: the operator
  action TEXT NOT NULL,              -- the method and the path of the route
  target TEXT,                       -- what it was done to, never a secret
  request_id TEXT NOT NULL,
  PRIMARY KEY (user_id, at, id)
) WITHOUT ROWID;

-- The inboxes of orgs. What they receive is in their objects, and so are the addresses of their pages.
CREATE TABLE inboxes (
  user_id TEXT NOT NULL,
  id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (user_id, id)
) WITHOUT ROWID;
