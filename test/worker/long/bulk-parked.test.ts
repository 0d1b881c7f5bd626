/** What calls cost that wait for a degraded endpoint: no more than their parking, however many they are. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openVirtualTime } from "../../support/virtual-time.ts";
import { makeOrg, type Org, receiver } from "../../support/words.ts";

const HOUR_MS = 3_600_000;

beforeEach(() => {
  for (const method of ["log", "warn", "error"] as const)
    vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

/** What an hour costs while this many calls are parked. The walk of the sweep has passed them before. */
async function hourWith(org: Org, calls: number) {
  const crm = await receiver(500);
  const time = openVirtualTime(org, crm);
  try {
    for (let failed = 0; failed < 5; failed++) await time.report(crm.url);
    await time.passUntil(10_000);
    const before = time.bill();
    for (let parked = 5; parked < calls; parked++) await time.report(crm.url);
    const reported = time.bill();
    await time.passUntil(600_000);
    const from = time.bill();
    const probedBefore = (await crm.received()).length;
    await time.passUntil(600_000 + HOUR_MS);
    const until = time.bill();
    const waiting = await env.DB.prepare(
      "SELECT count(*) AS n FROM webhook_logs WHERE user_id = ? AND parked IS NOT NULL",
    )
      .bind(org.user_id)
      .first<number>("n");
    return {
      waiting,
      probes: (await crm.received()).length - probedBefore,
      parking: { rows: reported.rows - before.rows, messages: reported.messages - before.messages },
      hour: {
        rows: until.rows - from.rows,
        messages: until.messages - from.messages,
        objectRequests: until.objectRequests - from.objectRequests,
      },
    };
  } finally {
    time.close();
  }
}

test("10,000 calls that are parked for an hour cost what ten do: their endpoint's probes", {
  timeout: 300_000,
}, async () => {
  const few = await hourWith(await makeOrg(), 10);
  await env.DB.prepare("DELETE FROM endpoints").run();
  await env.DB.prepare("DELETE FROM webhook_logs").run();
  const many = await hourWith(await makeOrg(), 10_000);
  console.info(`10,000 calls parked for an hour: ${JSON.stringify(many)}; ten: ${JSON.stringify(few)}`);
  expect([few.waiting, many.waiting]).toEqual([10, 10_000]);
  expect(many.parking).toEqual({ rows: 3 * 9_995, messages: 0 });
  expect(many.probes).toBe(12);
  expect(many.hour).toEqual(few.hour);
});
