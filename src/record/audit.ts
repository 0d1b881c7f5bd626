/** The audit: a row for each act that changed an org. Rows are added, listed and, when they are old, removed; never changed. */
import { keepPlace, readPlace } from "./place.ts";

/** An act. Times are milliseconds since the epoch. */
export interface Act {
  at: number;
  id: string;
  /** The key that acted; `admin` is the operator. */
  key_id: string;
  action: string;
  target: string | null;
  request_id: string;
}

/** Adds an act of an org, unless the org is gone. The same again changes nothing. */
export async function insertAct(
  db: D1Database,
  { user_id, ...act }: Act & { user_id: string },
): Promise<void> {
  await db
    .prepare(
      `INSERT INTO audit (user_id, at, id, key_id, action, target, request_id) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
       WHERE EXISTS (SELECT 1 FROM orgs WHERE user_id = ?1) ON CONFLICT DO NOTHING`,
    )
    .bind(user_id, act.at, act.id, act.key_id, act.action, act.target, act.request_id)
    .run();
}

/** How many acts of an org are taken in a day: each is a row that is kept for more than a year. */
export const ACTS_A_DAY = 10_000;

/** Whether an org has acted as often as it may. */
export const hasActedEnough = async (
  db: D1Database,
  { user_id, now }: { user_id: string; now: number },
): Promise<boolean> =>
  (await db
    .prepare("SELECT 1 AS n FROM audit WHERE user_id = ?1 AND at > ?2 LIMIT 1 OFFSET ?3")
    .bind(user_id, now - 86_400_000, ACTS_A_DAY - 1)
    .first("n")) !== null;

/** An org's acts before this place, the newest first. */
export async function listActs(
  db: D1Database,
  { user_id, before, limit }: { user_id: string; before: { at: number; id: string }; limit: number },
): Promise<Act[]> {
  const { results } = await db
    .prepare(
      `SELECT at, id, key_id, action, target, request_id FROM audit
       WHERE user_id = ?1 AND (at, id) < (?2, ?3) ORDER BY at DESC, id DESC LIMIT ?4`,
    )
    .bind(user_id, before.at, before.id, limit)
    .all<Act>();
  return results;
}

/** How many orgs one run looks at, and how many acts it removes. The next run goes on. */
const ORGS_LIMIT = 500;
const REMOVED_LIMIT = 1_000;

/** How long acts are kept. */
const KEPT_MS = 400 * 86_400_000;

/** Removes acts that are older, org by org, and keeps its place. Returns how many. */
export async function removeActs(db: D1Database, now: number): Promise<number> {
  const { user_id: place } = (await readPlace<{ user_id: string }>(db, "audit")) ?? { user_id: "" };
  const last = await db
    .prepare(`SELECT user_id FROM orgs WHERE user_id > ?1 ORDER BY user_id LIMIT 1 OFFSET ${ORGS_LIMIT - 1}`)
    .bind(place)
    .first<string>("user_id");
  const { results } = await db
    .prepare(
      `DELETE FROM audit WHERE (user_id, at, id) IN (
         SELECT a.user_id, a.at, a.id FROM orgs AS o CROSS JOIN audit AS a ON a.user_id = o.user_id AND a.at < ?3
         WHERE o.user_id > ?1 AND o.user_id <= coalesce(?2, o.user_id) LIMIT ${REMOVED_LIMIT})
       RETURNING id`,
    )
    .bind(place, last, now - KEPT_MS)
    .all();
  const next = last ?? "";
  if (results.length < REMOVED_LIMIT && next !== place) await keepPlace(db, "audit", { user_id: next }).run();
  return results.length;
}
