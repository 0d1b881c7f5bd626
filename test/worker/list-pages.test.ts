/** The pages of a list: they fit together while logs come and change, and each reads a bounded number of rows. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { request } from "../support/handlers.ts";
import { idsIn, insertEndpoint, insertLogs, list, pagesOf, START } from "../support/listing.ts";
import { meter } from "../support/meter.ts";
import { call, expectRefusal, makeOrg, type Org } from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

/** This many logs, a second apart; the first is the oldest. */
const logs = (count: number, more: (index: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, index) => ({ call_id: `c${index}`, ...more(index) }));

const range = (from: number, to: number) =>
  Array.from({ length: from - to + 1 }, (_, index) => `c${from - index}`);

/** What a request reads, beside its key. */
async function rowsFor(path: string): Promise<number> {
  await call(org, "GET", "/v1/whoami");
  let rows = 0;
  const DB = meter(env.DB, ({ rows_read }) => {
    rows += rows_read;
  });
  expect((await request({ ...env, DB }, org, { path })).status).toBe(200);
  return rows;
}

describe("pages", () => {
  test("hold every log once, in order, also where many were created at one time", async () => {
    await insertLogs(
      org,
      logs(95, (index) => ({ call_id: `c${1000 + index}`, created_at: START + (index % 3) })),
    );
    const pages = await pagesOf(org, { limit: 10 });
    expect(pages.map(({ length }) => length)).toEqual([...Array(9).fill(10), 5]);
    expect(new Set(pages.flat()).size).toBe(95);
    expect(pages.flat()).toEqual(idsIn(await list(org, { limit: 200 })));
  });

  test("end with null where the last one is full", async () => {
    await insertLogs(org, logs(4));
    expect(await pagesOf(org, { limit: 2 })).toEqual([
      ["c3", "c2"],
      ["c1", "c0"],
    ]);
  });

  test("have no log that came later, and miss none, whatever comes, goes or changes meanwhile", async () => {
    await insertLogs(org, logs(10));
    const first = await list(org, { limit: 4 });
    expect(idsIn(first)).toEqual(range(9, 6));
    await insertLogs(org, [{ call_id: "later", created_at: START + 60_000 }]);
    await env.DB.prepare("DELETE FROM webhook_logs WHERE user_id = ? AND call_id IN ('c6', 'c4')")
      .bind(org.user_id)
      .run();
    await env.DB.prepare("UPDATE webhook_logs SET status = 'failed' WHERE user_id = ? AND call_id = 'c3'")
      .bind(org.user_id)
      .run();
    const second = await list(org, { limit: 4, cursor: first.body.next_cursor });
    expect(idsIn(second)).toEqual(["c5", "c3", "c2", "c1"]);
    expect(second.body.data[1].status).toBe("failed");
    expect(idsIn(await list(org, { limit: 200, cursor: second.body.next_cursor }))).toEqual(["c0"]);
  });

  test("of a filter go on where they ended, with another limit too", async () => {
    await insertLogs(
      org,
      logs(30, (index) => ({ status: index % 3 === 0 ? "failed" : "delivered" })),
    );
    const first = await list(org, { status: "failed", limit: 3 });
    expect(idsIn(first)).toEqual(["c27", "c24", "c21"]);
    const cursor = first.body.next_cursor;
    expect(idsIn(await list(org, { status: "failed", limit: 200, cursor }))).toEqual([
      "c18",
      "c15",
      "c12",
      "c9",
      "c6",
      "c3",
      "c0",
    ]);
    const since = new Date(START + 5_000).toISOString();
    expect(await pagesOf(org, { status: "failed", since, limit: 4 })).toEqual([
      ["c27", "c24", "c21", "c18"],
      ["c15", "c12", "c9", "c6"],
    ]);
  });

  test("of a call id's start and of parked logs are found by their own keys, in the same order", async () => {
    await insertEndpoint(org, "https://crm.example/hook", "degraded");
    await insertLogs(
      org,
      logs(900, (index) =>
        index % 100 === 7
          ? { call_id: `x${index}`, parked: START - index, attempts: 0, status: "pending" }
          : {},
      ),
    );
    const rare = [807, 707, 607, 507, 407, 307, 207, 107, 7].map((index) => `x${index}`);
    const url = "https://crm.example/hook";
    for (const query of [
      { q: "x" },
      { waiting: "true" },
      { waiting: "true", url },
      { q: "x", status: "pending" },
    ]) {
      expect((await pagesOf(org, { ...query, limit: 4 })).flat(), JSON.stringify(query)).toEqual(rare);
      const search = new URLSearchParams({ ...query, limit: "4" });
      expect(await rowsFor(`/v1/postcall/webhooks?${search}`), JSON.stringify(query)).toBeLessThan(60);
    }
  });
});

describe("a cursor", () => {
  const cursorOf = async (query = {}, of = org) => (await list(of, { ...query, limit: 1 })).body.next_cursor;

  test("is refused with other filters, and by another org", async () => {
    const other = await makeOrg();
    await insertLogs(org, logs(3));
    await insertLogs(other, logs(3));
    const cursor = await cursorOf({ status: "delivered" });
    for (const query of [{}, { status: "failed" }, { status: "delivered", q: "c" }])
      expectRefusal(
        await list(org, { ...query, cursor }),
        400,
        "invalid_parameter",
        /^cursor belongs to other filters/,
      );
    expectRefusal(
      await list(other, { status: "delivered", cursor }),
      400,
      "invalid_parameter",
      /other filters/,
    );
    expect(idsIn(await list(org, { status: "delivered,delivered", cursor }))).toEqual(["c1", "c0"]);
  });

  test.each([
    "",
    "x",
    "bnVsbA",
    "e30",
    "W10",
    btoa('["0123456789abcdef","now"]'),
    btoa('["0123456789abcdef",["001800000000000 c call"]]'),
    `${"A".repeat(2_048)}`,
    "\u0000",
    "é",
  ])("is refused if no list has answered it: %j", async (cursor) => {
    expectRefusal(await list(org, { cursor }), 400, "invalid_parameter", /^cursor must be a next_cursor/);
  });

  test("that is longer than any, or given twice, is refused", async () => {
    expectRefusal(await list(org, { cursor: "A".repeat(9_000) }), 400, "invalid_parameter", /^cursor must/);
    const twice = await call(org, "GET", "/v1/postcall/webhooks?cursor=a&cursor=b");
    expectRefusal(twice, 400, "invalid_parameter", /cursor more than once/);
  });
});
