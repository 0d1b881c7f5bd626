/**
 * Seals signing secrets again under the newest master key, where they were sealed under an older one, so that the older
 * one can be removed. A secret that can't be opened stays as it is.
 */
import { type MasterKeys, masterKeyId, NONCE_BYTES, seal, unseal } from "../core/sealing.ts";

/** One write changes this many secrets at most, and one run this many times as many; the next run goes on. */
const ROUND_LIMIT_SECRETS = 100;
const ROUNDS = 10;

interface SealedSecret {
  user_id: string;
  id: string;
  sealed: string;
}

/** Returns how many were sealed again, and how many are still sealed under another key than the newest. */
export async function sealAgain(
  db: D1Database,
  masterKeys: MasterKeys,
): Promise<{ resealed: number; left: number }> {
  const newest = await masterKeyId(masterKeys[0]);
  let resealed = 0;
  let last = { user_id: "", id: "" };
  for (let round = 0; round < ROUNDS; round++) {
    const secrets = await readSealedOtherwise(db, { newest, last });
    resealed += await writeSealed(db, await Promise.all(secrets.map((secret) => reseal(secret, masterKeys))));
    if (secrets.length < ROUND_LIMIT_SECRETS) break;
    last = secrets.at(-1) ?? last;
  }
  return { resealed, left: await countSealedOtherwise(db, newest) };
}

interface Resealed extends SealedSecret {
  was: string;
}

async function reseal({ user_id, id, sealed: was }: SealedSecret, masterKeys: MasterKeys) {
  const plain = await unseal({ masterKeys, sealed: was, context: user_id });
  if (plain === null) return null;
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await seal({ masterKeys, plain, context: user_id, nonce });
  return { user_id, id, was, sealed };
}

/** The key id that a sealed text begins with is another than ?1. No index: it is read only while keys are replaced. */
const SEALED_OTHERWISE = "sealed NOT LIKE ?1 || '.%'";

/** The next secrets after `last`: one that can't be opened is passed by, and holds up none behind it. */
async function readSealedOtherwise(
  db: D1Database,
  { newest, last }: { newest: string; last: { user_id: string; id: string } },
): Promise<SealedSecret[]> {
  const { results } = await db
    .prepare(
      `SELECT user_id, id, sealed FROM signing_secrets WHERE ${SEALED_OTHERWISE} AND (user_id, id) > (?2, ?3)
       ORDER BY user_id, id LIMIT ${ROUND_LIMIT_SECRETS}`,
    )
    .bind(newest, last.user_id, last.id)
    .all<SealedSecret>();
  return results;
}

/** Writes each where it still is what was read. Returns how many. */
async function writeSealed(db: D1Database, secrets: readonly (Resealed | null)[]): Promise<number> {
  const rows = secrets.filter((secret) => secret !== null);
  if (rows.length === 0) return 0;
  const { meta } = await db
    .prepare(
      `UPDATE signing_secrets AS k SET sealed = j.value ->> 'sealed' FROM json_each(?1) AS j
       WHERE k.user_id = j.value ->> 'user_id' AND k.id = j.value ->> 'id' AND k.sealed = j.value ->> 'was'`,
    )
    .bind(JSON.stringify(rows))
    .run();
  return meta.changes;
}

const countSealedOtherwise = async (db: D1Database, newest: string): Promise<number> =>
  (await db
    .prepare(`SELECT count(*) AS n FROM signing_secrets WHERE ${SEALED_OTHERWISE}`)
    .bind(newest)
    .first<number>("n")) ?? 0;
