/** A call that is erased is gone everywhere, whatever was under way, and can't be reported again for a while. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import type { Call } from "../../src/call/object.ts";
import { removeTombstones } from "../../src/record/erasure.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  reportUnheard,
  request,
  sweepOnce,
} from "../support/handlers.ts";
import { makeInbox, requestsOf, send } from "../support/inboxes.ts";
import {
  call,
  endedLogOf,
  eventually,
  expectRefusal,
  makeKey,
  makeOrg,
  newCallId,
  type Org,
  receiver,
  reportCall,
  resend,
  rowsOf,
} from "../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const erase = (call_id: string, as: Pick<Org, "key"> = org) =>
  call(as, "DELETE", `/v1/postcall/calls/${call_id}`);
const get = (call_id: string, event = "call") =>
  call(org, "GET", `/v1/postcall/webhooks/${call_id}?event=${event}`);
const CITATIONS = { citations: [{ variable_name: "plan", value: "gold" }] };
const cite = (call_id: string) =>
  call(org, "POST", `/v1/postcall/calls/${call_id}/citations`, { body: CITATIONS });

describe("an erased call", () => {
  test("is gone with its citations, attempts and logs; asked again, the answer is the same", async () => {
    const crm = await receiver(200);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    await endedLogOf(org, call_id);
    await cite(call_id);
    expect(await rowsOf("webhook_logs", org)).toBe(2);
    const erased = { status: 200, body: { data: { call_id, deleted: true }, errors: null } };
    expect(await erase(call_id)).toMatchObject(erased);
    expect(await rowsOf("webhook_logs", org)).toBe(0);
    for (const event of ["call", "citations"]) expectRefusal(await get(call_id, event), 404, "NOT_FOUND");
    const { body } = await resend(org, [call_id]);
    expect(body.errors).toMatchObject([{ call_id, reason: "not_found" }]);
    expect(await erase(call_id)).toMatchObject(erased);
  });

  test("can't be reported or cited for 30 days; then its id is free", async () => {
    const { call_id } = await reportCall(org);
    await erase(call_id);
    const { answer } = await reportCall(org, { call_id });
    expectRefusal(answer, 409, "CONFLICT", new RegExp(`${call_id}.* was erased at 20.*can't be used again`));
    expect(answer.body.errors[0].field).toBe("payload.call_id");
    expectRefusal(await cite(call_id), 409, "CONFLICT", /was erased at/);
    expect(await rowsOf("webhook_logs", org)).toBe(0);
    const days = (number: number) => Date.now() + number * 86_400_000;
    await removeTombstones(env.DB, days(29.9));
    expect((await reportCall(org, { call_id })).answer.status).toBe(409);
    await removeTombstones(env.DB, days(30.1));
    expect((await reportCall(org, { call_id })).answer.status).toBe(202);
  });

  test("is erased from the inbox that received it, which keeps the others, and takes no more of it", async () => {
    const inbox = await makeInbox(org);
    const { call_id } = await reportCall(org, { webhook: inbox.url });
    const webhookId = await env.DB.prepare("SELECT webhook_id FROM webhook_logs WHERE call_id = ?")
      .bind(call_id)
      .first<string>("webhook_id");
    const arrive = (id: string) => send(inbox.url, { headers: { "webhook-id": id }, body: `of ${id}` });
    await arrive("msg_other");
    await arrive(webhookId ?? "");
    await arrive(webhookId ?? "");
    expect((await requestsOf(org, inbox.id)).data).toHaveLength(3);
    await erase(call_id);
    const [kept, ...others] = (await requestsOf(org, inbox.id)).data;
    expect(kept.body).toBe("of msg_other");
    expect(others).toEqual([]);
    expect((await arrive(webhookId ?? "")).status).toBe(200);
    await arrive("msg_later");
    const { data } = await requestsOf(org, inbox.id);
    expect(data.map(({ body }: { body: string }) => body)).toEqual(["of msg_later", "of msg_other"]);
    expect(Number(data[0].id)).toBeGreaterThan(3);
  });
});

describe("a call that is erased", () => {
  test("while its attempt is under way gets that one at most, and its outcome leaves nothing", async () => {
    const crm = await receiver({ held: true });
    const { call_id } = await reportCall(org, { webhook: crm.url });
    await eventually(async () => ((await crm.received()).length === 1 ? true : undefined));
    expect((await erase(call_id)).status).toBe(200);
    await crm.answer({ fromNowOn: true });
    await eventually(async () => ((await crm.received())[0]?.ended_at === null ? undefined : true));
    await sweepOnce(env);
    expect(await rowsOf("webhook_logs", org)).toBe(0);
    expect(await crm.received()).toHaveLength(1);
  });

  test("after a batch has read it and before it asks for the attempt, is not sent", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    const CALLS = {
      getByName: (name: string) => {
        const object = env.CALLS.getByName(name);
        return {
          attempt: async (asked: Parameters<Call["attempt"]>[0]) => {
            await erase(key.call_id);
            return object.attempt(asked);
          },
        };
      },
    } as unknown as Env["CALLS"];
    expect(await handleAttempts({ ...lossy, CALLS }, [key])).toEqual(["ack"]);
    expect(await crm.received()).toEqual([]);
    expect(await rowsOf("webhook_logs", org)).toBe(0);
  });

  test("while it waits behind another attempt, is not sent", async () => {
    const crm = await receiver({ held: true });
    const { call_id } = await reportCall(org, { webhook: crm.url });
    await eventually(async () => ((await crm.received()).length === 1 ? true : undefined));
    await cite(call_id);
    await resend(org, [call_id], { prefer: "respond-async" });
    await erase(call_id);
    await crm.answer({ fromNowOn: true });
    await eventually(async () => ((await crm.received())[0]?.ended_at === null ? undefined : true));
    await scheduler.wait(200);
    expect(await crm.received()).toHaveLength(1);
  });

  test("before its retry is due, is not retried", async () => {
    const crm = await receiver(503, 200);
    const key = await reportUnheard(org, crm.url);
    const lossy = envWithLosingQueues();
    await handleAttempts(lossy.env, [key]);
    await erase(key.call_id);
    expect(await handleAttempts(lossy.env, [{ ...key, attempt: 2 }], "postcall-retries")).toEqual(["ack"]);
    expect(await crm.received()).toHaveLength(1);
  });

  test("at the moment of its report is either reported and erased, or refused: never both there and erased", async () => {
    for (let round = 0; round < 5; round++) {
      const { call_id } = await reportCall(org);
      const [erased, again] = await Promise.all([erase(call_id), reportCall(org, { call_id })]);
      expect(erased.status).toBe(200);
      expect([200, 409]).toContain(again.answer.status);
      expect(await rowsOf("webhook_logs", org)).toBe(0);
    }
  });

  test("is erased although the first try was cut off after the record: the next one goes on", async () => {
    const crm = await receiver(200);
    const key = await reportUnheard(org, crm.url);
    const { env: lossy } = envWithLosingQueues();
    const CALLS = {
      getByName: () => ({ close: () => Promise.reject(new Error("cut off")) }),
    } as unknown as Env["CALLS"];
    const path = `/v1/postcall/calls/${key.call_id}`;
    const cutOff = await request({ ...lossy, CALLS }, org, { method: "DELETE", path });
    expect(cutOff.status).toBe(500);
    expect((await erase(key.call_id)).status).toBe(200);
    expect(await rowsOf("webhook_logs", org)).toBe(0);
  });
});

describe("erasing is refused", () => {
  test("for a call that never was, and for another org's, which stays", async () => {
    expectRefusal(await erase(newCallId()), 404, "NOT_FOUND", /^There is no call/);
    const other = await makeOrg();
    const { call_id } = await reportCall(other);
    expectRefusal(await erase(call_id), 404, "NOT_FOUND", /^There is no call/);
    expect(await rowsOf("webhook_logs", other)).toBe(1);
    expectRefusal(await erase("no such id"), 404, "NOT_FOUND");
  });

  test("without the scope", async () => {
    const { call_id } = await reportCall(org);
    const key = await makeKey(org.user_id, { scopes: ["report", "read", "send"] });
    expectRefusal(await erase(call_id, { key }), 403, "FORBIDDEN", /"configure"/);
    expect(await rowsOf("webhook_logs", org)).toBe(1);
  });
});
