-- The Idempotency-Keys of the last day's requests, so that a repeated request sends nothing.
CREATE TABLE idempotency_keys (
  user_id TEXT NOT NULL,
  route TEXT NOT NULL,
  key TEXT NOT NULL,
  nonce TEXT NOT NULL,               -- names the request that has the key
  body_digest TEXT NOT NULL,
  call_id TEXT,                      -- the call that a test made; the others' calls are in the body
  created_at INTEGER NOT NULL,
  answered_at INTEGER,               -- null while the request is under way
  PRIMARY KEY (user_id, route, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_keys_old ON idempotency_keys (created_at);
