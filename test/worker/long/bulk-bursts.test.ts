/** Statistics of calls that come in bursts: the figures of a sample are near the truth, and what it reads is bounded. */
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { askMetered, START } from "../../support/listing.ts";
import { makeOrg } from "../../support/words.ts";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

/** So many logs, created evenly over so long from then on. */
interface Burst {
  logs: number;
  at: number;
  ms: number;
  status?: "delivered" | "failed";
}

const FILL = `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload, payload_bytes,
    status, delivery_id, delivery_ordinal, send_type, attempts, losses, metadata)
  WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?2 - 1)
  SELECT ?1, 'call_' || hex(randomblob(8)), 'call', 'msg', 'https://crm.example/hook', CAST(?3 + i * ?4 / ?2 AS INTEGER), '', '{}', 2,
    ?5, 'dlv', 1, 'spawn', 1, 0, '[]'
  FROM n`;

async function told(bursts: readonly Burst[], query: Record<string, string> = {}) {
  const org = await makeOrg();
  await env.DB.batch(
    bursts.map(({ logs, at, ms, status = "delivered" }) =>
      env.DB.prepare(FILL).bind(org.user_id, logs, START + at, ms, status),
    ),
  );
  const range = {
    since: new Date(START).toISOString(),
    until: new Date(START + DAY).toISOString(),
    ...query,
  };
  const { rows, longest, ms, body } = await askMetered(org, "/v1/postcall/stats", range);
  const { calls, sampled, buckets } = body.data;
  console.info(
    `${JSON.stringify(bursts.slice(0, 2))}: ${JSON.stringify(calls)}, ${rows} rows read, ${longest} by one statement, ${ms} ms`,
  );
  expect(rows).toBeLessThanOrEqual(190_000); // all but 20,000 of the index alone
  expect(longest).toBeLessThanOrEqual(75_500);
  return { calls, sampled, buckets };
}

function expectNear(value: number, truth: number) {
  expect(value).toBeGreaterThan(0.8 * truth);
  expect(value).toBeLessThan(1.2 * truth);
}

const MINUTE = 60 * SECOND;
const STEADY = { logs: 5_000, at: 0, ms: DAY };
const hourly = (at: number): Burst[] =>
  Array.from({ length: 24 }, (_, hour) => ({ logs: 1_000, at: hour * HOUR + at, ms: 10 * SECOND }));

test.each<[string, number, Burst[]]>([
  ["1,000 calls in 10 s of each hour", 24_000, hourly(13 * MINUTE)],
  ["1,000 calls in 10 s at each full hour", 24_000, hourly(0)],
  ["50,000 in 5 minutes", 50_000, [{ logs: 50_000, at: 9 * HOUR, ms: 5 * MINUTE }]],
  ["50,000 in 5 minutes beside 5,000", 55_000, [STEADY, { logs: 50_000, at: 9 * HOUR, ms: 5 * MINUTE }]],
  ["the same at an odd time", 55_000, [STEADY, { logs: 50_000, at: 10.76 * HOUR, ms: 5 * MINUTE }]],
  ["50,000 in 10 s beside 5,000", 55_000, [STEADY, { logs: 50_000, at: 2.13 * HOUR, ms: 10 * SECOND }]],
  ["the same some hours later", 55_000, [STEADY, { logs: 50_000, at: 7.77 * HOUR, ms: 10 * SECOND }]],
  ["10,000 in a second beside 5,000", 15_000, [STEADY, { logs: 10_000, at: 9.31 * HOUR, ms: SECOND }]],
  ["10,000 in a second", 10_000, [{ logs: 10_000, at: 9.31 * HOUR, ms: SECOND }]],
  ["9,000 in a millisecond", 9_000, [{ logs: 9_000, at: 9.31 * HOUR, ms: 1 }]],
  [
    "batches of 10 every 5 minutes for a day",
    2_880,
    Array.from({ length: 288 }, (_, batch) => ({ logs: 10, at: batch * 5 * MINUTE, ms: 500 })),
  ],
  ["20,000 evenly", 20_000, [{ ...STEADY, logs: 20_000 }]],
])(
  "%s are told near the truth",
  async (_, truth, bursts) => {
    const { calls } = await told(bursts);
    expectNear(calls.total, truth);
  },
  60_000,
);

test("a campaign that failed is told as such, in its time", async () => {
  const campaign = { logs: 50_000, at: 9 * HOUR + 2 * MINUTE, ms: 5 * MINUTE, status: "failed" as const };
  const { calls, buckets } = await told([STEADY, campaign], { interval: "1h" });
  expectNear(calls.failed, 50_000);
  expectNear(calls.delivered, 5_000);
  expectNear(buckets[9].failed, 50_000);
  expectNear(buckets[10].delivered, 208);
}, 60_000);

test("1,000 calls in 10 s of each hour are told in each hour", async () => {
  const { buckets } = await told(hourly(29 * MINUTE), { interval: "1h" });
  expect(buckets).toHaveLength(24);
  for (const { delivered } of buckets) expectNear(delivered, 1_000);
}, 60_000);

test("100 calls in 5 s of each hour of a month are told near the truth", async () => {
  const batches = Array.from({ length: 720 }, (_, hour) => ({ logs: 100, at: hour * HOUR, ms: 5 * SECOND }));
  const { calls } = await told(batches, { until: new Date(START + 30 * DAY).toISOString() });
  expectNear(calls.total, 72_000);
}, 60_000);

test("6,000 calls evenly are counted", async () => {
  const { calls, sampled } = await told([{ ...STEADY, logs: 6_000 }]);
  expect(sampled).toBe(false);
  expect(calls.total).toBe(6_000);
});
