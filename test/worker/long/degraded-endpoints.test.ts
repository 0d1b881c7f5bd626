/** Failing endpoints: when one is degraded, what it still gets, and that nothing is sent in vain. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { NO_SETTINGS } from "../../../src/core/endpoint-settings.ts";
import { attemptOnce, degrade, endpointsOf } from "../../support/endpoints.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  letTimePass,
  reportUnheard,
  resendUnheard,
} from "../../support/handlers.ts";
import {
  call,
  eventually,
  expectRefusal,
  logOf,
  makeOrg,
  NOBODY,
  receiver,
  resend,
} from "../../support/words.ts";

const MINUTES = 60_000;
const RETRIES = "postcall-retries";

describe("an endpoint that answers well", () => {
  test("has no row, and neither has one that fails once beside a success in the same batch", async () => {
    const org = await makeOrg();
    const crm = await receiver(200, 500, 200);
    await attemptOnce(org, crm.url);
    const keys = [await reportUnheard(org, crm.url), await reportUnheard(org, crm.url)];
    await handleAttempts(envWithLosingQueues().env, keys);
    expect(await crm.received()).toHaveLength(3);
    expect(await endpointsOf(org)).toEqual([]);
  });
});

describe("five failures in a row", () => {
  test.each([
    ["500", 500],
    ["503", 503],
    ["nobody listening", null],
  ])("degrade an endpoint: %s", async (_name, status) => {
    const org = await makeOrg();
    const url = status === null ? NOBODY : (await receiver(status)).url;
    await degrade(org, url);
    const error = status === null ? "connect" : "http_status";
    expect(await endpointsOf(org)).toEqual([
      {
        url,
        state: "degraded",
        ...{ reason: "failing", waiting: 0, waiting_exact: true, last_error: error },
        disabled_at: null,
        consecutive_failures: 5,
        failing_since: expect.any(String),
        last_failure_at: expect.any(String),
        last_success_at: null,
        next_probe_at: expect.any(String),
        settings: NO_SETTINGS,
      },
    ]);
  });

  test.each([404, 429, 302])("do not where they say something about the call: %i", async (status) => {
    const org = await makeOrg();
    const crm = await receiver(status);
    await degrade(org, crm.url);
    expect(await endpointsOf(org)).toMatchObject([{ state: "active", consecutive_failures: 0 }]);
  });

  test("do not with a success between them", async () => {
    const org = await makeOrg();
    const crm = await receiver(500, 500, 200, 500, 500, 500);
    for (let call = 1; call <= 6; call++) await attemptOnce(org, crm.url);
    expect(await endpointsOf(org)).toMatchObject([{ state: "active", consecutive_failures: 3 }]);
  });

  test("do not where they were sent before the last recovery", async () => {
    const org = await makeOrg();
    const crm = await receiver(500, 200, 500);
    await attemptOnce(org, crm.url);
    await attemptOnce(org, crm.url);
    await env.DB.prepare("UPDATE endpoints SET recovered_at = recovered_at + 60000 WHERE user_id = ?")
      .bind(org.user_id)
      .run();
    await attemptOnce(org, crm.url);
    expect(await endpointsOf(org)).toMatchObject([{ state: "active", consecutive_failures: 0 }]);
  });

  test("do not where they are throttles: 503 with Retry-After", async () => {
    const org = await makeOrg();
    const crm = await receiver({ status: 503, headers: { "retry-after": "60" } });
    await degrade(org, crm.url);
    expect(await endpointsOf(org)).toMatchObject([{ state: "active", consecutive_failures: 0 }]);
  });
});

describe("a degraded endpoint", () => {
  test("gets the first attempt of a manual send, whose retry waits like others", async () => {
    const org = await makeOrg();
    const crm = await receiver(500);
    const { key } = await attemptOnce(org, crm.url);
    await degrade(org, crm.url);
    const before = (await crm.received()).length;
    const { env: lossy } = envWithLosingQueues();
    const byHand = await resendUnheard(org, key);
    await handleAttempts(lossy, [byHand]);
    await letTimePass(key, 60 * MINUTES);
    await handleAttempts(lossy, [{ ...byHand, attempt: 2 }]);
    expect(await crm.received()).toHaveLength(before + 1);
    expect(await logOf(org, key.call_id)).toMatchObject({
      ...{ status: "retrying", reason: "endpoint_degraded", next_attempt_at: null },
      metadata: [{ send_type: "spawn" }, { send_type: "resend" }],
    });
  });

  test("does not make a resend wait for a parked call, and its success counts", async () => {
    const org = await makeOrg();
    const crm = await receiver(500, 500, 500, 500, 500, 200);
    await degrade(org, crm.url);
    const { key } = await attemptOnce(org, crm.url); // parked
    const answer = await resend(org, [key.call_id]);
    expect(answer.body.data).toMatchObject([{ status: "delivered", metadata: [{ send_type: "resend" }] }]);
    expect(await crm.received()).toHaveLength(6);
    expect(await endpointsOf(org)).toMatchObject([{ state: "active", reason: null, waiting: 0 }]);
  });

  test("still gets into the log what was under way when it became so", async () => {
    const org = await makeOrg();
    const slow = await receiver({ status: 200, delayMs: 2_500 });
    const key = await reportUnheard(org, slow.url);
    const { env: lossy } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [key], RETRIES)).toEqual([3]);
    await env.DB.prepare(
      `INSERT INTO endpoints (user_id, url, state, version, consecutive_failures, first_failure_at)
       VALUES (?, ?, 'degraded', 'v', 5, 1)`,
    )
      .bind(org.user_id, slow.url)
      .run();
    expect(await handleAttempts(lossy, [key], RETRIES)).toEqual([3]);
    const settled = await eventually(async () => {
      const [settlement] = await handleAttempts(lossy, [key], RETRIES);
      return settlement === "ack" ? settlement : undefined;
    });
    expect(settled).toBe("ack");
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
    expect(await slow.received()).toHaveLength(1);
    expect(await endpointsOf(org)).toMatchObject([{ state: "active" }]);
  });

  test("a first attempt under way when its call is resent is in the log, and its success counts", async () => {
    const org = await makeOrg();
    const crm = await receiver({ status: 200, delayMs: 2_500 }, 500);
    const key = await reportUnheard(org, crm.url);
    await env.DB.prepare("UPDATE webhook_logs SET parked = 1 WHERE call_id = ?").bind(key.call_id).run();
    await handleAttempts(envWithLosingQueues().env, [key]);
    const resent = await resendUnheard(org, key);
    const { env: lossy } = envWithLosingQueues();
    await eventually(async () => {
      const settled = await handleAttempts(lossy, [key, resent], RETRIES);
      return settled.every((outcome) => outcome === "ack") ? settled : undefined;
    });
    expect((await logOf(org, key.call_id)).metadata).toMatchObject([
      { send_type: "spawn", attempt: 1, response_code: 200 },
      { send_type: "resend", attempt: 1, response_code: 500 },
    ]);
    expect(await crm.received()).toHaveLength(2);
  });
});

describe("the list of endpoints", () => {
  test("is in pages by URL, of one state if asked, and a rare state may take several pages to find", async () => {
    const org = await makeOrg();
    await env.DB.prepare(
      `INSERT INTO endpoints (user_id, url, state, version, consecutive_failures)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
       SELECT ?, 'https://crm.example/' || printf('%04d', i), iif(i IN (7, 5999), 'disabled', 'active'), 'v', 0 FROM n`,
    )
      .bind(org.user_id)
      .run();
    const page = async (query: string) => {
      const { body } = await call(org, "GET", `/v1/endpoints?${query}`);
      const numbers = body.data.map(({ url }: { url: string }) => Number(url.split("/").at(-1)));
      return { numbers, next: body.next_cursor && encodeURIComponent(body.next_cursor) };
    };
    const first = await page("limit=200");
    const second = await page(`limit=200&cursor=${first.next}`);
    expect([...first.numbers, ...second.numbers]).toEqual(
      Array.from({ length: 400 }, (_, index) => index + 1),
    );
    const rare = await page("state=disabled");
    expect(rare.numbers).toEqual([7]);
    const last = await page(`state=disabled&cursor=${rare.next}`);
    expect(last).toEqual({ numbers: [5999], next: null });
    expect((await page("state=paused&limit=1")).numbers).toEqual([]);
  });

  test.each([
    ["state=bad", /^state must be one of active, degraded, disabled, paused, and is "bad"/],
    ["limit=201", /^limit must be a whole number from 1 to 200, and is "201"/],
    ["limit=0", /^limit /],
    ["url=crm.example/hook", /^url must be a URL, and is "crm.example\/hook". Add https:/],
    ["url=https://crm.example/&state=active", /^state can't be given beside url/],
    ["status=active", /did you mean "state"/],
  ])("refuses %s", async (query, message) => {
    const org = await makeOrg();
    expectRefusal(await call(org, "GET", `/v1/endpoints?${query}`), 400, "invalid_parameter", message);
  });
});

test("an attempt under way is asked after in the retries lane, where no backlog of first attempts keeps it", async () => {
  const org = await makeOrg();
  const slow = await receiver({ status: 200, delayMs: 2_500 });
  const key = await reportUnheard(org, slow.url);
  const { env: lossy, retries, deliveries } = envWithLosingQueues();
  expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
  expect(deliveries).toEqual([]);
  expect(retries).toEqual([{ body: { v: 1, ...key }, delaySeconds: 3 }]);
  const closed = { sendBatch: () => Promise.reject(new Error("away")) } as unknown as Queue;
  expect(await handleAttempts({ ...lossy, RETRIES: closed }, [key])).toEqual([3]);
  await eventually(async () =>
    (await handleAttempts(lossy, [key], RETRIES))[0] === "ack" ? true : undefined,
  );
  expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
  expect(await slow.received()).toHaveLength(1);
});
