/** Orgs as the operator sees them: they are made and listed, and their name, limits and state are set. */
import { keyStatement, type NewKey } from "./keys.ts";
import { orgStatement } from "./orgs.ts";

/** What an org may use. What is left out is the deployment's. */
interface OrgLimits {
  reports_per_minute?: number;
  stored_gb?: number;
}

/** An org as the operator sees it. Times are milliseconds since the epoch. */
export interface OrgEntry {
  user_id: string;
  name: string;
  created_at: number;
  state: "active" | "suspended" | "erasing";
  limits: OrgLimits;
  stored_bytes: number;
  /** When its bytes were counted; null if they never were. */
  counted_at: number | null;
}

type OrgRow = Omit<OrgEntry, "limits"> & { limits: string };

const COLUMNS = `user_id, name, created_at, limits, stored_bytes, counted_at,
  CASE WHEN erasing_at IS NOT NULL THEN 'erasing' WHEN suspended_at IS NOT NULL THEN 'suspended' ELSE 'active' END AS state`;

const entryOf = (row: OrgRow): OrgEntry => ({ ...row, limits: JSON.parse(row.limits) as OrgLimits });

/** Limits to change. Null goes back to the deployment's; what is left out stays. */
export type LimitsChange = { [Name in keyof OrgLimits]?: OrgLimits[Name] | null | undefined };

/** Writes an org, its signing secret and its first key in one transaction. The same again changes nothing. */
export async function createOrg(
  db: D1Database,
  made: {
    org: { user_id: string; name: string; created_at: number };
    limits: LimitsChange;
    secret: { id: string; ciphertext: string };
    key: NewKey;
  },
): Promise<void> {
  const { org, limits, secret, key } = made;
  await db.batch([
    orgStatement(db, org, limits),
    db
      .prepare(
        `INSERT INTO signing_secrets (user_id, id, ciphertext, created_at) VALUES (?, ?, ?, ?)
         ON CONFLICT DO NOTHING`,
      )
      .bind(org.user_id, secret.id, secret.ciphertext, org.created_at),
    keyStatement(db, key),
  ]);
}

export async function findOrgEntry(db: D1Database, userId: string): Promise<OrgEntry | null> {
  const row = await db.prepare(`SELECT ${COLUMNS} FROM orgs WHERE user_id = ?`).bind(userId).first<OrgRow>();
  return row === null ? null : entryOf(row);
}

/** The orgs after this one, by their ids. */
export async function listOrgs(
  db: D1Database,
  { after, limit }: { after: string; limit: number },
): Promise<OrgEntry[]> {
  const { results } = await db
    .prepare(`SELECT ${COLUMNS} FROM orgs WHERE user_id > ?1 ORDER BY user_id LIMIT ?2`)
    .bind(after, limit)
    .all<OrgRow>();
  return results.map(entryOf);
}

/** Changes what is given. The endpoints of an org that is no longer suspended are still to be woken. Null if there is no such org, or it is being erased. */
export async function changeOrg(
  db: D1Database,
  change: {
    user_id: string;
    name: string | undefined;
    limits: LimitsChange | undefined;
    suspended: boolean | undefined;
    now: number;
  },
): Promise<OrgEntry | null> {
  const { user_id, name, limits = {}, suspended, now } = change;
  const row = await db
    .prepare(
      `UPDATE orgs SET name = coalesce(?2, name), limits = json_patch(limits, ?3),
         suspended_at = CASE ?4 WHEN 1 THEN coalesce(suspended_at, ?5) WHEN 0 THEN NULL ELSE suspended_at END,
         woken_to = CASE WHEN ?4 = 1 THEN NULL WHEN ?4 = 0 AND suspended_at IS NOT NULL THEN '' ELSE woken_to END
       WHERE user_id = ?1 AND erasing_at IS NULL RETURNING ${COLUMNS}`,
    )
    .bind(
      user_id,
      name ?? null,
      JSON.stringify(limits),
      suspended === undefined ? null : Number(suspended),
      now,
    )
    .first<OrgRow>();
  return row === null ? null : entryOf(row);
}
