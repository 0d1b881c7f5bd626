/** Reports that come together share an insert transaction; a large one goes alone, and each has its own answer. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { envWithLosingQueues, request } from "../support/handlers.ts";
import { call, logOf, makeOrg, NOBODY, newCallId } from "../support/words.ts";

/** The test's database. The first insert ends only when `inserts` of them were made; `groups` has each group's size. */
function databaseThatCoalesces(inserts: number) {
  const groups: number[] = [];
  const inner = new WeakMap<object, D1PreparedStatement>();
  const allPrepared = Promise.withResolvers<void>();
  let prepared = 0;
  const wrap = (statement: D1PreparedStatement, isFirst: boolean): D1PreparedStatement => {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(statement.bind(...values), isFirst),
      first: async () => {
        if (isFirst) await allPrepared.promise;
        return statement.first();
      },
    } as unknown as D1PreparedStatement;
    inner.set(wrapped, statement);
    return wrapped;
  };
  const prepare = (query: string) => {
    if (!query.startsWith("INSERT INTO webhook_logs")) return env.DB.prepare(query);
    if (++prepared === inserts) setTimeout(allPrepared.resolve, 10);
    return wrap(env.DB.prepare(query), prepared === 1);
  };
  const batch = (statements: D1PreparedStatement[]) => {
    groups.push(statements.length);
    return env.DB.batch(statements.map((statement) => inner.get(statement) ?? statement));
  };
  return { DB: { prepare, batch } as unknown as D1Database, groups };
}

test("of five reports at once the first goes alone, a large one too, and the other three together", async () => {
  const org = await makeOrg();
  await call(org, "GET", "/v1/org"); // its key is known then
  const { DB, groups } = databaseThatCoalesces(5);
  const { env: lossy, deliveries } = envWithLosingQueues({ DB });
  const payloads = ["a", "b", "x".repeat(70_000), "c", "d"].map((note) => ({ call_id: newCallId(), note }));
  const answers = await Promise.all(
    payloads.map((payload) => {
      const body = { payload, webhook: NOBODY };
      return request(lossy, org, { method: "POST", path: "/v1/postcall/calls", body });
    }),
  );
  expect(groups).toEqual([3]);
  expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(202));
  for (const [index, payload] of payloads.entries()) {
    expect(answers[index]?.body.data).toMatchObject({ call_id: payload.call_id, status: "pending", payload });
    expect(await logOf(org, payload.call_id)).toMatchObject({ status: "pending", payload });
  }
  expect(deliveries).toHaveLength(5);
});
