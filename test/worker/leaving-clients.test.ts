/** What requests share goes on when the client of the one that began it leaves: the others wait for it. */
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import worker from "../../src/index.ts";
import { envWithLosingQueues } from "../support/handlers.ts";
import { logOf, makeOrg, NOBODY, newCallId, type Org } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

/** The test's database, which makes no statement that begins so, before it is let. */
function waitingDatabase(beginning: string) {
  const { promise: isLet, resolve: letGo } = Promise.withResolvers<void>();
  const inner = new WeakMap<object, { query: string; statement: D1PreparedStatement }>();
  const wrap = (query: string, statement: D1PreparedStatement): D1PreparedStatement => {
    const after = async (work: () => Promise<unknown>) => {
      if (query.startsWith(beginning)) await isLet;
      return work();
    };
    const wrapped = {
      bind: (...values: unknown[]) => wrap(query, statement.bind(...values)),
      first: (column?: string) =>
        after(() => (column === undefined ? statement.first() : statement.first(column))),
      all: () => after(() => statement.all()),
      run: () => after(() => statement.run()),
    } as unknown as D1PreparedStatement;
    inner.set(wrapped, { query, statement });
    return wrapped;
  };
  const batch = async (wrapped: D1PreparedStatement[]) => {
    const statements = wrapped.flatMap((statement) => inner.get(statement) ?? []);
    if (statements.some(({ query }) => query.startsWith(beginning))) await isLet;
    return env.DB.batch(statements.map(({ statement }) => statement));
  };
  const prepare = (query: string) => wrap(query, env.DB.prepare(query));
  return { DB: { prepare, batch } as unknown as D1Database, letGo };
}

/** Begins a request, and returns what it asked the platform to keep alive by the time that it waits for the database. */
async function begin(DB: D1Database, path: string, init: { method?: string; body?: string } = {}) {
  const kept: Promise<unknown>[] = [];
  const ctx = { waitUntil: (work: Promise<unknown>) => void kept.push(work) } as unknown as ExecutionContext;
  const headers = { authorization: org.key, "content-type": "application/json" };
  const request = new Request<unknown, IncomingRequestCfProperties>(`http://postcall.test${path}`, {
    headers,
    ...init,
  });
  const answer = worker.fetch(request, envWithLosingQueues({ DB }).env, ctx);
  await scheduler.wait(100);
  return { answer, kept };
}

test("a report's write, which others may have joined", async () => {
  const { DB, letGo } = waitingDatabase("INSERT INTO webhook_logs");
  const call_id = newCallId();
  const body = JSON.stringify({ payload: { call_id }, webhook: NOBODY });
  const { answer, kept } = await begin(DB, "/v1/postcall/calls", { method: "POST", body });
  expect(kept).toHaveLength(1);
  letGo();
  await kept[0];
  expect(await logOf(org, call_id)).toMatchObject({ status: "pending" });
  expect((await answer).status).toBe(202);
});

test("/readyz's trial write, which answers all who ask within ten seconds", async () => {
  const { DB, letGo } = waitingDatabase("INSERT INTO trial_writes");
  const { answer, kept } = await begin(DB, "/readyz");
  expect(kept).toHaveLength(1);
  letGo();
  expect(await kept[0]).toBeNull();
  expect((await answer).status).toBe(200);
});
