/** What an org sets for an endpoint acts from the next attempt on, is shown, and is forgotten when it is deleted. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { NO_SETTINGS } from "../../src/core/endpoint-settings.ts";
import { bodySignature } from "../../src/core/signature.ts";
import { attemptWith, forget, set, show, URL_SET } from "../support/endpoint-settings.ts";
import {
  attemptOnce,
  degrade,
  endpointsOf,
  minutesFromNow,
  wakeAndDeliver,
  wakeOnce,
} from "../support/endpoints.ts";
import { detailsOf, expectRefusal, logOf, makeKey, makeOrg, receiver, rowsOf } from "../support/words.ts";

describe("settings", () => {
  test("are answered, merged, shown for any URL of the endpoint, and go back to the default by null", async () => {
    const org = await makeOrg();
    const first = await set(org, `${URL_SET}?call=1#x`, { description: "CRM", timeout_seconds: 5 });
    const endpoint = {
      ...{ url: URL_SET, state: "active", reason: null, disabled_at: null, consecutive_failures: 0 },
      ...{ waiting: 0, waiting_exact: true, failing_since: null, last_error: null, next_probe_at: null },
      ...{ last_failure_at: null, last_success_at: null },
      settings: { ...NO_SETTINGS, description: "CRM", timeout_seconds: 5 },
    };
    expect(first).toMatchObject({ status: 200, body: { data: endpoint, errors: null } });
    const second = await set(org, URL_SET, { retry_schedule: ["5s", "1h"], description: null });
    const settings = { ...NO_SETTINGS, timeout_seconds: 5, retry_schedule: ["5s", "1h"] };
    expect(second.body.data).toEqual({ ...endpoint, settings });
    expect((await show(org, `${URL_SET}?call=2`)).body.data).toEqual({ ...endpoint, settings });
    expect(await endpointsOf(org)).toEqual([{ ...endpoint, settings }]);
  });

  test("of an endpoint never heard of are the defaults, and setting nothing writes nothing", async () => {
    const org = await makeOrg();
    const well = { url: URL_SET, state: "active", settings: NO_SETTINGS };
    expect((await show(org, URL_SET)).body.data).toMatchObject(well);
    expect((await set(org, URL_SET, {})).body.data).toMatchObject(well);
    expect((await set(org, URL_SET, { timeout_seconds: null })).body.data).toMatchObject(well);
    expect(await rowsOf("endpoints", org)).toBe(0);
  });

  test("stay when the endpoint fails and recovers, and its health stays when they change", async () => {
    const org = await makeOrg();
    const crm = await receiver(500, 500, 200);
    await attemptOnce(org, crm.url);
    await set(org, crm.url, { description: "CRM" });
    await attemptOnce(org, crm.url);
    const settings = { ...NO_SETTINGS, description: "CRM" };
    expect(await endpointsOf(org)).toMatchObject([{ consecutive_failures: 2, settings }]);
    await attemptOnce(org, crm.url);
    expect(await endpointsOf(org)).toMatchObject([
      { consecutive_failures: 0, failing_since: null, settings },
    ]);
  });

  test("are for a thousand endpoints at most; those that are set can still be changed", async () => {
    const org = await makeOrg();
    await env.DB.prepare(
      `INSERT INTO endpoints (user_id, url, version, state, consecutive_failures, description)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
       SELECT ?1, 'https://crm.example/' || i, 'v', 'active', 0, 'one of many' FROM n`,
    )
      .bind(org.user_id)
      .run();
    expectRefusal(
      await set(org, URL_SET, { timeout_seconds: 5 }),
      409,
      "CONFLICT",
      /1000 endpoints have settings/,
    );
    expect((await set(org, "https://crm.example/7", { timeout_seconds: 5 })).status).toBe(200);
    expect(await rowsOf("endpoints", org)).toBe(1_000);
    await env.DB.prepare(
      "INSERT INTO endpoints (user_id, url, version, state, consecutive_failures) VALUES (?, ?, 'v', 'active', 1)",
    )
      .bind(org.user_id, URL_SET)
      .run();
    const failed = await set(org, URL_SET, { timeout_seconds: 5 });
    expectRefusal(failed, 409, "CONFLICT", /1000 endpoints have settings/);
    expect((await set(org, URL_SET, { timeout_seconds: null })).status).toBe(200);
  });

  test("that are removed where there are none write nothing", async () => {
    const org = await makeOrg();
    expect((await set(org, URL_SET, { headers: { "x-team": null }, description: null })).status).toBe(200);
    expect(await rowsOf("endpoints", org)).toBe(0);
  });

  test.each([
    ["a timeout of 31 s", { timeout_seconds: 31 }, /timeout_seconds .* from 1 to 30.* is 31/],
    ["no timeout at all", { timeout_seconds: 0 }, /timeout_seconds .* is 0/],
    ["sixteen waits", { retry_schedule: Array(16).fill("1h") }, /retry_schedule .*at most 15 waits.* has 16/],
    ["six days of waits", { retry_schedule: ["144h"] }, /retry_schedule .*5 days in all/],
    ["a wait without a unit", { retry_schedule: ["30"] }, /retry_schedule .*such as "30s"/],
    ["a header of ours", { signature_header: "webhook-id" }, /signature_header .*header name/],
    ["a long description", { description: "x".repeat(501) }, /description .*at most 500/],
    ["an unknown member", { timeout: 5 }, /not known: "timeout"/],
  ])("are refused for %s", async (_what, settings, message) => {
    const org = await makeOrg();
    expectRefusal(await set(org, URL_SET, settings), 400, "invalid_parameter", message);
    expect(await rowsOf("endpoints", org)).toBe(0);
  });

  test("need a URL that may be called, and the scope configure; they are the org's own", async () => {
    const org = await makeOrg();
    expectRefusal(await set(org, "ftp://crm.example/", { timeout_seconds: 5 }), 422, "BLOCKED_URL", /scheme/);
    expectRefusal(
      await set(org, "nowhere", { timeout_seconds: 5 }),
      400,
      "invalid_parameter",
      /must be a URL/,
    );
    const reader = { key: await makeKey(org.user_id, { scopes: ["read", "send", "report"] }) };
    expectRefusal(await set(reader, URL_SET, { timeout_seconds: 5 }), 403, "FORBIDDEN", /configure/);
    expectRefusal(await forget(reader, URL_SET), 403, "FORBIDDEN", /configure/);
    await set(org, URL_SET, { timeout_seconds: 5 });
    const other = await makeOrg();
    expect((await show(other, URL_SET)).body.data.settings).toEqual(NO_SETTINGS);
    expectRefusal(await forget(other, URL_SET), 404, "NOT_FOUND");
    expect((await show(org, URL_SET)).body.data.settings.timeout_seconds).toBe(5);
  });
});

describe("an attempt", () => {
  test("takes no longer than its endpoint's timeout", async () => {
    const { log, crm } = await attemptWith({ timeout_seconds: 1 }, { held: true });
    expect(log).toMatchObject({ status: "retrying", metadata: [{ error: "timeout", response_code: null }] });
    expect(Number.parseInt(log.metadata[0].response_time, 10)).toBeLessThan(10_000); // the deployment's is 15 s
    await crm.answer();
  });

  test("that failed is made again after its endpoint's wait", async () => {
    const { log } = await attemptWith({ retry_schedule: ["10m"] }, 500);
    expect(log.status).toBe("retrying");
    expect(minutesFromNow(log.next_attempt_at)).toBeGreaterThanOrEqual(9);
  });

  test("is the only one where its endpoint's schedule has no waits", async () => {
    const { log } = await attemptWith({ retry_schedule: [] }, 500);
    expect(log).toMatchObject({ status: "failed", reason: "attempts_exhausted", metadata: [{ attempt: 1 }] });
  });

  test("has the older signature in the header that its endpoint names", async () => {
    const { org, crm, key } = await attemptWith({ signature_header: "X-Bland-Signature" }, 200);
    const [request] = await crm.received();
    const signature = bodySignature(org.secret, new TextEncoder().encode(request?.body));
    expect(request?.headers).toMatchObject({ "x-bland-signature": signature });
    expect(request?.headers).not.toHaveProperty("x-webhook-signature");
    const [details] = await detailsOf(key.call_id);
    expect(details?.request.headers).toMatchObject({ "x-bland-signature": signature });
  });
});

describe("a degraded endpoint", () => {
  test("has its calls parked by a schedule without waits too, and a probe that fails does not end its call", async () => {
    const org = await makeOrg();
    const crm = await receiver(500);
    await degrade(org, crm.url);
    await set(org, crm.url, { retry_schedule: [] });
    const { key } = await attemptOnce(org, crm.url);
    await wakeAndDeliver(org, crm.url);
    expect(await logOf(org, key.call_id)).toMatchObject({
      ...{ status: "retrying", reason: "endpoint_degraded" },
      metadata: [{ attempt: 1, response_code: 500 }],
    });
  });

  test("is not probed again before a probe of its own timeout has ended", async () => {
    const org = await makeOrg();
    const crm = await receiver(500);
    await degrade(org, crm.url);
    await set(org, crm.url, { timeout_seconds: 30 });
    await attemptOnce(org, crm.url);
    expect((await wakeOnce(org, crm.url)).wakes).toMatchObject([{ delaySeconds: 40 }]);
  });
});
