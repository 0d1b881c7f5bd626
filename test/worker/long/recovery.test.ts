/**
 * Endpoints that fail and recover, in virtual time: every call arrives, none ends failed, and what was kept is let go
 * slowly.
 */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Received } from "../../support/receiver-server.ts";
import { openVirtualTime } from "../../support/virtual-time.ts";
import { logOf, makeOrg, type Org, receiver } from "../../support/words.ts";

let org: Org;
let time: ReturnType<typeof openVirtualTime> | undefined;
beforeEach(async () => {
  org = await makeOrg();
  for (const method of ["log", "warn", "error"] as const)
    vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(() => {
  time?.close();
  vi.restoreAllMocks();
});

const MINUTE_MS = 60_000;

const countDelivered = async () =>
  env.DB.prepare("SELECT count(*) AS n FROM webhook_logs WHERE user_id = ? AND status = 'delivered'")
    .bind(org.user_id)
    .first<number>("n");

const keyOf = ({ headers, body }: Received): string =>
  `${JSON.parse(body).call_id}/${headers["x-postcall-attempt"]}`;

/** When each attempt of these calls was sent, in virtual time. */
async function sentTimesOf(calls: readonly string[]): Promise<Map<string, number>> {
  const logs = await Promise.all(calls.map((call_id) => logOf(org, call_id)));
  return new Map(
    logs.flatMap(({ call_id, metadata }) =>
      metadata.map((entry: { sent_at: string; attempt: number }) => [
        `${call_id}/${entry.attempt}`,
        Date.parse(entry.sent_at),
      ]),
    ),
  );
}

test("a receiver that fails each call's first two attempts gets all of 195 calls within fifteen minutes", {
  timeout: 120_000,
}, async () => {
  const crm = await receiver(200);
  await crm.failAttempts(2);
  time = openVirtualTime(org, crm);
  const calls: string[] = [];
  for (let index = 0; index < 195; index++) calls.push(await time.report(crm.url));
  let minutes = 0;
  while ((await countDelivered()) !== 195 && minutes < 15) await time.passUntil(++minutes * MINUTE_MS);
  console.info(`195 calls, each failed twice, were delivered within ${minutes} minutes.`);
  expect(await countDelivered()).toBe(195);
  expect(await crm.received()).toHaveLength(3 * 195);
  for (const call_id of calls)
    expect((await logOf(org, call_id)).metadata.map((entry: { attempt: number }) => entry.attempt)).toEqual([
      1, 2, 3,
    ]);
});

test("a receiver that is down for 45 s under traffic gets each call once, and no more at a time than its successes allow", {
  timeout: 120_000,
}, async () => {
  const crm = await receiver(200);
  await crm.failAttempts(1_000);
  time = openVirtualTime(org, crm);
  const reported: string[] = [];
  for (let second = 0; second < 120; second++) {
    if (second === 45) await crm.failAttempts(0);
    for (let each = 0; each < 2; each++) reported.push(await time.report(crm.url));
    await time.passUntil((second + 1) * 1_000);
  }
  await time.passUntil(10 * MINUTE_MS);
  expect(await countDelivered()).toBe(reported.length);
  const received = await crm.received();
  const arrived = received.filter(({ status }) => status === 200).map(({ body }) => JSON.parse(body).call_id);
  expect(arrived.toSorted()).toEqual(reported.toSorted());
  const sentAt = await sentTimesOf(reported);
  const timeOf = (request: Received) => sentAt.get(keyOf(request)) ?? Number.NaN;
  const kept = new Set(reported.slice(0, 2 * 45));
  const since = received.slice(received.findIndex(({ status }) => status === 200));
  const [probe] = since;
  if (probe === undefined) throw new Error("it never recovered");
  let sent = 0;
  for (const [index, request] of since.entries()) {
    if (index === 0 || !kept.has(JSON.parse(request.body).call_id)) continue;
    const successes = since.slice(1, index).filter(({ status }) => status === 200).length;
    const wakes = Math.floor((timeOf(request) - timeOf(probe)) / 10_000);
    expect(++sent).toBeLessThanOrEqual(10 + 2 * successes + 10 * wakes);
  }
  expect(sent).toBeGreaterThan(60);
});
