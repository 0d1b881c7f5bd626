/**
 * Holds the query plan of every statement that the record can prepare, with statistics and without. Each table is
 * entered by the key or index that is meant. No table is scanned, except those named here.
 */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { encrypt, NONCE_BYTES } from "../../src/core/encryption.ts";
import { fromBase64 } from "../../src/core/signature.ts";
import { setEndpoint } from "../../src/record/endpoint-settings.ts";
import { enableEndpoint } from "../../src/record/endpoint-state.ts";
import { countWaiting, readWaking, releaseCalls } from "../../src/record/parked.ts";
import { meter } from "../support/meter.ts";
import { CALLS_OF_ENDPOINTS } from "../support/query-plans/endpoints.ts";
import { CALLS_OF_LOGS } from "../support/query-plans/logs.ts";
import { INDEXES, WALKS } from "../support/query-plans/meant.ts";
import { CALLS_OF_ORGS } from "../support/query-plans/orgs.ts";
import { type Calls, NOW } from "../support/query-plans/samples.ts";
import { makeOrg } from "../support/words.ts";

const CALLS: Calls = { ...CALLS_OF_LOGS, ...CALLS_OF_ENDPOINTS, ...CALLS_OF_ORGS };

/** The texts that each call prepared. */
const prepared = new Map<string, Set<string>>();

/** Enough rows for meaningful statistics. */
const FILL = [
  `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload,
     payload_bytes, status, delivery_id, delivery_ordinal, send_type, attempts, losses, next_attempt_at, sweep_at, parked)
   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
   SELECT 'org', iif(i = 1, 'large', 'fill-' || i), 'call', 'msg', 'https://crm.example/', i, '', '{}',
     iif(i = 1, 4000000, 2), CASE i % 4 WHEN 0 THEN 'held' WHEN 1 THEN 'pending' ELSE 'delivered' END, 'dlv', 1, 'spawn',
     0, 0, iif(i % 4 < 2, i, NULL), iif(i % 4 = 1, i, NULL), iif(i % 4 = 2, 1, NULL) FROM n`,
  `INSERT INTO endpoints (user_id, url, state, version, consecutive_failures, wake_at)
   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
   SELECT 'org-' || i % 50, 'https://crm.example/' || i, 'active', 'v', 0, iif(i % 100 = 0, i, NULL) FROM n`,
  `INSERT INTO signing_secrets (user_id, id, ciphertext, created_at)
   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
   SELECT 'org-' || i % 50, i, 'x', i FROM n`,
  `INSERT INTO audit (user_id, at, id, key_id, action, request_id)
   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
   SELECT 'org-' || i % 50, i, i, 'key', 'PATCH /v1/org', 'r' FROM n`,
  `INSERT INTO orgs (user_id, name, created_at)
   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) SELECT 'org-' || i, 'n', i FROM n`,
];

/**
 * Places that prepare two statements: the INSERT of reports and of citations, three of two tables' re-encryption, two of
 * the walks of the sweep, of the removal and of the count (each three), the erasure of contents, and the parking because
 * of an endpoint or of an org; four of the search for logs, and ten of the tables that an erased org's rows leave.
 */
const PLACES_SHARED = 22;

beforeAll(async () => {
  await makeOrg({ user_id: "org" });
  const plain = { plain: "voice", context: "org", nonce: new Uint8Array(NONCE_BYTES) };
  const ciphertext = await encrypt({ ...plain, masterKeys: [fromBase64(env.SECRETS_KEY)] });
  const settings = { headers: { "x-team": { ciphertext, shown: "•••" } } };
  await setEndpoint(env.DB, { user_id: "org", url: "https://headers.example/", version: "v", settings });
  for (const text of FILL) await env.DB.prepare(text).run();
  for (const [name, call] of Object.entries(CALLS)) {
    const texts = new Set<string>();
    const prepare = (text: string) => {
      texts.add(text);
      return env.DB.prepare(text);
    };
    const batch = (statements: D1PreparedStatement[]) => env.DB.batch(statements);
    await call({ prepare, batch } as unknown as D1Database);
    prepared.set(name, texts);
  }
});

