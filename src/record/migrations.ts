/** The migrations that this code needs, in order. A test compares the list with the folder `migrations/`. */
export const MIGRATIONS = [
  "0001_schema.sql",
  "0002_announced_rotation.sql",
  "0003_endpoints_without_query.sql",
  "0004_endpoint_settings.sql",
  "0005_endpoint_headers.sql",
  "0006_parking_and_rates.sql",
  "0007_listing.sql",
  "0008_orgs_and_keys.sql",
  "0009_erasure.sql",
  "0010_idempotency.sql",
  "0011_console_sessions.sql",
] as const;

/**
 * The migrations that a database lacks. If it lacks none this reads one row: migrations are applied in order, so the
 * last one stands for all. Rejects if the database is away.
 */
export async function missingMigrations(db: D1Database): Promise<string[]> {
  const applied = "SELECT name FROM d1_migrations";
  const newest = await db
    .prepare(`${applied} WHERE name = ?1`)
    .bind(MIGRATIONS.at(-1))
    .all()
    .catch(noneApplied);
  if (newest.results.length > 0) return [];
  const { results } = await db.prepare(applied).all<{ name: string }>().catch(noneApplied);
  const names = results.map(({ name }) => name);
  return MIGRATIONS.filter((name) => !names.includes(name));
}

/** A database that was never migrated has no such table. */
function noneApplied(error: unknown): { results: { name: string }[] } {
  if (error instanceof Error && error.message.includes("no such table")) return { results: [] };
  throw error;
}
