-- Sessions of the console, and links that sign in to it. Of a token only the digest is kept.
CREATE TABLE console_tokens (
  expires_at INTEGER NOT NULL,       -- the token names it, so that one is found by the primary key, and old ones too
  digest TEXT NOT NULL,
  kind TEXT NOT NULL,                -- session, link
  user_id TEXT,                      -- null: the operator
  key_digest TEXT NOT NULL,          -- the key that it is bound to
  PRIMARY KEY (expires_at, digest)
) WITHOUT ROWID;
CREATE INDEX console_tokens_key ON console_tokens (user_id, key_digest, kind, expires_at);
