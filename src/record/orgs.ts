/** Orgs and their signing secrets, which are sealed before they come here. */

/** Writes an org; the same id again changes nothing. */
export async function insertOrg(
  db: D1Database,
  org: { user_id: string; name: string; created_at: number },
): Promise<void> {
  await db
    .prepare("INSERT INTO orgs (user_id, name, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
    .bind(org.user_id, org.name, org.created_at)
    .run();
}

export async function insertSigningSecret(
  db: D1Database,
  secret: { user_id: string; id: string; sealed: string; created_at: number },
): Promise<void> {
  await db
    .prepare("INSERT INTO signing_secrets (user_id, id, sealed, created_at) VALUES (?, ?, ?, ?)")
    .bind(secret.user_id, secret.id, secret.sealed, secret.created_at)
    .run();
}

/** The sealed signing secret of an org, or null where it has none. */
export async function findSigningSecret(db: D1Database, userId: string): Promise<string | null> {
  return db
    .prepare("SELECT sealed FROM signing_secrets WHERE user_id = ?")
    .bind(userId)
    .first<string>("sealed");
}
