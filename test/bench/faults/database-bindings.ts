/** The binding of the record: the real database, whose statements belong to the run that makes them. */
import { env } from "cloudflare:workers";
import { AsyncLocalStorage } from "node:async_hooks";
import type { World } from "./world.ts";

export interface DatabaseWork<T> {
  queries: readonly string[];
  work: () => Promise<T>;
  isWriting: boolean;
  /** A transaction that writes down what a batch has sent. */
  isTransaction: boolean;
}

/** The run that a statement belongs to. Runs of one isolate share its database, and with it what it remembers. */
export const running = new AsyncLocalStorage<{ database: <T>(work: DatabaseWork<T>) => Promise<T> }>();

function operateInRun<T>(work: DatabaseWork<T>): Promise<T> {
  const run = running.getStore();
  if (run === undefined) throw new Error("a statement belongs to no run");
  return run.database(work);
}

export function databaseOf(world: World, isolate: number): D1Database {
  const database = world.databases.get(isolate) ?? openDatabase();
  world.databases.set(isolate, database);
  return database;
}

function openDatabase(): D1Database {
  const inner = new WeakMap<object, { query: string; statement: D1PreparedStatement }>();
  function wrap(query: string, statement: D1PreparedStatement): D1PreparedStatement {
    const around = <T>(work: () => Promise<T>) =>
      operateInRun({ queries: [query], work, isWriting: !isReading(query), isTransaction: false });
    const wrapped = {
      bind: (...values: unknown[]) => wrap(query, statement.bind(...values)),
      all: () => around(() => statement.all()),
      run: () => around(() => statement.run()),
      // By `all`, which tells what was written too.
      first: async (column?: string) => {
        const [row] = (await around(() => statement.all())).results;
        return row === undefined ? null : column === undefined ? row : row[column];
      },
    } as unknown as D1PreparedStatement;
    inner.set(wrapped, { query, statement });
    return wrapped;
  }
  return {
    prepare: (query: string) => wrap(query, env.DB.prepare(query)),
    batch: (wrapped: D1PreparedStatement[]) => {
      const statements = wrapped.flatMap((statement) => inner.get(statement) ?? []);
      const queries = statements.map(({ query }) => query);
      return operateInRun({
        queries,
        work: () => env.DB.batch(statements.map(({ statement }) => statement)),
        isWriting: !queries.every(isReading),
        // A read opens a batch, and turns at an endpoint are taken: nothing has been sent yet.
        isTransaction: !queries.some(isReading) && queries.some((query) => query.includes("webhook_logs")),
      });
    },
  } as unknown as D1Database;
}

const isReading = (query: string): boolean => /^\s*SELECT/.test(query);
