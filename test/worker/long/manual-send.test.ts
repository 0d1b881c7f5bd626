/** Manual sends: resend and create, all or nothing, joined or new, waited for or not. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  attemptsIn,
  create,
  endedLogOf,
  logOf,
  makeOrg,
  newCallId,
  type Org,
  receiver,
  reportCall,
  resend,
} from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

interface Entry {
  send_type: string;
  attempt: number;
  delivery_id: string;
  sent_at: string;
}

describe("resend", () => {
  test("sends the stored bytes again, to the stored URL, as a delivery of its own", async () => {
    const crm = await receiver(200);
    const { call_id } = await reportCall(org, { webhook: crm.url, payload: { summary: "Sold." } });
    const before = await endedLogOf(org, call_id);
    const answer = await resend(org, [call_id]);
    expect(answer.status).toBe(200);
    const [log] = answer.body.data;
    expect(log).toEqual({
      ...before,
      metadata: [before.metadata[0], expect.objectContaining({ send_type: "resend" })],
    });
    expect(log.metadata[1].delivery_id).not.toBe(log.metadata[0].delivery_id);
    const [first, second] = await crm.received();
    expect(second?.body).toBe(first?.body);
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    expect(await logOf(org, call_id)).toEqual(log);
  });

  test("answers the logs in the order asked", async () => {
    const crm = await receiver(200);
    const reports = [1, 2, 3, 4].map(() => reportCall(org, { webhook: crm.url }));
    const ids = (await Promise.all(reports)).map(({ call_id }) => call_id);
    await Promise.all(ids.map((id) => endedLogOf(org, id)));
    const asked = [ids[2], ids[0], ids[3], ids[1]].flatMap((id) => id ?? []);
    const answer = await resend(org, asked);
    expect(answer.body.data.map((log: { call_id: string }) => log.call_id)).toEqual(asked);
    expect(await crm.received()).toHaveLength(8);
  });

  test("five at once make one request, and all five answers show it", async () => {
    const crm = await receiver(200, { status: 200, delayMs: 400 });
    const { call_id } = await reportCall(org, { webhook: crm.url });
    await endedLogOf(org, call_id);
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => resend(org, [call_id])));
    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(body.data[0].metadata).toMatchObject([
        { send_type: "spawn" },
        { send_type: "resend", response_code: 200 },
      ]);
    }
    expect(await crm.received()).toHaveLength(2);
    expect(await attemptsIn(org)).toBe(2);
  });

  test("joins a delivery whose first attempt is still to come", async () => {
    const crm = await receiver({ status: 200, delayMs: 300 });
    const { call_id } = await reportCall(org, { webhook: crm.url });
    const answer = await resend(org, [call_id]);
    expect(answer.body.data[0]).toMatchObject({
      status: "delivered",
      metadata: [{ send_type: "spawn", attempt: 1 }],
    });
    expect(await crm.received()).toHaveLength(1);
  });

  test("replaces a retry that is outstanding", async () => {
    const crm = await receiver({ status: 500, headers: { "retry-after": "3" } }, 200);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    await endedLogOf(org, call_id, (log) => log.status === "retrying");
    const [log] = (await resend(org, [call_id])).body.data;
    expect(log).toMatchObject({ status: "delivered", next_attempt_at: null });
    expect(log.metadata).toMatchObject([{ send_type: "spawn", response_code: 500 }, { send_type: "resend" }]);
    await scheduler.wait(3_500);
    expect(await crm.received()).toHaveLength(2);
    expect(await logOf(org, call_id)).toEqual(log);
  });

  test("gets a schedule of its own", async () => {
    const crm = await receiver(500, 500, 500, 500, 200);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    expect(await endedLogOf(org, call_id)).toMatchObject({ reason: "attempts_exhausted" });
    await resend(org, [call_id]);
    const log = await endedLogOf(org, call_id);
    expect(log).toMatchObject({ status: "delivered", reason: null });
    expect(log.metadata.map(({ send_type, attempt }: Entry) => [send_type, attempt])).toEqual([
      ["spawn", 1],
      ["spawn", 2],
      ["spawn", 3],
      ["resend", 1],
      ["resend", 2],
    ]);
  });

  test("is refused as a whole, one error for each call that can't be sent, and sends nothing", async () => {
    const crm = await receiver(200);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    await endedLogOf(org, call_id);
    const without = (await reportCall(org)).call_id;
    const unknown = newCallId();
    const answer = await resend(org, [call_id, without, unknown]);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      data: null,
      errors: [
        {
          error: "invalid_parameter",
          call_id: without,
          reason: "no_webhook",
          message: expect.stringContaining(without),
        },
        {
          error: "invalid_parameter",
          call_id: unknown,
          reason: "not_found",
          message: expect.stringContaining(unknown),
        },
      ],
    });
    expect(await crm.received()).toHaveLength(1);
    expect((await logOf(org, call_id)).metadata).toHaveLength(1);
  });
});

describe("create", () => {
  test("sends a call that was stored without a webhook", async () => {
    const crm = await receiver(200);
    const { call_id, answer } = await reportCall(org, { webhook: null, payload: { summary: "Sold." } });
    expect(answer).toMatchObject({
      status: 202,
      body: { data: { status: "no_webhook", url: null, metadata: [] } },
    });
    const created = await create(org, [call_id], crm.url);
    expect(created.status).toBe(200);
    expect(created.body.data).toMatchObject([
      {
        call_id,
        url: crm.url,
        status: "delivered",
        metadata: [{ send_type: "create", attempt: 1, response_code: 200 }],
      },
    ]);
    expect(await logOf(org, call_id)).toEqual(created.body.data[0]);
    expect((await crm.received())[0]?.body).toBe(JSON.stringify(created.body.data[0].payload));
    const [again] = (await resend(org, [call_id])).body.data;
    expect(again.created_at).toBe(created.body.data[0].created_at);
  });

  test("is refused for a call that has a webhook, and then for all", async () => {
    const crm = await receiver(200);
    const other = await receiver(200);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    const without = (await reportCall(org)).call_id;
    const answer = await create(org, [without, call_id, "nobody-knows"], other.url);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject([
      { call_id, reason: "webhook_exists" },
      { call_id: "nobody-knows", reason: "not_found" },
    ]);
    expect(await logOf(org, without)).toBeNull();
    expect(await other.received()).toEqual([]);
  });

  test("two at once over the same calls: one sends all of its calls, the other none", async () => {
    const crm = await receiver({ status: 200, delayMs: 100 });
    const other = await receiver({ status: 200, delayMs: 100 });
    const [a, b, c] = (await Promise.all([1, 2, 3].map(() => reportCall(org)))).map(({ call_id }) => call_id);
    if (a === undefined || b === undefined || c === undefined) throw new Error("three calls were reported");
    const answers = await Promise.all([create(org, [a, b], crm.url), create(org, [b, c], other.url)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    const loser = answers.find(({ status }) => status === 400);
    expect(loser?.body.errors).toMatchObject([{ call_id: b, reason: "webhook_exists" }]);
    expect([...(await crm.received()), ...(await other.received())]).toHaveLength(2);
    expect(await attemptsIn(org)).toBe(2);
  });
});
