/** How the record is meant to be searched: by function, the indexes it enters and the tables it may scan. */

/** Scans that are intended, and why they stay short. */
export const WALKS: Record<string, string[]> = {
  wakeUnsuspended: ["SCAN orgs USING INDEX orgs_waking"], // the first one of those, of which there are few
  missingMigrations: ["SCAN d1_migrations USING COVERING INDEX sqlite_autoindex_d1_migrations_1"], // a handful, and only where one is missing
  reencryptSecrets: ["SCAN signing_secrets", "SCAN endpoints USING INDEX endpoints_kept"], // only while master keys are replaced
};

/** The indexes that are meant, beside primary keys. */
export const INDEXES: Record<string, string[]> = {
  walkStep: ["webhook_logs_listing"],
  readBatch: ["orgs_suspended"],
  findKey: ["orgs_suspended"],
  readSuspended: ["orgs_suspended"],
  wakeUnsuspended: ["orgs_suspended", "orgs_waking", "webhook_logs_waiting"],
  removeWell: ["webhook_logs_waiting"],
  enableEndpoint: ["webhook_logs_waiting"],
  forgetEndpoint: ["webhook_logs_waiting"],
  reencryptSecrets: ["endpoints_kept"],
  setEndpoint: ["endpoints_kept"],
  pauseEndpoint: ["endpoints_kept"],
  eraseOrg: ["api_keys_org", "console_tokens_key", "orgs_erasing", "webhook_logs_listing"],
  readWaking: ["orgs_suspended", "webhook_logs_waiting"],
  wakeEndpoints: ["orgs_suspended", "webhook_logs_waiting"],
  releaseCalls: ["webhook_logs_waiting"],
  countWaiting: ["webhook_logs_waiting"],
  findLogs: ["webhook_logs_listing", "webhook_logs_waiting"],
  readSlices: ["webhook_logs_listing"],
  readLateWakes: ["endpoints_wake"],
  writeResults: ["orgs_suspended", "webhook_logs_waiting"],
  insertToken: ["console_tokens_key"],
  insertKey: ["api_keys_org"],
  createOrg: ["api_keys_org"],
  listKeys: ["api_keys_org"],
  revokeKey: ["api_keys_id"],
  missingMigrations: ["sqlite_autoindex_d1_migrations_1"],
  readOverdue: ["webhook_logs_sweep"],
  readLateness: ["webhook_logs_sweep"],
  removeEnded: ["webhook_logs_listing"],
  removeTombstones: ["erased_calls_old"],
  removeIdempotencyKeys: ["idempotency_keys_old"],
  countReports: ["webhook_logs_listing"],
  countUsage: ["webhook_logs_listing"],
  eraseContents: ["webhook_logs_erase"],
};
