/** What an org sets for an endpoint acts from the next attempt on, is shown, and is forgotten when it is deleted. */
import { env } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { NO_SETTINGS } from "../../src/core/endpoint-settings.ts";
import { bodySignature } from "../../src/core/signature.ts";
import { attemptOnce, degrade, endpointsOf, minutesFromNow } from "../support/endpoints.ts";
import { envWithLosingQueues, handleAttempts, reportUnheard } from "../support/handlers.ts";
import {
  call,
  detailsOf,
  expectRefusal,
  logOf,
  makeKey,
  makeOrg,
  receiver,
  rowsOf,
} from "../support/words.ts";

const URL_SET = "https://crm.example/hook";

const set = (org: { key: string }, url: string, settings: object) =>
  call(org, "PATCH", "/v1/endpoints", { body: { url, ...settings } });

const show = (org: { key: string }, url: string) =>
  call(org, "GET", `/v1/endpoints?url=${encodeURIComponent(url)}`);

const forget = (org: { key: string }, url: string) =>
  call(org, "DELETE", `/v1/endpoints?url=${encodeURIComponent(url)}`);

/** Sets something for a receiver's endpoint, and makes a call's first attempt there. */
async function attemptWith(settings: object, ...program: Parameters<typeof receiver>) {
  const org = await makeOrg();
  const crm = await receiver(...program);
  expect((await set(org, crm.url, settings)).status).toBe(200);
  const { key } = await attemptOnce(org, `${crm.url}?call=1`);
  return { org, crm, key, log: await logOf(org, key.call_id) };
}

describe("settings", () => {
  test("are answered, merged, shown for any URL of the endpoint, and go back to the default by null", async () => {
    const org = await makeOrg();
    const first = await set(org, `${URL_SET}?call=1#x`, { description: "CRM", timeout_seconds: 5 });
    const endpoint = {
      ...{ url: URL_SET, state: "active", reason: null, disabled_at: null, consecutive_failures: 0 },
      ...{ failing_since: null, last_failure_at: null, last_success_at: null },
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

  test("merge headers by name in any case; a null one goes, and twenty may be set", async () => {
    const org = await makeOrg();
    const many = Object.fromEntries(
      Array.from({ length: 19 }, (_, index) => [`x-${index}`, "a value of some length"]),
    );
    await set(org, URL_SET, { headers: { ...many, "X-Team": "voice" } });
    expectRefusal(
      await set(org, URL_SET, { headers: { "x-more": "1" } }),
      409,
      "CONFLICT",
      /20 headers at most/,
    );
    const merged = await set(org, URL_SET, { headers: { "x-more": "1", "x-TEAM": null } });
    const { headers } = merged.body.data.settings;
    expect(headers).toMatchObject({ "x-0": "•••ngth", "x-more": "•••" });
    expect(Object.keys(headers)).toHaveLength(20);
    expect((await set(org, URL_SET, { headers: null })).body.data.settings).toEqual(NO_SETTINGS);
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
  });

  test.each([
    ["a timeout of 31 s", { timeout_seconds: 31 }, /timeout_seconds .* from 1 to 30.* is 31/],
    ["no timeout at all", { timeout_seconds: 0 }, /timeout_seconds .* is 0/],
    ["sixteen waits", { retry_schedule: Array(16).fill("1h") }, /retry_schedule .*at most 15 waits.* has 16/],
    ["six days of waits", { retry_schedule: ["144h"] }, /retry_schedule .*5 days in all/],
    ["a wait without a unit", { retry_schedule: ["30"] }, /retry_schedule .*such as "30s"/],
    [
      "a header of the connection",
      { headers: { Connection: "close" } },
      /headers .*none of them the connection's/,
    ],
    ["the body's type", { headers: { "content-type": "text/plain" } }, /headers .*the body's/],
    ["the name of our signature", { headers: { "X-Webhook-Signature": "abc" } }, /headers .*or ours/],
    ["a value as it is shown", { headers: { "x-team": "•••1234" } }, /headers.x-team .*printable ASCII/],
    ["a line break in a value", { headers: { "x-team": "a\r\nb" } }, /headers.x-team .*printable ASCII/],
    ["an empty value", { headers: { "x-team": "" } }, /headers.x-team .*printable ASCII/],
    [
      "21 headers",
      { headers: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`x-${i}`, "1"])) },
      /headers .*at most 20/,
    ],
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

  test("has its endpoint's headers; the log and the answers show the end of long values alone", async () => {
    const headers = { Authorization: "Bearer abcdefgh1234", "x-team": "voice" };
    const { org, crm, key } = await attemptWith({ headers }, 200);
    const [request] = await crm.received();
    expect(request?.headers).toMatchObject({ authorization: headers.Authorization, "x-team": "voice" });
    const shown = { authorization: "•••1234", "x-team": "•••" };
    const [details] = await detailsOf(key.call_id);
    expect(details?.request.headers).toMatchObject({
      ...shown,
      "webhook-id": request?.headers["webhook-id"],
    });
    const answer = await show(org, crm.url);
    expect(answer.body.data.settings.headers).toEqual(shown);
    const stored = await env.DB.prepare("SELECT headers FROM endpoints WHERE user_id = ?")
      .bind(org.user_id)
      .first<string>("headers");
    for (const text of [stored ?? "", answer.text]) expect(text).not.toMatch(/abcdefgh|voice/);
  });

  test("waits where a header can't be decrypted, and goes out once it was set anew", async () => {
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const org = await makeOrg();
    const crm = await receiver(200);
    await set(org, crm.url, { headers: { "x-team": "voice" } });
    await env.DB.prepare("UPDATE endpoints SET headers = replace(headers, '.', '.A') WHERE user_id = ?")
      .bind(org.user_id)
      .run();
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [key])).toEqual([60]);
    expect(await crm.received()).toEqual([]);
    expect(error.mock.calls.flat().join()).toContain(org.user_id);
    await set(org, crm.url, { headers: { "x-team": "voice" } });
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(await crm.received()).toMatchObject([{ headers: { "x-team": "voice" } }]);
    error.mockRestore();
  });
});

describe("a deleted endpoint", () => {
  test("has neither settings nor failures", async () => {
    const org = await makeOrg();
    const crm = await receiver(500);
    await attemptOnce(org, crm.url);
    await set(org, crm.url, { timeout_seconds: 5 });
    expect((await forget(org, `${crm.url}?call=1`)).body.data).toEqual({ url: crm.url, deleted: true });
    expect(await endpointsOf(org)).toEqual([]);
    expectRefusal(await forget(org, crm.url), 404, "NOT_FOUND", /nothing to forget/);
    expectRefusal(await call(org, "DELETE", "/v1/endpoints"), 400, "invalid_parameter", /url is missing/);
  });

  test("is refused while calls wait for it", async () => {
    const org = await makeOrg();
    const crm = await receiver(500);
    await degrade(org, crm.url);
    const keys = [await reportUnheard(org, crm.url), await reportUnheard(org, crm.url)];
    await handleAttempts(envWithLosingQueues().env, keys);
    expectRefusal(await forget(org, crm.url), 409, "CONFLICT", /Calls wait for the endpoint/);
    expect(await endpointsOf(org)).toMatchObject([{ state: "degraded" }]);
  });
});
