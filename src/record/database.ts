/** Where an org's rows live. The one way from an org to its database, so that orgs can be spread over several. */

/** The database of an org; without one, of what belongs to none: API keys, a batch's messages, the sweep. */
export const databaseOf = (env: { DB: D1Database }, _userId?: string): D1Database => env.DB;
