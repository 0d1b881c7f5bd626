/** The filters of `GET /v1/postcall/webhooks`: what each finds, and what is refused by its name. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { LOG_REASONS, LOG_STATUSES } from "../../../src/core/webhook-log.ts";
import { failingReceiver, PARKED } from "../../support/endpoints.ts";
import { firstListed, idsIn, insertEndpoint, insertLogs, list, START } from "../../support/listing.ts";
import { call, expectRefusal, makeOrg, type Org } from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
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

describe("a parked log", () => {
  test("is found by what its endpoint makes of it, whatever its row says", async () => {
    const { call_id } = (await failingReceiver(org)).first;
    const found = async (query: object) => idsIn(await list(org, { ...query, q: call_id }));
    expect(await firstListed(org, { waiting: "true" })).toMatchObject({ call_id, ...PARKED });
    expect(await found({ reason: "endpoint_degraded", status: "pending", waiting: "true" })).toEqual([
      call_id,
    ]);
    await env.DB.prepare("UPDATE endpoints SET state = 'disabled' WHERE user_id = ?").bind(org.user_id).run();
    expect(await firstListed(org, { waiting: "true" })).toMatchObject({
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
