/** `GET /v1/postcall/webhooks/{call_id}/attempts`: what was sent and answered, where, and who asked for it. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { NOTHING, writeResults } from "../../src/record/results.ts";
import { attemptWith } from "../support/endpoint-settings.ts";
import { envWithLosingQueues, handleAttempts, reportUnheard, resendUnheard } from "../support/handlers.ts";
import {
  call,
  create,
  expectRefusal,
  makeKey,
  makeOrg,
  NOBODY,
  newCallId,
  type Org,
  receiver,
  reportCall,
} from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const attemptsOf = (call_id: string, query = "", as: Pick<Org, "key"> = org) =>
  call(as, "GET", `/v1/postcall/webhooks/${call_id}/attempts${query}`);

const keyIdOf = async (of: Org): Promise<string> => (await call(of, "GET", "/v1/whoami")).body.data.key.id;

/** A log with this many attempts in its record, of which the newest have details. */
async function withHistory(attempts: number, detailed = attempts): Promise<string> {
  const { call_id } = await reportUnheard(org, NOBODY);
  const entries = Array.from({ length: attempts }, (_, index) => ({
    sent_at: new Date(Date.UTC(2026, 0, 1) + index * 1_000).toISOString(),
    response_code: 500,
    response_time: "7ms",
    send_type: "spawn",
    attempt: index + 1,
    delivery_id: "dlv_1",
    error: "http_status",
  }));
  const details = entries.slice(attempts - detailed).map(({ delivery_id, attempt }) => ({
    ...{ delivery_id, attempt, request: { headers: {} }, response: { headers: {}, body: "no" } },
  }));
  await env.DB.prepare("UPDATE webhook_logs SET metadata = ?2, details = ?3 WHERE call_id = ?1")
    .bind(call_id, JSON.stringify(entries), JSON.stringify(details))
    .run();
  return call_id;
}

describe("attempts", () => {
  test("tell the URL they went to, the headers sent and the answer", async () => {
    const crm = await receiver({ status: 500, headers: { "x-reason": "tired" }, body: "not now" });
    const key = await reportUnheard(org, `${crm.url}?token=1`);
    await handleAttempts(envWithLosingQueues().env, [key]);
    const answer = await attemptsOf(key.call_id);
    const [received] = await crm.received();
    expect(answer.body).toEqual({
      data: [
        {
          ...{ sent_at: expect.any(String), response_code: 500, response_time: expect.any(String) },
          ...{ send_type: "spawn", attempt: 1, delivery_id: key.delivery_id, error: "http_status" },
          request: {
            url: `${crm.url}?token=1`,
            headers: expect.objectContaining({
              "webhook-signature": received?.headers["webhook-signature"],
              "x-postcall-attempt": "1",
            }),
          },
          response: { headers: expect.objectContaining({ "x-reason": "tired" }), body: "not now" },
          requested_by: null,
          details_dropped: false,
        },
      ],
      next_cursor: null,
      errors: null,
    });
  });

  test("name the key that asked for a resend, for its retries too, and none for the attempts before", async () => {
    const crm = await receiver(500);
    const first = await reportUnheard(org, crm.url);
    await handleAttempts(envWithLosingQueues().env, [first]);
    const again = await resendUnheard(org, first);
    const { env: lossy } = envWithLosingQueues();
    await handleAttempts(lossy, [again]);
    await env.DB.prepare("UPDATE webhook_logs SET next_attempt_at = 1 WHERE call_id = ?")
      .bind(first.call_id)
      .run();
    await handleAttempts(lossy, [{ ...again, attempt: 2 }]);
    const by = await keyIdOf(org);
    expect((await attemptsOf(first.call_id)).body.data).toMatchObject([
      { send_type: "spawn", attempt: 1, requested_by: null },
      { send_type: "resend", attempt: 1, requested_by: by },
      { send_type: "resend", attempt: 2, requested_by: by },
    ]);
  });

  test("of a delivery that was replaced don't get the name of who asked for the one after it", async () => {
    const first = await reportUnheard(org, NOBODY);
    await handleAttempts(envWithLosingQueues().env, [first]);
    await resendUnheard(org, first);
    const entry = {
      ...{
        send_type: "spawn" as const,
        sent_at: Date.now(),
        response_code: 200,
        response_ms: 1,
        error: null,
      },
      ...{ request_url: NOBODY, request_headers: {}, response_headers: {}, response_body: "" },
    };
    const next = { status: "delivered" as const, reason: null, next_attempt_at: null, sweep_at: null };
    const late = {
      key: { ...first, attempt: 2 },
      entry,
      next: { ...next, parked: null, trials: null, spared: 0 as const },
    };
    await writeResults(env.DB, { ...NOTHING, results: [late], now: 1 });
    expect((await attemptsOf(first.call_id)).body.data).toMatchObject([
      { attempt: 1, requested_by: null },
      { attempt: 2, requested_by: null, request: { url: NOBODY } },
    ]);
  });

  test("name the key that asked for a create or a test, which may be another than the one that reads", async () => {
    const crm = await receiver(200);
    const { call_id } = await reportCall(org, { webhook: null });
    const sender = { ...org, key: await makeKey(org.user_id, { scopes: ["send", "read"] }) };
    await create(sender, [call_id], crm.url);
    const made = await call(sender, "POST", "/v1/postcall/webhooks/test", { body: { url: crm.url } });
    const by = await keyIdOf(sender);
    for (const id of [call_id, made.body.data.call_id])
      expect((await attemptsOf(id)).body.data).toMatchObject([{ send_type: "create", requested_by: by }]);
  });

  test("show an endpoint's own headers masked, however they are asked for", async () => {
    const headers = { authorization: "Bearer abcdefgh1234", "x-team": "voice" };
    const { org: owner, crm, key } = await attemptWith({ headers }, 200);
    expect((await crm.received())[0]?.headers).toMatchObject(headers);
    const answer = await attemptsOf(key.call_id, "", owner);
    expect(answer.body.data[0].request.headers).toMatchObject({ authorization: "•••1234", "x-team": "•••" });
    expect(answer.text).not.toMatch(/abcdefgh|voice/);
  });

  test("whose details were dropped say so, and stay in the list", async () => {
    const call_id = await withHistory(3, 1);
    const gone = { request: null, response: null, requested_by: null, details_dropped: true };
    expect((await attemptsOf(call_id)).body.data).toMatchObject([
      { attempt: 1, ...gone },
      { attempt: 2, ...gone },
      { attempt: 3, details_dropped: false, request: { url: null, headers: {} }, response: { body: "no" } },
    ]);
  });

  test("of an event are that event's", async () => {
    const { call_id } = await reportCall(org, { webhook: NOBODY });
    expectRefusal(await attemptsOf(call_id, "?event=citations"), 404, "NOT_FOUND");
    expectRefusal(
      await attemptsOf(call_id, "?event=operational"),
      400,
      "invalid_parameter",
      /call, citations/,
    );
  });
});

