-- A signing secret may be made before it is the newest one, so that receivers can be told beforehand.
ALTER TABLE signing_secrets ADD COLUMN activates_at INTEGER;  -- null: at once
