/** Orgs and their settings. */

/** The settings of an org. */
export interface OrgSettings {
  name: string;
  default_webhook: string | null;
  webhook_events: string[];
  delay_for_citations: boolean;
  citations_timeout_seconds: number;
  ops_webhook: string | null;
  /** Null: the deployment's. */
  retention_days: number | null;
  erase_payload_when_delivered: boolean;
}

export type Org = OrgSettings & { user_id: string };

/** An org as it is stored. */
type OrgRow = Omit<Org, "webhook_events" | "delay_for_citations" | "erase_payload_when_delivered"> & {
  webhook_events: string;
  delay_for_citations: number;
  erase_payload_when_delivered: number;
};

const SETTINGS = [
  "name",
  "default_webhook",
  "webhook_events",
  "delay_for_citations",
  "citations_timeout_seconds",
  "ops_webhook",
  "retention_days",
  "erase_payload_when_delivered",
] as const satisfies (keyof OrgSettings)[];

const COLUMNS = `user_id, ${SETTINGS.join(", ")}`;

/** Turns booleans and lists into what a column can hold. */
const columnValue = (value: OrgSettings[keyof OrgSettings] | undefined) =>
  Array.isArray(value) ? JSON.stringify(value) : typeof value === "boolean" ? Number(value) : value;

/** Inserts an org; the same id again changes nothing. A null among the limits is left out. */
export const orgStatement = (
  db: D1Database,
  org: { user_id: string; name: string; created_at: number },
  limits: object = {},
): D1PreparedStatement =>
  db
    .prepare(
      `INSERT INTO orgs (user_id, name, created_at, limits) VALUES (?, ?, ?, json_patch('{}', ?))
       ON CONFLICT DO NOTHING`,
    )
    .bind(org.user_id, org.name, org.created_at, JSON.stringify(limits));

export async function insertOrg(
  db: D1Database,
  org: { user_id: string; name: string; created_at: number },
): Promise<void> {
  await orgStatement(db, org).run();
}

/**
 * Whether the org with this id, which is an SQL expression, is suspended. By the index of those that are: for another org
 * nothing is read.
 */
export const isSuspended = (userId: string): string =>
  `EXISTS (SELECT 1 FROM orgs AS s INDEXED BY orgs_suspended WHERE s.user_id = ${userId} AND s.suspended_at IS NOT NULL)`;

/** The org, or null if there is none. */
export async function findOrg(db: D1Database, userId: string): Promise<Org | null> {
  const row = await db.prepare(`SELECT ${COLUMNS} FROM orgs WHERE user_id = ?`).bind(userId).first<OrgRow>();
  return row === null ? null : orgOf(row);
}

/** Changes the given settings only. Returns the org, or null if there is none. */
export async function updateOrg(
  db: D1Database,
  {
    user_id,
    settings,
  }: { user_id: string; settings: { [Name in keyof OrgSettings]?: OrgSettings[Name] | undefined } },
): Promise<Org | null> {
  const columns = SETTINGS.filter((name) => settings[name] !== undefined);
  if (columns.length === 0) return findOrg(db, user_id);
  const assignments = columns.map((column, index) => `${column} = ?${index + 2}`).join(", ");
  const row = await db
    .prepare(`UPDATE orgs SET ${assignments} WHERE user_id = ?1 RETURNING ${COLUMNS}`)
    .bind(user_id, ...columns.map((column) => columnValue(settings[column])))
    .first<OrgRow>();
  return row === null ? null : orgOf(row);
}

const orgOf = (row: OrgRow): Org => ({
  ...row,
  webhook_events: JSON.parse(row.webhook_events) as string[],
  delay_for_citations: row.delay_for_citations === 1,
  erase_payload_when_delivered: row.erase_payload_when_delivered === 1,
});