test("waking an endpoint and releasing its calls reads the one that is parked, and none of 3,000 others", async () => {
  await env.DB.prepare(
    `INSERT INTO endpoints (user_id, url, state, version, consecutive_failures) VALUES ('org', 'https://one.example/', 'degraded', 'v', 5)`,
  ).run();
  await env.DB.prepare(
    `UPDATE webhook_logs SET url = 'https://one.example/', parked = 1 WHERE call_id = 'fill-5'`,
  ).run();
  let rows = 0;
  const db = meter(env.DB, ({ rows_read }) => {
    rows += rows_read;
  });
  const one = { user_id: "org", url: "https://one.example/" };
  const limits = { now: NOW, sweepGraceMs: 1 };
  await enableEndpoint(db, { ...one, version: "w", now: NOW, redeliver: true, operationalWebhooks: [] });
  expect(await countWaiting(db, [one])).toEqual([{ waiting: 1, waiting_exact: true }]);
  const [endpoint] = await readWaking(db, { keys: [one], now: NOW, limit: 10 });
  expect(endpoint?.waiting).toMatchObject([{ call_id: "fill-5" }]);
  expect(await releaseCalls(db, { releases: [{ ...one, limit: 10 }], ...limits })).toMatchObject([
    { call_id: "fill-5" },
  ]);
  expect(rows).toBeLessThan(30);
});

test("each place that prepares a statement has been driven", () => {
  const sources = import.meta.glob<string>("../../src/record/*.ts", {
    eager: true,
    query: "?raw",
    import: "default",
  });
  const places = Object.values(sources).flatMap((source) => source.match(/\.prepare\(/g) ?? []);
  const texts = new Set([...prepared.values()].flatMap((of) => [...of]));
  expect(texts.size).toBe(places.length + PLACES_SHARED);
});

/** How SQLite would run each statement of a function. */
async function planOf(name: string): Promise<string[]> {
  const plans = [...(prepared.get(name) ?? [])].map(async (text) => {
    const numbers = [...text.replaceAll(/'[^']*'/g, "").matchAll(/\?(\d*)/g)].map(([, digits], index) =>
      Number(digits || index + 1),
    );
    const values = Array.from({ length: Math.max(0, ...numbers) }, () => "[]");
    const explained = env.DB.prepare(`EXPLAIN QUERY PLAN ${text}`).bind(...values);
    return (await explained.all<{ detail: string }>()).results.map(({ detail }) => detail);
  });
  return (await Promise.all(plans)).flat();
}

/** A scan of a JSON parameter or of a subquery, whose own scan is listed apart. */
const isNoTable = (step: string) =>
  /^SCAN (\S+ (EXISTS )?VIRTUAL TABLE|CONSTANT ROW|\(subquery-\d+\)|[sdn]$)/.test(step);
/** Logs are many: they must be found by call, not by org alone. */
const isWholeOrg = (step: string) =>
  /^SEARCH (webhook_logs|l|w|o|c) .*PRIMARY KEY \(user_id=\?\)/.test(step) && !step.startsWith("SEARCH o ");

describe.each(["without statistics", "with statistics"])("%s", (statistics) => {
  beforeAll(async () => {
    if (statistics === "with statistics") await env.DB.prepare("ANALYZE").run();
  });

  test.each(Object.keys(CALLS))(
    "%s walks no table, and enters by the indexes that are meant",
    async (name) => {
      const plan = await planOf(name);
      const walks = plan.filter((step) => step.startsWith("SCAN ") && !isNoTable(step));
      expect(new Set(walks)).toEqual(new Set(WALKS[name] ?? []));
      expect(plan.filter(isWholeOrg)).toEqual([]);
      const indexes = plan.flatMap((step) => /USING (?:COVERING )?INDEX (\w+)/.exec(step)?.[1] ?? []);
      expect([...new Set(indexes)].sort()).toEqual(INDEXES[name] ?? []);
    },
  );
});
