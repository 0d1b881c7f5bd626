/**
 * Erases orgs: all that the record has of one, and at last its row. It keeps no place: what is left is where it goes on,
 * wherever it was cut off.
 */

/** An erasure begins this long after it was asked for. By then no key of the org is remembered, and nothing is under way. */
const BEGINS_AFTER_MS = 60_000;

/** Marks an org as one to be erased; again is the same. False if it is not suspended, or not there. */
export async function markToErase(
  db: D1Database,
  { user_id, now }: { user_id: string; now: number },
): Promise<boolean> {
  const marked = await db
    .prepare(
      `UPDATE orgs SET erasing_at = coalesce(erasing_at, ?2) WHERE user_id = ?1 AND suspended_at IS NOT NULL
       RETURNING user_id`,
    )
    .bind(user_id, now)
    .first();
  return marked !== null;
}

/** A table that holds what is orgs', its primary key, and by which index an org's rows are found if not by that. */
interface Table {
  table: string;
  key: string;
  index?: string;
}

/** In the order in which they are emptied. */
const TABLES: readonly Table[] = [
  { table: "inboxes", key: "user_id, id" },
  { table: "webhook_logs", key: "user_id, call_id, event", index: "webhook_logs_listing" },
  { table: "erased_calls", key: "user_id, call_id" },
  { table: "idempotency_keys", key: "user_id, route, key" },
  { table: "numbers", key: "user_id, phone_number" },
  { table: "endpoints", key: "user_id, url" },
  { table: "signing_secrets", key: "user_id, id" },
  { table: "console_tokens", key: "expires_at, digest", index: "console_tokens_key" },
  { table: "api_keys", key: "digest", index: "api_keys_org" },
  { table: "audit", key: "user_id, at, id" },
];

/** The rows of org ?1 in a table. */
const rowsOfOrg = ({ table, index }: Table): string =>
  `FROM ${table} ${index === undefined ? "" : `INDEXED BY ${index}`} WHERE user_id = ?1`;

/**
 * How many rows one statement removes: a hundred of the largest logs take half a second, in which the database does
 * nothing else. And how many such statements a run makes for a table. The next run goes on.
 */
const ROWS_AT_ONCE = 100;
const ROUNDS = 30;

/**
 * Goes on with the erasure that was asked for first. Each inbox of the org is ended before it leaves the list. Returns
 * how many orgs are gone by this: one at most.
 */
export async function eraseOrg(
  db: D1Database,
  { now, endInbox }: { now: number; endInbox: (user_id: string, id: string) => Promise<unknown> },
): Promise<number> {
  const user_id = await db
    .prepare("SELECT user_id FROM orgs WHERE erasing_at <= ?1 ORDER BY erasing_at LIMIT 1")
    .bind(now - BEGINS_AFTER_MS)
    .first<string>("user_id");
  if (user_id === null) return 0;
  await endInboxes(db, user_id, endInbox);
  for (const table of TABLES) if (!(await empty(db, user_id, table))) return 0;
  const left = TABLES.map((table) => `NOT EXISTS (SELECT 1 ${rowsOfOrg(table)})`);
  const erased = await db
    .prepare(`DELETE FROM orgs WHERE user_id = ?1 AND ${left.join(" AND ")} RETURNING user_id`)
    .bind(user_id)
    .first();
  return erased === null ? 0 : 1;
}

/** Only as many as one org may have: none is added any more. */
async function endInboxes(
  db: D1Database,
  user_id: string,
  endInbox: (user_id: string, id: string) => Promise<unknown>,
): Promise<void> {
  const { results } = await db
    .prepare("SELECT id FROM inboxes WHERE user_id = ?1")
    .bind(user_id)
    .all<{ id: string }>();
  await Promise.all(results.map(({ id }) => endInbox(user_id, id)));
}

/** Removes an org's rows from a table. False if there are more than one run removes. */
async function empty(db: D1Database, user_id: string, from: Table): Promise<boolean> {
  const { table, key } = from;
  const removal = db
    .prepare(
      `DELETE FROM ${table} WHERE (${key}) IN (SELECT ${key} ${rowsOfOrg(from)} LIMIT ${ROWS_AT_ONCE})
       RETURNING 1`,
    )
    .bind(user_id);
  for (let round = 0; round < ROUNDS; round++)
    if ((await removal.all()).results.length < ROWS_AT_ONCE) return true;
  return false;
}
