/** Endpoints with a rate, in virtual time: it is kept over all batches and lanes, and what is over it waits its turn. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { databaseRefusing, databaseWith } from "../../support/database.ts";
import { set } from "../../support/endpoint-settings.ts";
import { envWithLosingQueues, handleAttempts, reportUnheard } from "../../support/handlers.ts";
import { meter } from "../../support/meter.ts";
import { mostIn, openVirtualTime, sentTimes } from "../../support/virtual-time.ts";
import {
  call,
  expectRefusal,
  logOf,
  makeOrg,
  type Org,
  type Receiver,
  receiver,
} from "../../support/words.ts";

let org: Org;
let crm: Receiver;
let time: ReturnType<typeof openVirtualTime>;
beforeEach(async () => {
  org = await makeOrg();
  crm = await receiver(200);
  for (const method of ["log", "warn", "error"] as const)
    vi.spyOn(console, method).mockImplementation(() => {});
  time = openVirtualTime(org, crm);
});
afterEach(() => {
  time.close();
  vi.restoreAllMocks();
});

const reportMany = async (count: number, url: string) => {
  const calls: string[] = [];
  for (let index = 0; index < count; index++) calls.push(await time.report(url));
  return calls;
};

test("400 calls at once for an endpoint of 20 a second arrive at that rate, beside others that do not wait", {
  timeout: 60_000,
}, async () => {
  const other = await receiver(200);
  await set(org, crm.url, { rate_per_second: 20 });
  await reportMany(200, `${crm.url}?lane=1`);
  await reportMany(50, other.url);
  await reportMany(200, crm.url);
  await time.passUntil(1_000);
  expect(await sentTimes(org, other.url)).toHaveLength(50);
  await time.passUntil(60_000);
  const times = await sentTimes(org, crm.url);
  expect(times).toHaveLength(400);
  expect(mostIn(times, 1_000)).toBeLessThanOrEqual(2 * 20);
  expect(mostIn(times, 10_000)).toBeLessThanOrEqual(1.1 * 200);
  const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000;
  expect(seconds).toBeLessThan(1.25 * 20);
  const { results } = await env.DB.prepare(
    "SELECT attempts FROM webhook_logs WHERE user_id = ? AND attempts <> 1",
  )
    .bind(org.user_id)
    .all();
  expect(results).toEqual([]); // waiting is not an attempt
});

test("a call over the rate shows that it waits for its turn, and when that is", async () => {
  await set(org, crm.url, { rate_per_second: 0.1 });
  const [first = "", second = "", third = ""] = await reportMany(3, crm.url);
  await time.passUntil(1_000);
  expect(await logOf(org, first)).toMatchObject({ status: "delivered" });
  const waiting = { status: "pending", reason: "rate_limited", metadata: [] };
  for (const [index, call_id] of [second, third].entries()) {
    const log = await logOf(org, call_id);
    expect(log).toMatchObject(waiting);
    const seconds = (Date.parse(log.next_attempt_at) - Date.now()) / 1_000;
    expect(Math.round(seconds)).toBe(10 * (index + 1) - 1);
  }
  await time.passUntil(25_000);
  expect(await logOf(org, third)).toMatchObject({ status: "delivered", reason: null });
});

test("retries and resends keep the rate too", { timeout: 60_000 }, async () => {
  await set(org, crm.url, { rate_per_second: 2, retry_schedule: ["1s"] });
  await crm.failAttempts(1);
  const calls = await reportMany(4, crm.url);
  const headers = { prefer: "respond-async" };
  await time.passUntil(30_000);
  await call(org, "POST", "/v1/postcall/webhooks/resend", { body: { call_ids: calls }, headers });
  await time.passUntil(90_000);
  const times = await sentTimes(org, crm.url);
  expect(times.length).toBeGreaterThanOrEqual(8);
  expect(mostIn(times, 1_000)).toBeLessThanOrEqual(4);
  expect(mostIn(times, 10_000)).toBeLessThanOrEqual(22);
});

test("what is late after a stall does not come all at once", { timeout: 60_000 }, async () => {
  await set(org, crm.url, { rate_per_second: 2 });
  await reportMany(60, crm.url);
  await time.passUntil(500);
  time.stall(60_000);
  await time.passUntil(130_000);
  const times = await sentTimes(org, crm.url);
  expect(times).toHaveLength(60);
  expect(mostIn(times, 1_000)).toBeLessThanOrEqual(4);
  expect(mostIn(times, 10_000)).toBeLessThanOrEqual(22);
  const { results } = await env.DB.prepare("SELECT faults FROM webhook_logs WHERE user_id = ? AND faults > 0")
    .bind(org.user_id)
    .all();
  expect(results).toEqual([]);
});

test.each([0.1, 1, 1.05, 50])(
  "a rate of %d a second lets a call through on a slow database and a clock that runs",
  async (rate) => {
    time.close();
    await set(org, crm.url, { rate_per_second: rate });
    const key = await reportUnheard(org, crm.url);
    const DB = databaseWith(async (_queries, work) => {
      await scheduler.wait(150);
      return work();
    });
    expect(await handleAttempts(envWithLosingQueues({ DB }).env, [key])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered" });
  },
);

test("batches that ask for turns at once leave no gap: the next slots follow a step apart", async () => {
  await set(org, crm.url, { rate_per_second: 0.1 });
  const keys = await Promise.all(Array.from({ length: 20 }, () => reportUnheard(org, crm.url)));
  const batches = [0, 5, 10, 15].map((from) =>
    handleAttempts(envWithLosingQueues().env, keys.slice(from, from + 5)),
  );
  await Promise.all(batches);
  const logs = await Promise.all(keys.map(({ call_id }) => logOf(org, call_id)));
  const slots = logs
    .flatMap(({ next_attempt_at }) => (next_attempt_at === null ? [] : [Date.parse(next_attempt_at)]))
    .toSorted((one, other) => one - other);
  expect(slots).toHaveLength(19);
  const seconds = slots.map((slot) => Math.round((slot - Date.now()) / 1_000));
  expect(seconds).toEqual(Array.from({ length: 19 }, (_, index) => 10 * (index + 1)));
});

test("what came to no slots leaves turns and slots as they were", async () => {
  await set(org, crm.url, { rate_per_second: 0.1 });
  const keys = await Promise.all(Array.from({ length: 5 }, () => reportUnheard(org, crm.url)));
  const DB = databaseRefusing((query) => query.includes("SET next_slot_at"), "D1_ERROR: refused by the test");
  expect(await handleAttempts(envWithLosingQueues({ DB }).env, keys)).toEqual(["ack", 5, 5, 5, 5]);
  await handleAttempts(envWithLosingQueues().env, keys);
  const [, second = { call_id: "" }] = keys;
  const { next_attempt_at } = await logOf(org, second.call_id);
  expect(Math.round((Date.parse(next_attempt_at) - Date.now()) / 1_000)).toBe(10);
});

test("setting the same rate again changes nothing", async () => {
  await set(org, crm.url, { rate_per_second: 0.1 });
  for (let again = 0; again < 3; again++) {
    await reportMany(1, crm.url);
    await time.passUntil(100 * (again + 1));
    await set(org, crm.url, { rate_per_second: 0.1, description: "the same" });
  }
  expect(await sentTimes(org, crm.url)).toHaveLength(1);
});

test("a lowered rate is kept by the calls that wait already, and they do not ask for their turns each second", {
  timeout: 60_000,
}, async () => {
  await set(org, crm.url, { rate_per_second: 20 });
  await reportMany(60, crm.url);
  await time.passUntil(100);
  const before = (await sentTimes(org, crm.url)).length;
  await set(org, crm.url, { rate_per_second: 0.5 });
  const { objectRequests } = time.bill();
  await time.passUntil(20_000);
  expect((await sentTimes(org, crm.url)).length - before).toBeLessThanOrEqual(12);
  expect(time.bill().objectRequests - objectRequests).toBeLessThan(200);
});

test("a raised rate helps the calls that come then", async () => {
  await set(org, crm.url, { rate_per_second: 0.1 });
  await reportMany(50, crm.url);
  await time.passUntil(100);
  await set(org, crm.url, { rate_per_second: 1_000 });
  await reportMany(20, crm.url);
  await time.passUntil(2_000);
  expect((await sentTimes(org, crm.url)).length).toBeGreaterThanOrEqual(21);
});

test("an endpoint with a rate is probed however many calls wait for their turn, and then takes them", {
  timeout: 60_000,
}, async () => {
  await set(org, crm.url, { rate_per_second: 2 });
  await reportMany(100, crm.url);
  await time.passUntil(3_000);
  await crm.failAttempts(1_000);
  await time.passUntil(10_000);
  await crm.failAttempts(0);
  await time.passUntil(200_000);
  const { results } = await env.DB.prepare(
    "SELECT status, count(*) AS n FROM webhook_logs WHERE user_id = ? GROUP BY status",
  )
    .bind(org.user_id)
    .all();
  expect(results).toEqual([{ status: "delivered", n: 100 }]);
});

test("a changed rate acts on slots that are not given yet", async () => {
  await set(org, crm.url, { rate_per_second: 0.1 });
  await reportMany(2, crm.url);
  await time.passUntil(100);
  await set(org, crm.url, { rate_per_second: 1_000 });
  const [late = ""] = await reportMany(1, crm.url);
  await time.passUntil(12_000);
  expect(await logOf(org, late)).toMatchObject({ status: "delivered" });
  await set(org, crm.url, { rate_per_second: null });
  await reportMany(20, crm.url);
  await time.passUntil(12_500);
  expect(await sentTimes(org, crm.url)).toHaveLength(23);
});

test("a call that has to wait costs two rows more, and its batch one for the endpoint's turns and one for its slots", async () => {
  await set(org, crm.url, { rate_per_second: 0.1 });
  let rows = 0;
  const DB = meter(env.DB, ({ rows_written }) => {
    rows += rows_written;
  });
  const keys = [
    await reportUnheard(org, crm.url),
    await reportUnheard(org, crm.url),
    await reportUnheard(org, crm.url),
  ];
  await handleAttempts(envWithLosingQueues({ DB }).env, keys);
  expect(rows).toBe(1 + 1 + 1 + 2 * 2); // turns, slots, the call that was delivered, two that wait
});

test.each([
  ["0", 0],
  ["over 1,000", 1_001],
  ["a text", "50"],
])("a rate is refused where it is %s", async (_what, rate_per_second) => {
  const answer = await set(org, crm.url, { rate_per_second });
  expectRefusal(
    answer,
    400,
    "invalid_parameter",
    /^rate_per_second must be a number of attempts a second from 0.1 to 1000/,
  );
});
