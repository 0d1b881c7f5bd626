-- What lists and histories show. Both are added behind the payload: null, 0 and 1 lie in a row's header.
ALTER TABLE webhook_logs ADD COLUMN inbound INTEGER;    -- the payload's `inbound`; null if it is neither true nor false
ALTER TABLE webhook_logs ADD COLUMN requested_by TEXT;  -- the id of the key that asked for the current delivery; null: the normal flow made it
