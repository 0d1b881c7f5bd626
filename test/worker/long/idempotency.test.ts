/** A request that is repeated with its Idempotency-Key sends once, and is answered with its calls as they are now. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { removeIdempotencyKeys } from "../../../src/record/idempotency.ts";
import { envWithLosingQueues, request } from "../../support/handlers.ts";
import {
  CREATE,
  crm,
  deliveredCall,
  keysOf,
  newKeyedOrg,
  org,
  post,
  RESEND,
  TEST,
} from "../../support/idempotency.ts";
import {
  call,
  eventually,
  expectRefusal,
  makeOrg,
  receiver,
  reportCall,
  rowsOf,
} from "../../support/words.ts";

beforeEach(newKeyedOrg);

describe("a repeated request", () => {
  test("resends once, and is answered with the calls as they are now", async () => {
    const [one, two] = [await deliveredCall(), await deliveredCall()];
    const body = { call_ids: [two, one] };
    const first = await post(RESEND, body, "k1");
    expect(first.headers.get("idempotent-replayed")).toBeNull();
    const again = await post(RESEND, body, "k1");
    expect(again.status).toBe(200);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(again.body).toEqual(first.body);
    expect(await crm.received()).toHaveLength(4);
    await call(org, "POST", RESEND, { body: { call_ids: [one] } });
    const later = (await post(RESEND, body, "k1")).body.data;
    expect(later.map(({ metadata }: { metadata: unknown[] }) => metadata.length)).toEqual([2, 3]);
    expect(await crm.received()).toHaveLength(5);
  });

  test("creates once, where without a key it would be refused", async () => {
    const { call_id } = await reportCall(org);
    const body = { call_ids: [call_id], webhook_url: crm.url };
    expect((await post(CREATE, body, "k1")).status).toBe(200);
    expect(await post(CREATE, body, "k1")).toMatchObject({ status: 200, body: { data: [{ call_id }] } });
    expectRefusal(await call(org, "POST", CREATE, { body }), 400, "invalid_parameter");
    expect(await crm.received()).toHaveLength(1);
  });

  test("makes one test, and is answered with that one", async () => {
    const body = { url: crm.url, kind: "citations" };
    const first = await post(TEST, body, "k1");
    const again = await post(TEST, body, "k1");
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(await crm.received()).toHaveLength(1);
  });

  test("is the same whatever white space its body has, and after a day a new one", async () => {
    const call_id = await deliveredCall();
    await post(RESEND, `{"call_ids":["${call_id}"]}`, "k1");
    const spaced = await post(RESEND, `{ "call_ids" : [ "${call_id}" ] }`, "k1");
    expect(spaced.headers.get("idempotent-replayed")).toBe("true");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 24 * 3_600_000 + 1_000 });
    const nextDay = await post(RESEND, { call_ids: [call_id] }, "k1");
    vi.useRealTimers();
    expect(nextDay.headers.get("idempotent-replayed")).toBeNull();
    expect(await crm.received()).toHaveLength(3);
    expect(await keysOf(org)).toBe(1);
  });

  test("is another org's own, and another route's", async () => {
    const call_id = await deliveredCall();
    const other = await makeOrg();
    await post(TEST, { url: crm.url }, "k1");
    await post(TEST, { url: crm.url }, "k1", other);
    expect((await post(RESEND, { call_ids: [call_id] }, "k1")).headers.get("idempotent-replayed")).toBeNull();
    expect(await crm.received()).toHaveLength(4);
  });
});

describe("is refused by 409, and nothing is sent", () => {
  test("a key that came with another body", async () => {
    const call_id = await deliveredCall();
    await post(RESEND, { call_ids: [call_id] }, "k1");
    const other = await post(RESEND, { call_ids: [call_id], event: "call" }, "k1");
    expectRefusal(other, 409, "CONFLICT", /another body/);
    expect(await crm.received()).toHaveLength(2);
  });

  test("a request while the first one is under way; then it is answered", async () => {
    const held = await receiver({ held: true });
    const { call_id } = await reportCall(org, { webhook: null });
    const body = { call_ids: [call_id], webhook_url: held.url };
    const first = post(CREATE, body, "k1");
    await eventually(async () => ((await held.received()).length === 1 ? true : undefined));
    const second = await post(CREATE, body, "k1");
    expectRefusal(second, 409, "CONFLICT", /still under way/);
    expect(second.headers.get("retry-after")).toBe("1");
    await held.answer({ fromNowOn: true });
    expect((await first).status).toBe(200);
    expect((await post(CREATE, body, "k1")).headers.get("idempotent-replayed")).toBe("true");
    expect(await held.received()).toHaveLength(1);
  });

  test("all but one of many at the same moment", async () => {
    const call_id = await deliveredCall();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => post(RESEND, { call_ids: [call_id] }, "k1")),
    );
    const fresh = answers.filter(
      ({ status, headers }) => status === 200 && headers.get("idempotent-replayed") === null,
    );
    expect(fresh).toHaveLength(1);
    expect(answers.every(({ status }) => [200, 409].includes(status))).toBe(true);
    expect(await crm.received()).toHaveLength(2);
  });
});

test("of tests that found the key free at the same moment, one is made", async () => {
  const { env: lossy } = envWithLosingQueues();
  const both = Promise.withResolvers<void>();
  let asking = 0;
  const batch = async (statements: D1PreparedStatement[]) => {
    if (++asking === 2) both.resolve();
    await both.promise;
    return env.DB.batch(statements);
  };
  const DB = { prepare: (text: string) => env.DB.prepare(text), batch } as unknown as D1Database;
  const ask = () =>
    request({ ...lossy, DB }, org, {
      ...{ method: "POST", path: TEST, body: { url: crm.url } },
      headers: { "idempotency-key": "k1", prefer: "respond-async" },
    });
  const answers = await Promise.all([ask(), ask()]);
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
  expect(await rowsOf("webhook_logs", org)).toBe(1);
});

test("a refusal that is found out only by the write does not take the key either", async () => {
  const { call_id } = await reportCall(org);
  const body = { call_ids: [call_id], webhook_url: crm.url };
  const { env: lossy } = envWithLosingQueues();
  let isFirst = true;
  const batch = async (statements: D1PreparedStatement[]) => {
    if (isFirst) {
      isFirst = false;
      await request(lossy, org, { method: "POST", path: CREATE, body, headers: { prefer: "respond-async" } });
    }
    return env.DB.batch(statements);
  };
  const DB = { prepare: (text: string) => env.DB.prepare(text), batch } as unknown as D1Database;
  const refused = await request({ ...lossy, DB }, org, {
    ...{ method: "POST", path: CREATE, body },
    headers: { "idempotency-key": "k1" },
  });
  expect(refused).toMatchObject({ status: 400, body: { errors: [{ call_id, reason: "webhook_exists" }] } });
  expect(await keysOf(org)).toBe(0);
});

test("a refusal does not take the key", async () => {
  const { call_id } = await reportCall(org);
  expect((await post(RESEND, { call_ids: [call_id] }, "k1")).status).toBe(400);
  expect((await post(TEST, {}, "k1")).status).toBe(400);
  expect(await keysOf(org)).toBe(0);
  await post(CREATE, { call_ids: [call_id], webhook_url: crm.url }, "k2");
  const resent = await post(RESEND, { call_ids: [call_id] }, "k1");
  expect(resent).toMatchObject({ status: 200 });
  expect(resent.headers.get("idempotent-replayed")).toBeNull();
});

test.each(["", "a".repeat(256), "naïve", "tab\there"])("%j is no key", async (key) => {
  expectRefusal(await post(TEST, { url: crm.url }, key), 400, "invalid_parameter", /Idempotency-Key must be/);
  expect(await crm.received()).toEqual([]);
});

test("keys are removed after a day, and none before", async () => {
  await post(TEST, { url: crm.url }, "k1");
  const hours = (number: number) => Date.now() + number * 3_600_000;
  await removeIdempotencyKeys(env.DB, hours(23));
  expect(await keysOf(org)).toBe(1);
  await removeIdempotencyKeys(env.DB, hours(25));
  expect(await keysOf(org)).toBe(0);
});
