/** The test's database with something around each of its queries: a refusal, a wait, a count. */
import { env } from "cloudflare:workers";

type Around = <T>(queries: readonly string[], work: () => Promise<T>) => Promise<T>;

/** `around` gets the texts of what is asked together (a transaction's, or one) and the work to do. */
export function databaseWith(around: Around): D1Database {
  const inner = new WeakMap<object, { query: string; statement: D1PreparedStatement }>();
  function wrap(query: string, statement: D1PreparedStatement): D1PreparedStatement {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(query, statement.bind(...values)),
      all: () => around([query], () => statement.all()),
      run: () => around([query], () => statement.run()),
      first: (column?: string) =>
        around([query], () => (column === undefined ? statement.first() : statement.first(column))),
    } as unknown as D1PreparedStatement;
    inner.set(wrapped, { query, statement });
    return wrapped;
  }
  const batch = (wrapped: D1PreparedStatement[]) => {
    const statements = wrapped.flatMap((statement) => inner.get(statement) ?? []);
    return around(
      statements.map(({ query }) => query),
      () => env.DB.batch(statements.map(({ statement }) => statement)),
    );
  };
  return { prepare: (query: string) => wrap(query, env.DB.prepare(query)), batch } as unknown as D1Database;
}

/** Refuses, with this error, whatever has such a query in it. */
export const databaseRefusing = (isRefused: (query: string) => boolean, error: string): D1Database =>
  databaseWith((queries, work) => (queries.some(isRefused) ? Promise.reject(new Error(error)) : work()));
