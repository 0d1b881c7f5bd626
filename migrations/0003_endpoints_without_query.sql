-- An endpoint is an org's URL without its query: calls to `/hook?call=1` and `/hook?call=2` share its health.
UPDATE OR REPLACE endpoints SET url = substr(url, 1, instr(url, '?') - 1) WHERE instr(url, '?') > 0;

-- The calls that wait for an endpoint, the oldest first. The expression is that of `endpointOf` in
-- src/record/endpoints.ts. Replaces webhook_logs_parked, which the version before names and a later migration drops.
CREATE INDEX webhook_logs_waiting ON webhook_logs (
  user_id, iif(instr(url, '?') = 0, url, substr(url, 1, instr(url, '?') - 1)), created_at
) WHERE parked IS NOT NULL;
