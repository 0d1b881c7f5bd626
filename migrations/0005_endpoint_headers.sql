-- Headers of an endpoint's owner, sent with every attempt.
ALTER TABLE endpoints ADD COLUMN headers TEXT;  -- JSON object: name to its value's ciphertext (under SECRETS_KEY), and what is shown of it
