/** What requests share goes on when the client of the one that began it leaves: the others wait for it. */
import { env } from "cloudflare:workers";
import { beforeEach, expect, test } from "vitest";
import worker from "../../src/index.ts";
import { databaseWith } from "../support/database.ts";
import { envWithLosingQueues } from "../support/handlers.ts";
import { logOf, makeOrg, NOBODY, newCallId, type Org } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
  await env.DB.prepare("UPDATE api_keys SET last_used_at = ?").bind(Date.now()).run(); // else that is written too
});

/** The test's database, which makes no statement that begins so, before it is let. */
function waitingDatabase(beginning: string) {
  const { promise: isLet, resolve: letGo } = Promise.withResolvers<void>();
  const DB = databaseWith(async (queries, work) => {
    if (queries.some((query) => query.startsWith(beginning))) await isLet;
    return work();
  });
  return { DB, letGo };
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

test("a report's write, which others may have joined, goes on when its client leaves", async () => {
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

test("/readyz's trial write, which answers all who ask within ten seconds, goes on too", async () => {
  const { DB, letGo } = waitingDatabase("INSERT INTO trial_writes");
  const { answer, kept } = await begin(DB, "/readyz");
  expect(kept).toHaveLength(1);
  letGo();
  expect(await kept[0]).toBeNull();
  expect((await answer).status).toBe(200);
  expect(kept).toHaveLength(2); // and the count of what is late
});
