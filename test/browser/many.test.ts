/** An org with 200,000 logs: the first rows come soon, and the page never holds more than 500. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LOCAL_ORG } from "../../src/local/seed.ts";
import { expectNoFaults, openBrowser, signIn, visit } from "./browser.ts";
import { openScene, type Scene } from "./scene.ts";

const LOGS = 200_000;
const DAY_MS = 86_400_000;
/** Rows written in one statement. */
const STEP = 20_000;
const ROWS_LIMIT = 500;

/** Over the last day and a half; every 7th failed. */
const FILL = `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload,
    payload_bytes, status, reason, delivery_id, delivery_ordinal, send_type, attempts, losses, to_number, metadata)
  WITH RECURSIVE n(i) AS (SELECT ?2 + 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?3)
  SELECT ?1, 'call_' || format('%06d', i), 'call', 'msg_' || i, 'https://crm.example/hook', ?4 + i * 648,
    hex(randomblob(32)), '{}', 2, iif(i % 7 = 0, 'failed', 'delivered'), iif(i % 7 = 0, 'attempts_exhausted', NULL),
    'dlv', 1, 'spawn', 1, 0, '+14155550100',
    json_array(json_object('sent_at', strftime('%Y-%m-%dT%H:%M:%fZ', (?4 + i * 648) / 1000.0, 'unixepoch'),
      'response_code', iif(i % 7 = 0, NULL, 200), 'response_time', (i % 200) || 'ms', 'send_type', 'spawn', 'attempt', 1,
      'delivery_id', 'dlv_9c22eed7', 'error', iif(i % 7 = 0, 'timeout', NULL)))
  FROM n`;

let scene: Scene;
let browser: Browser;

beforeAll(async () => {
  scene = await openScene();
  const start = Date.now() - 1.5 * DAY_MS;
  for (let from = 0; from < LOGS; from += STEP)
    await scene.server.database
      .prepare(FILL)
      .bind(LOCAL_ORG, from, from + STEP, start)
      .run();
  browser = await openBrowser();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await scene?.stop();
});

test("the list shows its first rows, goes on by its cursor, and keeps 500 rows at most", async () => {
  const visitor = await visit(browser);
  const { page } = visitor;
  await signIn(page, `${scene.server.url}/console`);
  const rows = page.locator("tbody tr");
  const started = performance.now();
  await page.goto(`${scene.server.url}/console/calls`);
  await rows.nth(49).waitFor();
  console.log(
    `With ${LOGS} logs the first 50 rows are there after ${Math.round(performance.now() - started)} ms.`,
  );
  const more = page.getByRole("button", { name: /Show more/ });
  for (let count = 50; count < ROWS_LIMIT; count += 50) {
    await more.click();
    await rows.nth(count).waitFor();
  }
  await page.getByRole("button", { name: /older/i }).waitFor();
  expect(await rows.count()).toBeLessThanOrEqual(ROWS_LIMIT);
  expectNoFaults(visitor);
  await visitor.close();
});
