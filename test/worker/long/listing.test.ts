/** `GET /v1/postcall/webhooks`: what is listed, in which order, by which filters, and what is refused. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { LOG_REASONS, LOG_STATUSES } from "../../../src/core/webhook-log.ts";
import { failingReceiver, PARKED } from "../../support/endpoints.ts";
import { envWithLosingQueues, handleAttempts, reportUnheard } from "../../support/handlers.ts";
import { idsIn, insertEndpoint, insertLogs, list, START } from "../../support/listing.ts";
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

/** The first cited log in a list, whole. */
const first = async (query = {}) => (await list(org, query)).body.data[0];

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
    expect(await first()).toMatchObject({ call_id, url: null, status: "no_webhook", attempts_total: 0 });
  });

  test.each([
    ["true", true],
    ["false", false],
    ['"yes"', null],
    ["null", null],
  ])("whose payload has inbound %s is shown with %s", async (given, shown) => {
    await reportCall(org, { webhook: null, payload: { inbound: JSON.parse(given) } });
    expect((await first()).inbound).toBe(shown);
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
    expect(await first({ event: "citations" })).toMatchObject({ call_id, event: "citations", ...members });
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
    const log = await first();
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

describe("filters", () => {
  const HOOK = "https://crm.example/hook";
  beforeEach(() =>
    insertLogs(org, [
      { call_id: "call_1", status: "delivered", to_number: "+14155550117", from_number: "+12125550142" },
      { call_id: "call_2", status: "failed", reason: "gone", url: `${HOOK}?call=2` },
      { call_id: "call_3", status: "failed", reason: "attempts_exhausted", from_number: "+14155550117" },
      { call_id: "Xall-4", status: "no_webhook", url: null },
      { call_id: "callX5", status: "retrying", url: "https://crm.example/hooks" },
      { call_id: "call_1", status: "delivered", event: "citations" },
    ]),
  );
  const at = (second: number) => new Date(START + second * 1_000).toISOString();

  test.each([
    [{ status: "failed" }, ["call_3", "call_2"]],
    [{ status: "failed,no_webhook" }, ["Xall-4", "call_3", "call_2"]],
    [{ status: "failed,failed" }, ["call_3", "call_2"]],
    [{ reason: "gone" }, ["call_2"]],
    [{ reason: "gone,attempts_exhausted", status: "failed" }, ["call_3", "call_2"]],
    [{ reason: "gone", status: "delivered" }, []],
    [{ event: "citations" }, ["call_1"]],
    [{ event: "call,citations", status: "delivered" }, ["call_1", "call_1"]],
    [{ url: HOOK }, ["call_1", "call_3", "call_2", "call_1"]],
    [{ url: `${HOOK}?call=77#part` }, ["call_1", "call_3", "call_2", "call_1"]],
    [{ url: "https://crm.example/hooks" }, ["callX5"]],
    [{ to: "+14155550117" }, ["call_1"]],
    [{ from: "+14155550117" }, ["call_3"]],
    [{ q: "+14155550117" }, ["call_3", "call_1"]],
    [{ q: "+1415555011" }, []],
    [{ q: "call_" }, ["call_1", "call_3", "call_2", "call_1"]],
    [{ q: "call_1" }, ["call_1", "call_1"]],
    [{ q: "c", status: "retrying" }, ["callX5"]],
    [{ since: at(2), until: at(4) }, ["Xall-4", "call_3"]],
    [{ since: "2026-11-20T01:00:02+01:00", until: at(3) }, ["call_3"]],
    [{ waiting: "true" }, []],
    [{ waiting: "false", status: "retrying" }, ["callX5"]],
  ])("%j", async (query, ids) => {
    expect(idsIn(await list(org, query))).toEqual(ids);
  });

  test("take a + that was not escaped, in a number and in a time", async () => {
    const listed = async (query: string) => idsIn(await call(org, "GET", `/v1/postcall/webhooks?${query}`));
    expect(await listed("q=+14155550117")).toEqual(["call_3", "call_1"]);
    expect(await listed("to=+14155550117")).toEqual(["call_1"]);
    expect(await listed("since=2026-11-20T01:00:04+01:00")).toEqual(["call_1", "callX5"]);
  });

  test.each([
    [{ status: "delivered,done" }, /^status must be one of .*retrying, delivered/],
    [{ status: "" }, /^status must be/],
    [{ status: "failed," }, /^status must be/],
    [{ reason: "degraded" }, /^reason must be one of .*endpoint_degraded/],
    [{ waiting: "1" }, /^waiting must be true or false/],
    [{ since: "2026-11-20" }, /^since must be a time with its zone/],
    [{ since: "2026-11-20T00:00:00" }, /^since must be a time with its zone/],
    [{ until: "1763596800000" }, /^until must be a time/],
    [{ since: at(1), until: at(1) }, /^since must be before until/],
    [{ to: "2026-11-20T00:00:00Z" }, /^to must be a number .*did you mean "until"\?/],
    [{ from: "2026-11-20" }, /^from must be a number .*did you mean "since"\?/],
    [{ to: "" }, /^to must be/],
    [{ to: "+1\u0000" }, /^to must be/],
    [{ q: "%" }, /^q must be/],
    [{ q: "call_\u0007" }, /^q must be/],
    [{ q: "+1\n2" }, /^q must be/],
    [{ q: "x".repeat(129) }, /^q must be/],
    [{ url: "crm.example" }, /^url must be a URL.*https:\/\//],
    [{ limit: "201" }, /^limit must be/],
    [{ stauts: "failed" }, /did you mean "status"/],
    [{ call_ids: "a b" }, /^call_ids must be 1 to 200/],
    [{ call_ids: Array.from({ length: 201 }, (_, n) => `c${n}`).join(",") }, /^call_ids must be 1 to 200/],
    [{ call_ids: "call_1", status: "failed" }, /^status can't be given beside call_ids/],
  ])("%j is refused by its name", async (query, message) => {
    expectRefusal(await list(org, query), 400, "invalid_parameter", message);
  });

  test("take no underscore or percent sign for any character", async () => {
    expect(idsIn(await list(org, { q: "call_" }))).not.toContain("callX5");
    expectRefusal(await list(org, { q: "Xal%" }), 400, "invalid_parameter");
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

describe("a parked log", () => {
  test("is found by what its endpoint makes of it, whatever its row says", async () => {
    const { call_id } = (await failingReceiver(org)).first;
    const found = async (query: object) => idsIn(await list(org, { ...query, q: call_id }));
    expect(await first({ waiting: "true" })).toMatchObject({ call_id, ...PARKED });
    expect(await found({ reason: "endpoint_degraded", status: "pending", waiting: "true" })).toEqual([
      call_id,
    ]);
    await env.DB.prepare("UPDATE endpoints SET state = 'disabled' WHERE user_id = ?").bind(org.user_id).run();
    expect(await first({ waiting: "true" })).toMatchObject({
      status: "disabled",
      reason: "endpoint_disabled",
    });
    expect(await found({ reason: "endpoint_disabled", status: "disabled" })).toEqual([call_id]);
    expect(await found({ status: "pending" })).toEqual([]);
  });

  test("is found by status and by reason as GET shows them, in every state it can be in", async () => {
    const states = ["active", "degraded", "disabled", "paused", "forgotten"];
    const rows = ["delivered", "pending", "held"].flatMap((status) =>
      [null, "org_suspended", "endpoint_degraded"].flatMap((reason) =>
        states.flatMap((state) =>
          [null, START].flatMap((parked) =>
            [0, 1].map((attempts) => ({ status, reason, state, parked, attempts })),
          ),
        ),
      ),
    );
    await insertLogs(
      org,
      rows.map(({ state, ...row }, index) => ({
        ...row,
        call_id: `c${index}`,
        url: `https://${state}.example/?n=${index}`,
      })),
    );
    for (const state of states.slice(0, 4)) await insertEndpoint(org, `https://${state}.example/`, state);
    const ids = rows.map((_, index) => `c${index}`).join(",");
    const shown: { call_id: string; status: string; reason: string | null }[] = (
      await list(org, { call_ids: ids })
    ).body.data;
    expect(shown).toHaveLength(rows.length);
    for (const status of LOG_STATUSES) {
      const like = shown.filter((log) => log.status === status).map(({ call_id }) => call_id);
      expect(idsIn(await list(org, { status, limit: 200 })), status).toEqual(like);
    }
    for (const reason of LOG_REASONS) {
      const like = shown.filter((log) => log.reason === reason).map(({ call_id }) => call_id);
      expect(idsIn(await list(org, { reason, limit: 200 })), reason).toEqual(like);
    }
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
