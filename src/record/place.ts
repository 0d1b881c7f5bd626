/** Where walks over all there is have come to. Each keeps its place under a name of its own. */

/** Where a walk has come to; null if it has not begun. */
export const readPlace = async <Place>(db: D1Database, name: string): Promise<Place | null> => {
  const text = await db.prepare("SELECT place FROM walks WHERE name = ?1").bind(name).first<string>("place");
  return text === null ? null : (JSON.parse(text) as Place);
};

export const keepPlace = (db: D1Database, name: string, place: object): D1PreparedStatement =>
  db
    .prepare("INSERT INTO walks (name, place) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET place = ?2")
    .bind(name, JSON.stringify(place));
