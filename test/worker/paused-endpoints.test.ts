/** Paused endpoints: their calls wait until they are enabled, or end if their owner says so. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import {
  attemptOnce,
  degrade,
  enable,
  endpointsOf,
  operationalWebhooksOf,
  toldOrg,
  wakeAndDeliver,
  wakeOnce,
} from "../support/endpoints.ts";
import { envWithLosingQueues, handleAttempts, reportUnheard, sweepOnce } from "../support/handlers.ts";
import {
  call,
  expectRefusal,
  logOf,
  makeOrg,
  type Org,
  receiver,
  reportCall,
  resend,
} from "../support/words.ts";

const PAUSED = { status: "pending", reason: "endpoint_paused", next_attempt_at: null };

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const pause = (url: string, on = org) => call(on, "POST", "/v1/endpoints/pause", { body: { url } });

describe("a paused endpoint", () => {
  test("parks its calls, at their report and by the batch that reads it, and sends none of them", async () => {
    const crm = await receiver(200);
    const due = await reportUnheard(org, `${crm.url}?call=1`);
    expect((await pause(`${crm.url}?call=2`)).body.data).toMatchObject({
      ...{ url: crm.url, state: "paused", reason: "paused", waiting: 0 },
    });
    const { answer, call_id } = await reportCall(org, { webhook: crm.url });
    expect(answer.body.data).toMatchObject(PAUSED);
    expect(await handleAttempts(envWithLosingQueues().env, [due])).toEqual(["ack"]);
    for (const id of [due.call_id, call_id])
      expect(await logOf(org, id)).toMatchObject({ ...PAUSED, metadata: [] });
    expect(await endpointsOf(org)).toMatchObject([{ state: "paused", waiting: 2 }]);
    expect(await crm.received()).toEqual([]);
  });

  test("does not wake, whatever message comes, and its calls are kept however old", async () => {
    const crm = await receiver(500);
    await degrade(org, crm.url);
    const { key } = await attemptOnce(org, crm.url);
    await pause(crm.url);
    expect(await wakeOnce(org, crm.url)).toMatchObject({ settled: "ack", released: [] });
    await env.DB.prepare("UPDATE webhook_logs SET created_at = 1 WHERE call_id = ?").bind(key.call_id).run();
    await sweepOnce(envWithLosingQueues().env);
    expect(await logOf(org, key.call_id)).toMatchObject(PAUSED);
  });

  test("gets the first attempt of a resend, and stays paused whatever it answers", async () => {
    const crm = await receiver(200, 410);
    await pause(crm.url);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    expect((await resend(org, [call_id])).body.data).toMatchObject([{ status: "delivered" }]);
    expect((await resend(org, [call_id])).body.data).toMatchObject([{ status: "failed", reason: "gone" }]);
    expect(await endpointsOf(org)).toMatchObject([{ state: "paused" }]);
  });

  test("sends what has waited once it is enabled", async () => {
    const crm = await receiver(200);
    await pause(crm.url);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    expect((await enable(org, crm.url)).body.data).toMatchObject({ state: "active", redelivering: 1 });
    await wakeAndDeliver(org, crm.url);
    expect(await logOf(org, call_id)).toMatchObject({ status: "delivered", reason: null });
  });

  test("ends its calls as disabled with redeliver: false, more than a thousand of them", async () => {
    const crm = await receiver(200);
    await pause(crm.url);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    await env.DB.prepare(
      `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload, payload_bytes,
         status, delivery_id, delivery_ordinal, send_type, attempts, losses, parked, trials)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
       SELECT ?1, ?2 || '-' || i, 'call', 'msg', ?3, i, '', '{}', 2, 'pending', 'dlv', 1, 'spawn', 0, 0, i, 0 FROM n`,
    )
      .bind(org.user_id, call_id, crm.url)
      .run();
    expect(await endpointsOf(org)).toMatchObject([{ waiting: 1_000, waiting_exact: false }]);
    const enabled = await enable(org, crm.url, { redeliver: false });
    expect(enabled.body.data).toMatchObject({ state: "active", redelivering: 0, waiting: 0 });
    const ended = { status: "disabled", reason: "endpoint_disabled", next_attempt_at: null };
    for (const id of [call_id, `${call_id}-1`, `${call_id}-2500`])
      expect(await logOf(org, id)).toMatchObject(ended);
    expect(await crm.received()).toEqual([]);
  });

  test("is told to the org's engineers, once, with how many calls wait", async () => {
    const { org: told } = await toldOrg(200);
    const crm = await receiver(500);
    await degrade(told, crm.url);
    await attemptOnce(told, crm.url);
    await pause(crm.url, told);
    await pause(crm.url, told);
    await enable(told, crm.url);
    const reported = await operationalWebhooksOf(told);
    expect(reported.map(({ type, data }) => [type, data.state, data.reason, data.waiting])).toEqual([
      ["endpoint.degraded", "degraded", "failing", 0],
      ["endpoint.paused", "paused", "paused", 1],
      ["endpoint.recovered", "active", "enabled", 1],
    ]);
  });

  test("is one of a thousand that are paused or have settings", async () => {
    await env.DB.prepare(
      `INSERT INTO endpoints (user_id, url, state, version, consecutive_failures)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
       SELECT ?, 'https://crm.example/' || i, 'paused', 'v', 0 FROM n`,
    )
      .bind(org.user_id)
      .run();
    expectRefusal(
      await pause("https://crm.example/new"),
      409,
      "CONFLICT",
      /1000 endpoints have settings or are paused/,
    );
    expect((await pause("https://crm.example/7")).status).toBe(200);
  });

  test("is asked for by its URL, with the scope to configure", async () => {
    const other = await makeOrg({ scopes: ["report", "read", "send"] });
    expectRefusal(await pause("https://crm.example/", other), 403, "FORBIDDEN", /configure/);
    expectRefusal(await pause("crm.example"), 400, "invalid_parameter", /url/);
    expectRefusal(await pause("ftp://crm.example/"), 422, "BLOCKED_URL", /url/);
    const unknown = await call(org, "POST", "/v1/endpoints/pause", {
      body: { endpoint: "https://crm.example/" },
    });
    expectRefusal(unknown, 400, "invalid_parameter", /endpoint/);
  });
});
