/** `GET /v1/postcall/webhooks`: what is listed, in which order, and to whom. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { envWithLosingQueues, handleAttempts, reportUnheard } from "../../support/handlers.ts";
import { firstListed, idsIn, insertLogs, list, START } from "../../support/listing.ts";
import {
  call,
  expectRefusal,
  logOf,
  makeKey,
  makeOrg,
  type Org,
  receiver,
  reportCall,
} from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

describe("a listed log", () => {
  test("is as GET answers it, without its payload, and tells whom the call was with", async () => {
    const crm = await receiver(500);
    const members = { to: "+14155550117", from: "+12125550142", inbound: false };
    const key = await reportUnheard(org, `${crm.url}?token=1`, members);
    await handleAttempts(envWithLosingQueues().env, [key]);
    const { payload: _, ...log } = await logOf(org, key.call_id);
    expect(log.metadata).toHaveLength(1);
    expect((await list(org)).body).toEqual({
      data: [{ ...log, ...members, attempts_total: 1 }],
      next_cursor: null,
      errors: null,
    });
  });

  test("without a webhook is there, though its GET is 404", async () => {
    const { call_id } = await reportCall(org, { webhook: null });
    expectRefusal(await call(org, "GET", `/v1/postcall/webhooks/${call_id}`), 404, "NOT_FOUND");
    expect(await firstListed(org)).toMatchObject({
      call_id,
      url: null,
      status: "no_webhook",
      attempts_total: 0,
    });
  });

  test.each([
    ["true", true],
    ["false", false],
    ['"yes"', null],
    ["null", null],
  ])("whose payload has inbound %s is shown with %s", async (given, shown) => {
    await reportCall(org, { webhook: null, payload: { inbound: JSON.parse(given) } });
    expect((await firstListed(org)).inbound).toBe(shown);
  });

  test("whose content was erased says when", async () => {
    await insertLogs(org, [{ call_id: "erased" }, { call_id: "kept" }]);
    await env.DB.prepare(
      "UPDATE webhook_logs SET payload_erased_at = ?2 WHERE user_id = ?1 AND call_id = 'erased'",
    )
      .bind(org.user_id, START)
      .run();
    const [kept, erased] = (await list(org)).body.data;
    expect(erased).toMatchObject({ call_id: "erased", payload_erased_at: new Date(START).toISOString() });
    expect(kept).not.toHaveProperty("payload_erased_at");
  });

  test("of citations has its call's to, from and inbound", async () => {
    const members = { to: "+14155550117", from: "+12125550142", inbound: true };
    const { call_id } = await reportCall(org, { webhook: null, payload: members });
    const path = `/v1/postcall/calls/${call_id}/citations`;
    await call(org, "POST", path, { body: { citations: [{ value: 1 }] } });
    expect(await firstListed(org, { event: "citations" })).toMatchObject({
      call_id,
      event: "citations",
      ...members,
    });
  });

  test("has its newest 20 attempts, the oldest of them first, one that was recorded late in its place", async () => {
    const entry = (second: number) => ({
      ...{
        sent_at: new Date(START + second * 1_000).toISOString(),
        response_code: 500,
        response_time: "7ms",
      },
      ...{ send_type: "spawn", attempt: second, delivery_id: "dlv", error: "http_status" },
    });
    const seconds = Array.from({ length: 50 }, (_, index) => index + 1);
    const recorded = [...seconds.filter((second) => second !== 45), 45];
    await insertLogs(org, [{ call_id: "long", metadata: recorded.map(entry) }]);
    const log = await firstListed(org);
    expect(log.attempts_total).toBe(50);
    expect(log.metadata).toEqual(seconds.slice(-20).map(entry));
  });
});

describe("the order", () => {
  test("is by time, call id and event, newest first", async () => {
    await insertLogs(org, [
      { call_id: "b", created_at: START },
      { call_id: "a", created_at: START + 1 },
      { call_id: "b", created_at: START, event: "citations" },
      { call_id: "a-", created_at: START },
      { call_id: "c", created_at: START - 1 },
    ]);
    const { data } = (await list(org)).body;
    expect(data.map((log: { call_id: string; event: string }) => [log.call_id, log.event])).toEqual([
      ["a", "call"],
      ["b", "citations"],
      ["b", "call"],
      ["a-", "call"],
      ["c", "call"],
    ]);
  });
});

describe("tests and operational webhooks", () => {
  beforeEach(() =>
    insertLogs(org, [
      { call_id: "real" },
      { call_id: "test_1", is_test: 1 },
      { call_id: "endpoint.v", event: "operational" },
    ]),
  );

  test("are left out; tests are listed alone if they are asked for", async () => {
    expect(idsIn(await list(org))).toEqual(["real"]);
    expect(idsIn(await list(org, { is_test: "false" }))).toEqual(["real"]);
    const tests = await list(org, { is_test: "true" });
    expect(tests.body.data).toMatchObject([{ call_id: "test_1", is_test: true }]);
    expectRefusal(await list(org, { event: "operational" }), 400, "invalid_parameter", /^event must be/);
  });
});

describe("named calls", () => {
  test("are answered as they are now, both events and tests, those that are unknown left out", async () => {
    await insertLogs(org, [
      { call_id: "one", status: "retrying" },
      { call_id: "one", event: "citations" },
      { call_id: "test_1", is_test: 1 },
      { call_id: "other" },
    ]);
    await insertLogs(await makeOrg(), [{ call_id: "foreign" }]);
    await env.DB.prepare("UPDATE webhook_logs SET status = 'delivered' WHERE user_id = ? AND call_id = 'one'")
      .bind(org.user_id)
      .run();
    const { body } = await list(org, { call_ids: "one,test_1,foreign,nobody,one" });
    expect(body).toMatchObject({
      data: [
        { call_id: "test_1", is_test: true },
        { call_id: "one", event: "citations" },
        { call_id: "one", event: "call", status: "delivered" },
      ],
      next_cursor: null,
    });
  });

  test("may be 200", async () => {
    const ids = Array.from({ length: 200 }, (_, index) => `call_${String(index).padStart(100, "0")}`);
    await insertLogs(
      org,
      ids.map((call_id) => ({ call_id })),
    );
    expect(idsIn(await list(org, { call_ids: ids.join(",") }))).toEqual(ids.toReversed());
  });
});

describe("no list", () => {
  test("has another org's logs, or is answered to a key without `read`", async () => {
    await insertLogs(await makeOrg(), [{ call_id: "foreign" }]);
    expect(idsIn(await list(org))).toEqual([]);
    const key = await makeKey(org.user_id, { scopes: ["report", "send", "configure"] });
    expectRefusal(await list({ key }), 403, "FORBIDDEN", /"read"/);
  });
});
