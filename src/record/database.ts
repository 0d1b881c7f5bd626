/** The database of an org. All access goes through here, so that orgs can be spread over several databases. */

/** The database of an org; without an org, the one for API keys, batches and the sweep. */
export const databaseOf = (env: { DB: D1Database }, _userId?: string): D1Database => env.DB;
