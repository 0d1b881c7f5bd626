/**
 * Whether a database takes writes, as this isolate knows it. One that is full, or refuses writes while it can be read,
 * must not make us send what we can't record: after a failed write nothing is sent until a trial write succeeds.
 */

/** The databases whose last write by this isolate failed. */
const failing = new WeakSet<D1Database>();

/** Runs a write, and remembers whether it failed. */
export async function watchWrite<T>(db: D1Database, write: () => Promise<T>): Promise<T> {
  try {
    const value = await write();
    failing.delete(db);
    return value;
  } catch (error) {
    failing.add(db);
    throw error;
  }
}

/** False if the last write failed and a trial write fails too. */
export const takesWrites = async (db: D1Database): Promise<boolean> =>
  !failing.has(db) ||
  tryWrite(db).then(
    () => true,
    () => false,
  );

/** More than the results of a batch of usual answers need. */
const TRIAL_BYTES = 65_536;

/**
 * Writes one row and removes it again. The row takes new pages: a full database still lets rows be changed where they
 * are. Rejects with the database's error.
 */
export async function tryWrite(db: D1Database): Promise<void> {
  const id = crypto.randomUUID();
  const statements = [
    db.prepare("INSERT INTO trial_writes (id, filler) VALUES (?1, zeroblob(?2))").bind(id, TRIAL_BYTES),
    db.prepare("DELETE FROM trial_writes WHERE id = ?1").bind(id),
  ];
  await watchWrite(db, () => db.batch(statements));
}

/** The size of the database in bytes. */
export async function readSize(db: D1Database): Promise<number> {
  const { meta } = await db.prepare("SELECT 1").run();
  return meta.size_after;
}
