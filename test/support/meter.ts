/** A database that counts: what each statement run through it read and wrote, as D1 bills it. */

export type Rows = Pick<D1Meta, "rows_read" | "rows_written">;

/** Wraps a database so that every statement's rows are told to `count`. */
export function meter(database: D1Database, count: (rows: Rows) => void): D1Database {
  const counted = <T extends D1Result>(result: T): T => {
    count(result.meta);
    return result;
  };
  const inner = new WeakMap<object, D1PreparedStatement>();
  function wrap(statement: D1PreparedStatement): D1PreparedStatement {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values)),
      all: async () => counted(await statement.all()),
      run: async () => counted(await statement.run()),
      first: async (column?: string) => {
        const [row] = counted(await statement.all<Record<string, unknown>>()).results;
        return row === undefined ? null : column === undefined ? row : row[column];
      },
    } as unknown as D1PreparedStatement;
    inner.set(wrapped, statement);
    return wrapped;
  }
  return {
    prepare: (query: string) => wrap(database.prepare(query)),
    batch: async (statements: D1PreparedStatement[]) =>
      (await database.batch(statements.map((statement) => inner.get(statement) ?? statement))).map(counted),
  } as unknown as D1Database;
}
