/** An org's inbound numbers and their settings. The caller has checked that numbers are E.164. */

/** The settings of a number. Null means the org's setting. */
export interface NumberSettings {
  webhook: string | null;
  webhook_events: string[] | null;
}

export type InboundNumber = NumberSettings & { phone_number: string };

interface NumberKey {
  user_id: string;
  phone_number: string;
}

type NumberRow = Omit<InboundNumber, "webhook_events"> & { webhook_events: string | null };

const COLUMNS = "phone_number, webhook, webhook_events";

/** The number, or null if nothing is set for it. */
export async function findNumber(
  db: D1Database,
  { user_id, phone_number }: NumberKey,
): Promise<InboundNumber | null> {
  const row = await db
    .prepare(`SELECT ${COLUMNS} FROM numbers WHERE user_id = ?1 AND phone_number = ?2`)
    .bind(user_id, phone_number)
    .first<NumberRow>();
  return row === null ? null : numberOf(row);
}

/** The numbers after `after` in the order of their digits, up to the limit. */
export async function listNumbers(
  db: D1Database,
  { user_id, after, limit }: { user_id: string; after: string; limit: number },
): Promise<InboundNumber[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM numbers WHERE user_id = ?1 AND phone_number > ?2 ORDER BY phone_number LIMIT ?3`,
    )
    .bind(user_id, after, limit)
    .all<NumberRow>();
  return results.map(numberOf);
}

/** How many numbers an org may set. */
export const NUMBERS_LIMIT = 10_000;

/** Sets a number and returns it; null if the org has as many as it may. Undefined events are left unchanged. */
export async function setNumber(
  db: D1Database,
  { user_id, phone_number }: NumberKey,
  {
    webhook,
    webhook_events,
  }: Pick<NumberSettings, "webhook"> & { webhook_events?: string[] | null | undefined },
): Promise<InboundNumber | null> {
  const events = webhook_events == null ? null : JSON.stringify(webhook_events);
  const row = await db
    .prepare(
      `INSERT INTO numbers (user_id, phone_number, webhook, webhook_events) SELECT ?1, ?2, ?3, ?4
       WHERE EXISTS (SELECT 1 FROM numbers WHERE user_id = ?1 AND phone_number = ?2)
         OR NOT EXISTS (SELECT 1 FROM numbers WHERE user_id = ?1 LIMIT 1 OFFSET ${NUMBERS_LIMIT - 1})
       ON CONFLICT DO UPDATE SET webhook = ?3, webhook_events = iif(?5, ?4, webhook_events)
       RETURNING ${COLUMNS}`,
    )
    .bind(user_id, phone_number, webhook, events, webhook_events === undefined ? 0 : 1)
    .first<NumberRow>();
  return row === null ? null : numberOf(row);
}

/** Removes a number. False if there was none. */
export async function removeNumber(db: D1Database, { user_id, phone_number }: NumberKey): Promise<boolean> {
  const { results } = await db
    .prepare("DELETE FROM numbers WHERE user_id = ?1 AND phone_number = ?2 RETURNING phone_number")
    .bind(user_id, phone_number)
    .all();
  return results.length > 0;
}

const numberOf = ({ webhook_events, ...row }: NumberRow): InboundNumber => ({
  ...row,
  webhook_events: webhook_events === null ? null : (JSON.parse(webhook_events) as string[]),
});
