/**
 * Re-encrypts signing secrets under the newest master key, so that older keys can be removed. A secret that can't be
 * decrypted stays as it is.
 */
import { decrypt, encrypt, type MasterKeys, masterKeyId, NONCE_BYTES } from "../core/encryption.ts";

/** How many secrets one write changes, and how many writes one run makes. The next run goes on. */
const ROUND_LIMIT_SECRETS = 100;
const ROUNDS = 10;

interface EncryptedSecret {
  user_id: string;
  id: string;
  ciphertext: string;
}

/** Returns how many secrets were re-encrypted, and how many are left under another key than the newest. */
export async function reencryptSecrets(
  db: D1Database,
  masterKeys: MasterKeys,
): Promise<{ reencrypted: number; left: number }> {
  const newest = masterKeyId(masterKeys[0]);
  let reencrypted = 0;
  let last = { user_id: "", id: "" };
  for (let round = 0; round < ROUNDS; round++) {
    const secrets = await readEncryptedOtherwise(db, { newest, last });
    reencrypted += await writeReencrypted(
      db,
      await Promise.all(secrets.map((secret) => reencrypt(secret, masterKeys))),
    );
    if (secrets.length < ROUND_LIMIT_SECRETS) break;
    last = secrets.at(-1) ?? last;
  }
  return { reencrypted, left: await countEncryptedOtherwise(db, newest) };
}

interface Reencrypted extends EncryptedSecret {
  was: string;
}

async function reencrypt({ user_id, id, ciphertext: was }: EncryptedSecret, masterKeys: MasterKeys) {
  const plain = await decrypt({ masterKeys, ciphertext: was, context: user_id });
  if (plain === null) return null;
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const ciphertext = await encrypt({ masterKeys, plain, context: user_id, nonce });
  return { user_id, id, was, ciphertext };
}

/** The ciphertext does not begin with key id ?1. There is no index for this: it is read only while keys are replaced. */
const ENCRYPTED_OTHERWISE = "ciphertext NOT LIKE ?1 || '.%'";

/** The next secrets after `last`. One that can't be decrypted is passed over and does not block the others. */
async function readEncryptedOtherwise(
  db: D1Database,
  { newest, last }: { newest: string; last: { user_id: string; id: string } },
): Promise<EncryptedSecret[]> {
  const { results } = await db
    .prepare(
      `SELECT user_id, id, ciphertext FROM signing_secrets WHERE ${ENCRYPTED_OTHERWISE} AND (user_id, id) > (?2, ?3)
       ORDER BY user_id, id LIMIT ${ROUND_LIMIT_SECRETS}`,
    )
    .bind(newest, last.user_id, last.id)
    .all<EncryptedSecret>();
  return results;
}

/** Writes each secret if it still is what was read. Returns how many were written. */
async function writeReencrypted(db: D1Database, secrets: readonly (Reencrypted | null)[]): Promise<number> {
  const rows = secrets.filter((secret) => secret !== null);
  if (rows.length === 0) return 0;
  const { meta } = await db
    .prepare(
      `UPDATE signing_secrets AS k SET ciphertext = j.value ->> 'ciphertext' FROM json_each(?1) AS j
       WHERE k.user_id = j.value ->> 'user_id' AND k.id = j.value ->> 'id' AND k.ciphertext = j.value ->> 'was'`,
    )
    .bind(JSON.stringify(rows))
    .run();
  return meta.changes;
}

const countEncryptedOtherwise = async (db: D1Database, newest: string): Promise<number> =>
  (await db
    .prepare(`SELECT count(*) AS n FROM signing_secrets WHERE ${ENCRYPTED_OTHERWISE}`)
    .bind(newest)
    .first<number>("n")) ?? 0;
