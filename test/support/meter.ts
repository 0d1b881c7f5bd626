/** A database that counts: what each statement run through it read and wrote, as D1 bills it. */

export interface Meter {
  database: D1Database;
  rows_read: () => number;
  rows_written: () => number;
}

/** Wraps a database so that the rows of every statement are added up. */
export function meter(database: D1Database): Meter {
  const total = { rows_read: 0, rows_written: 0 };
  const counted = <T extends D1Result>(result: T): T => {
    total.rows_read += result.meta.rows_read;
    total.rows_written += result.meta.rows_written;
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
  const wrapped = {
    prepare: (query: string) => wrap(database.prepare(query)),
    batch: async (statements: D1PreparedStatement[]) =>
      (await database.batch(statements.map((statement) => inner.get(statement) ?? statement))).map(counted),
  } as unknown as D1Database;
  return { database: wrapped, rows_read: () => total.rows_read, rows_written: () => total.rows_written };
}