describe("a page of attempts", () => {
  test("goes on where the one before ended, oldest first, and so does one after an attempt was added", async () => {
    const call_id = await withHistory(5);
    const first = (await attemptsOf(call_id, "?limit=2")).body;
    expect(first.data.map(({ attempt }: { attempt: number }) => attempt)).toEqual([1, 2]);
    await env.DB.prepare(
      `UPDATE webhook_logs SET metadata = json_insert(json_remove(metadata, '$[0]'), '$[#]',
         json_set(metadata -> '$[4]', '$.attempt', 6, '$.sent_at', '2026-01-02T00:00:00.000Z')) WHERE call_id = ?`,
    )
      .bind(call_id)
      .run();
    const second = (await attemptsOf(call_id, `?limit=2&cursor=${first.next_cursor}`)).body;
    expect(second.data.map(({ attempt }: { attempt: number }) => attempt)).toEqual([3, 4]);
    const last = (await attemptsOf(call_id, `?limit=200&cursor=${second.next_cursor}`)).body;
    expect(last.data.map(({ attempt }: { attempt: number }) => attempt)).toEqual([5, 6]);
    expect(last.next_cursor).toBeNull();
  });

  test.each(["x", "e30", "%00", "W10", "a".repeat(2_048)])(
    "refuses a cursor that none has answered: %s",
    async (cursor) => {
      const call_id = await withHistory(2);
      expectRefusal(
        await attemptsOf(call_id, `?cursor=${cursor}`),
        400,
        "invalid_parameter",
        /^cursor must be/,
      );
    },
  );
});

describe("there are no attempts to show", () => {
  test("of an unknown call, of a call without a webhook, and of another org's, all answered alike", async () => {
    const { call_id: bare } = await reportCall(org, { webhook: null });
    const other = await makeOrg();
    const { call_id: foreign } = await reportCall(other, { webhook: NOBODY });
    for (const id of [newCallId(), bare, foreign, "..%2F", "%00"])
      expectRefusal(await attemptsOf(id), 404, "NOT_FOUND", /^There is no webhook for call/);
  });

  test("to a key without `read`", async () => {
    const { call_id } = await reportCall(org, { webhook: NOBODY });
    const key = await makeKey(org.user_id, { scopes: ["report", "send", "configure"] });
    expectRefusal(await attemptsOf(call_id, "", { key }), 403, "FORBIDDEN", /"read"/);
  });
});
