/** An endpoint is an org's URL without its query: calls with queries of their own share its health. */
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { attemptOnce, endpointsOf, wakeAndDeliver } from "../support/endpoints.ts";
import { envWithLosingQueues, handleAttempts, reportUnheard, request } from "../support/handlers.ts";
import { logOf, makeOrg, newCallId, receiver, reportCall, resend } from "../support/words.ts";

describe("an endpoint whose calls have queries of their own", () => {
  test("is degraded by their failures together, parks them all, and one of them probes it", async () => {
    const org = await makeOrg();
    const crm = await receiver(500);
    for (let call = 1; call <= 5; call++) await attemptOnce(org, `${crm.url}?call=${call}`);
    expect(await endpointsOf(org)).toMatchObject([
      { url: crm.url, state: "degraded", consecutive_failures: 5 },
    ]);
    const keys = [
      await reportUnheard(org, `${crm.url}?call=6`),
      await reportUnheard(org, `${crm.url}?call=7`),
    ];
    expect(await handleAttempts(envWithLosingQueues().env, keys)).toEqual(["ack", "ack"]);
    await wakeAndDeliver(org, crm.url);
    expect((await crm.received()).map(({ query }) => query)).toEqual(
      [1, 2, 3, 4, 5, 6].map((call) => `call=${call}`),
    );
    const [probe, parked] = await Promise.all(keys.map(({ call_id }) => logOf(org, call_id)));
    expect(probe).toMatchObject({ status: "retrying", metadata: [{ attempt: 1 }], url: `${crm.url}?call=6` });
    expect(parked).toMatchObject({ status: "pending", reason: "endpoint_degraded", metadata: [] });
  });

  test("is disabled by a 410 to any of them, refuses them all, and is enabled by any URL of its", async () => {
    const org = await makeOrg();
    const crm = await receiver(410, 200);
    const due = await reportUnheard(org, `${crm.url}?call=2`);
    await attemptOnce(org, `${crm.url}?call=1`);
    const { env: lossy, deliveries } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [due])).toEqual(["ack"]);
    expect(await logOf(org, due.call_id)).toMatchObject({ status: "disabled", reason: "endpoint_disabled" });
    const body = { payload: { call_id: newCallId() }, webhook: `${crm.url}?call=3` };
    const report = await request(lossy, org, { method: "POST", path: "/v1/postcall/calls", body });
    expect(report.body.data).toMatchObject({ status: "disabled", url: body.webhook });
    expect((await resend(org, [due.call_id])).body.errors).toMatchObject([{ reason: "endpoint_disabled" }]);
    const { call_id } = await reportCall(org, { webhook: null });
    const create = { call_ids: [call_id], webhook_url: `${crm.url}?call=4` };
    const created = await request(env, org, {
      method: "POST",
      path: "/v1/postcall/webhooks/create",
      body: create,
    });
    expect(created.body.errors).toMatchObject([{ call_id, reason: "endpoint_disabled" }]);
    const enabling = { method: "POST", path: "/v1/endpoints/enable", body: { url: `${crm.url}?call=5` } };
    const enabled = await request(lossy, org, enabling);
    expect(enabled.body.data).toMatchObject({ url: crm.url, state: "active", redelivering: 2 });
    expect(deliveries).toEqual([]);
    const { released } = await wakeAndDeliver(org, crm.url);
    expect(released.map(({ call_id }) => call_id).toSorted()).toEqual(
      [due.call_id, body.payload.call_id].toSorted(),
    );
    expect((await crm.received()).map(({ query }) => query).toSorted()).toEqual([
      "call=1",
      "call=2",
      "call=3",
    ]);
  });
});
