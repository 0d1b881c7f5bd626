/**
 * Re-encrypts signing secrets and endpoints' headers under the newest master key, so that older keys can be removed.
 * What can't be decrypted stays as it is.
 */
import { decrypt, encrypt, type MasterKeys, masterKeyId, NONCE_BYTES } from "../core/encryption.ts";
import type { StoredHeader } from "../core/endpoint-settings.ts";

/** How many rows one write changes, and how many writes one run makes for each table. The next run goes on. */
const ROUND_LIMIT_ROWS = 100;
const ROUNDS = 10;

/**
 * A table whose rows belong to an org. `key` tells an org's rows apart. `isOtherwise`: something in the row is not
 * encrypted under key id ?1. There is no index for this: it is read only while keys are replaced.
 */
interface Table {
  name: string;
  key: string;
  column: string;
  isOtherwise: string;
  /** The column's new value, or null if it can't be had. */
  reencrypt: (value: string, context: Context) => Promise<string | null>;
}

interface Context {
  user_id: string;
  masterKeys: MasterKeys;
}

const TABLES: readonly Table[] = [
  {
    ...{ name: "signing_secrets", key: "id", column: "ciphertext" },
    isOtherwise: "ciphertext NOT LIKE ?1 || '.%'",
    reencrypt: reencryptText,
  },
  {
    ...{ name: "endpoints", key: "url", column: "headers" },
    isOtherwise: `headers IS NOT NULL AND EXISTS (
      SELECT 1 FROM json_each(headers) AS h WHERE h.value ->> 'ciphertext' NOT LIKE ?1 || '.%')`,
    reencrypt: reencryptHeaders,
  },
];

async function reencryptText(ciphertext: string, { user_id, masterKeys }: Context): Promise<string | null> {
  const plain = await decrypt({ masterKeys, ciphertext, context: user_id });
  if (plain === null) return null;
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  return encrypt({ masterKeys, plain, context: user_id, nonce });
}

async function reencryptHeaders(text: string, context: Context): Promise<string | null> {
  const headers = JSON.parse(text) as Record<string, StoredHeader>;
  for (const header of Object.values(headers)) {
    const ciphertext = await reencryptText(header.ciphertext, context);
    if (ciphertext === null) return null;
    header.ciphertext = ciphertext;
  }
  return JSON.stringify(headers);
}

/** Returns how many rows were re-encrypted, and how many are left with something under another key than the newest. */
export async function reencryptSecrets(
  db: D1Database,
  masterKeys: MasterKeys,
): Promise<{ reencrypted: number; left: number }> {
  const counts = { reencrypted: 0, left: 0 };
  for (const table of TABLES) {
    counts.reencrypted += await reencryptTable(db, table, masterKeys);
    counts.left += await countEncryptedOtherwise(db, table, masterKeyId(masterKeys[0]));
  }
  return counts;
}

interface Row {
  user_id: string;
  key: string;
  was: string;
}

async function reencryptTable(db: D1Database, table: Table, masterKeys: MasterKeys): Promise<number> {
  const newest = masterKeyId(masterKeys[0]);
  let reencrypted = 0;
  let last = { user_id: "", key: "" };
  for (let round = 0; round < ROUNDS; round++) {
    const rows = await readEncryptedOtherwise(db, table, { newest, last });
    const written = rows.map(async (row) => {
      const value = await table.reencrypt(row.was, { user_id: row.user_id, masterKeys });
      return value === null ? [] : [{ ...row, value }];
    });
    reencrypted += await writeReencrypted(db, table, (await Promise.all(written)).flat());
    if (rows.length < ROUND_LIMIT_ROWS) break;
    last = rows.at(-1) ?? last;
  }
  return reencrypted;
}

/** The next rows after `last`. One that can't be decrypted is passed over and does not block the others. */
async function readEncryptedOtherwise(
  db: D1Database,
  { name, key, column, isOtherwise }: Table,
  { newest, last }: { newest: string; last: { user_id: string; key: string } },
): Promise<Row[]> {
  const { results } = await db
    .prepare(
      `SELECT user_id, ${key} AS key, ${column} AS was FROM ${name} WHERE ${isOtherwise} AND (user_id, ${key}) > (?2, ?3)
       ORDER BY user_id, ${key} LIMIT ${ROUND_LIMIT_ROWS}`,
    )
    .bind(newest, last.user_id, last.key)
    .all<Row>();
  return results;
}

/** Writes each row if it still is what was read. Returns how many were written. */
async function writeReencrypted(
  db: D1Database,
  { name, key, column }: Table,
  rows: readonly (Row & { value: string })[],
): Promise<number> {
  if (rows.length === 0) return 0;
  const { meta } = await db
    .prepare(
      `UPDATE ${name} AS k SET ${column} = (SELECT j.value ->> 'value' FROM json_each(?1) AS j
         WHERE j.value ->> 'user_id' = k.user_id AND j.value ->> 'key' = k.${key})
       WHERE (k.user_id, k.${key}, k.${column}) IN (
         SELECT j.value ->> 'user_id', j.value ->> 'key', j.value ->> 'was' FROM json_each(?1) AS j)`,
    )
    .bind(JSON.stringify(rows))
    .run();
  return meta.changes;
}

const countEncryptedOtherwise = async (
  db: D1Database,
  { name, isOtherwise }: Table,
  newest: string,
): Promise<number> =>
  (await db
    .prepare(`SELECT count(*) AS n FROM ${name} WHERE ${isOtherwise}`)
    .bind(newest)
    .first<number>("n")) ?? 0;
