/** Held calls are combined with their citations or sent plain in time, never both, whatever the order of events. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import {
  bodies,
  CITED,
  citationsLogOf,
  cite,
  configure,
  crm,
  delay,
  delivered,
  NONE,
  newCitedOrg,
  org,
  reportHeld,
} from "../../support/citations.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  letTimePass,
  request,
  sweepOnce,
} from "../../support/handlers.ts";
import { meter } from "../../support/meter.ts";
import {
  call,
  create,
  endedLogOf,
  expectRefusal,
  logOf,
  NOBODY,
  newCallId,
  receiver,
  reportCall,
  resend,
  rowsOf,
} from "../../support/words.ts";

beforeEach(newCitedOrg);

describe("a held call", () => {
  beforeEach(() => delay());

  test("is answered as held until its time, with its message delayed till then, and is not sent", async () => {
    const lossy = envWithLosingQueues();
    const call_id = newCallId();
    const body = { payload: { call_id, status: "completed" }, webhook: crm.url };
    const answer = await request(lossy.env, org, { method: "POST", path: "/v1/postcall/calls", body });
    const { created_at, next_attempt_at } = answer.body.data;
    expect(Date.parse(next_attempt_at) - Date.parse(created_at)).toBe(120_000);
    expect(lossy.retries.map(({ delaySeconds }) => delaySeconds)).toEqual([120]);
    const log = await logOf(org, call_id);
    expect(log).toMatchObject({
      status: "held",
      reason: "awaiting_citations",
      metadata: [],
      next_attempt_at,
    });
    const [message] = lossy.retries;
    expect(await handleAttempts(lossy.env, message ? [message.body] : [])).toEqual([expect.closeTo(120, -1)]);
    expect(await bodies()).toEqual([]);
  });

  test("goes once with its citations, and the message of its time sends nothing more", async () => {
    const key = await reportHeld({ n: 1 });
    const { call_id } = key;
    const answer = await cite(call_id, { ...CITED, corrected_transcript: [{ text: "Hi" }] });
    expect(answer).toMatchObject({ status: 200, body: { data: { call_id, event: "call", reason: null } } });
    const log = await delivered(call_id);
    const payload = { call_id, status: "completed", n: 1, ...CITED, corrected_transcript: [{ text: "Hi" }] };
    expect(log).toMatchObject({ payload, metadata: [{ send_type: "spawn", attempt: 1 }] });
    await letTimePass(key, 120_000);
    expect(await handleAttempts(envWithLosingQueues().env, [key])).toEqual(["ack"]);
    expect(await bodies()).toEqual([payload]);
    expect(await citationsLogOf(call_id)).toBeNull();
    expect(await rowsOf("webhook_logs", org)).toBe(1);
  });

  test("keeps the digits of what was reported and of its citations, in the bytes that are sent", async () => {
    const call_id = newCallId();
    await call(org, "POST", "/v1/postcall/calls", {
      body: `{"payload":{"call_id":"${call_id}","status":"completed","price":1.10},"webhook":"${crm.url}"}`,
    });
    await cite(call_id, '{"citations":[{"value":12345678901234567890}]}');
    await delivered(call_id);
    expect((await crm.received()).map(({ body }) => body)).toEqual([
      `{"call_id":"${call_id}","status":"completed","price":1.10,"citations":[{"value":12345678901234567890}]}`,
    ]);
  });

  test("goes plain when its time is over, and citations that come later follow by themselves", async () => {
    const key = await reportHeld();
    const { call_id } = key;
    await letTimePass(key, 120_000);
    expect(await handleAttempts(envWithLosingQueues().env, [key])).toEqual(["ack"]);
    expect(await logOf(org, call_id)).toMatchObject({ status: "delivered", reason: null });
    const answer = await cite(call_id, CITED);
    expect(answer).toMatchObject({ status: 200, body: { data: { event: "citations", url: crm.url } } });
    const log = await delivered(call_id, citationsLogOf);
    expect(await bodies()).toEqual([{ call_id, status: "completed" }, log.payload]);
    const { timestamp, ...rest } = log.payload;
    expect(rest).toEqual({ call_id, user_id: org.user_id, event_type: "citations", ...CITED });
    expect(new Date(timestamp).toISOString()).toBe(timestamp);
    const ids = (await crm.received()).map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(2);
  });

  test("is held on where its message comes early, and goes plain where that is by less than a second", async () => {
    const key = await reportHeld();
    await letTimePass(key, 110_000);
    const { env: lossy } = envWithLosingQueues();
    expect(await handleAttempts(lossy, [key])).toEqual([expect.closeTo(10, -1)]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "held", reason: "awaiting_citations" });
    expect(await bodies()).toEqual([]);
    await letTimePass(key, 9_500);
    expect(await handleAttempts(lossy, [key])).toEqual(["ack"]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", reason: null });
    expect(await bodies()).toEqual([{ call_id: key.call_id, status: "completed" }]);
  });

  test("goes plain by its own delayed message", async () => {
    await delay(1);
    const { call_id, answer } = await reportCall(org, { webhook: crm.url });
    expect(answer.body.data.status).toBe("held");
    await delivered(call_id);
    expect(await bodies()).toEqual([{ call_id, status: "completed" }]);
  });

  test("goes plain by the sweep where its message was lost", async () => {
    const key = await reportHeld();
    await letTimePass(key, 181_000);
    await sweepOnce(env);
    await delivered(key.call_id);
    expect(await bodies()).toEqual([{ call_id: key.call_id, status: "completed" }]);
  });

  test("is still combined where its time is over and no batch has opened with it", async () => {
    const key = await reportHeld();
    await letTimePass(key, 130_000);
    await cite(key.call_id, CITED);
    await delivered(key.call_id);
    expect(await bodies()).toEqual([{ call_id: key.call_id, status: "completed", ...CITED }]);
  });

  test("goes plain at once after empty citations, and later ones are refused", async () => {
    const { call_id } = await reportHeld();
    expect((await cite(call_id, NONE)).body.data).toMatchObject({ event: "call", reason: null });
    await delivered(call_id);
    expect((await cite(call_id, NONE)).status).toBe(200);
    expectRefusal(await cite(call_id, CITED), 409, "CONFLICT", call_id);
    expect(await bodies()).toEqual([{ call_id, status: "completed" }]);
    expect(await rowsOf("webhook_logs", org)).toBe(1);
  });

  test("is not released by citations over 1 MiB with it, and goes plain at its time", async () => {
    const key = await reportHeld({ summary: "x".repeat(600_000) });
    const answer = await cite(key.call_id, { citations: ["y".repeat(500_000)] });
    const until = (await logOf(org, key.call_id)).next_attempt_at;
    expectRefusal(answer, 413, "PAYLOAD_TOO_LARGE", /^citations: .* 11\d{5} bytes .* the limit is 1048576/);
    expect(answer.body.errors[0].message).toContain(until);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "held", next_attempt_at: until });
    await letTimePass(key, 120_000);
    await handleAttempts(envWithLosingQueues().env, [key]);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered" });
    expect((await bodies()).map(({ citations }) => citations)).toEqual([undefined]);
  });

  test("is refused by resend and create, and nothing is sent", async () => {
    const { call_id } = await reportHeld();
    expect(await resend(org, [call_id])).toMatchObject({
      status: 400,
      body: { errors: [{ error: "invalid_parameter", call_id, reason: "held" }] },
    });
    expect((await create(org, [call_id], crm.url)).body.errors[0]).toMatchObject({
      reason: "webhook_exists",
    });
    expect(await bodies()).toEqual([]);
  });

  test("is resent with its citations once it was combined", async () => {
    const { call_id } = await reportHeld();
    await cite(call_id, CITED);
    await delivered(call_id);
    await resend(org, [call_id]);
    const combined = { call_id, status: "completed", ...CITED };
    expect(await bodies()).toEqual([combined, combined]);
  });

  test("stays as it is where the org's settings change", async () => {
    const key = await reportHeld();
    await configure({ webhook_events: [], delay_for_citations: false, default_webhook: NOBODY });
    await cite(key.call_id, CITED);
    await delivered(key.call_id);
    expect(await bodies()).toEqual([{ call_id: key.call_id, status: "completed", ...CITED }]);
  });

  test("whose endpoint was disabled meanwhile waits for it when it is released", async () => {
    const key = await reportHeld();
    const gone = await receiver(410, 200);
    await env.DB.prepare("UPDATE webhook_logs SET url = ? WHERE call_id = ?")
      .bind(gone.url, key.call_id)
      .run();
    await endedLogOf(
      org,
      (await reportCall(org, { webhook: gone.url, payload: { status: "busy" } })).call_id,
    );
    await cite(key.call_id, CITED);
    const isDisabled = ({ status }: { status: string }) => status === "disabled";
    expect(await endedLogOf(org, key.call_id, isDisabled)).toMatchObject({ reason: "endpoint_disabled" });
    await call(org, "POST", "/v1/endpoints/enable", { body: { url: gone.url } });
    expect((await delivered(key.call_id)).payload).toMatchObject(CITED);
  });

  test("is neither late nor removed while it waits, however old", async () => {
    const key = await reportHeld();
    await env.DB.prepare("UPDATE webhook_logs SET created_at = 1 WHERE call_id = ?").bind(key.call_id).run();
    await sweepOnce(env);
    expect(await logOf(org, key.call_id)).toMatchObject({ status: "held", metadata: [] });
    expect((await call(org, "GET", "/readyz")).body.data).toMatchObject({ overdue: 0, oldest_due: null });
  });

  test("that goes plain costs one row more than another", async () => {
    const key = await reportHeld();
    const cost = { read: 0, written: 0 };
    const metered = meter(env.DB, ({ rows_read, rows_written }) => {
      cost.read += rows_read;
      cost.written += rows_written;
    });
    await letTimePass(key, 120_000);
    await handleAttempts({ ...envWithLosingQueues().env, DB: metered }, [key]);
    expect(cost.written).toBe(2); // released, its result
  });
});
