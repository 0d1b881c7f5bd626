/** The main job: a reported call reaches its receiver, signed, and its log says so, however the receiver behaves. */
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { envWithLosingQueues, handleAttempts, reportUnheard } from "../support/handlers.ts";
import { detailsOf, endedLogOf, logOf, makeOrg, NOBODY, receiver, reportCall } from "../support/words.ts";

describe("a reported call", () => {
  test("is answered at once, delivered, and shown by GET", async () => {
    const org = await makeOrg();
    const crm = await receiver(200);
    const { call_id, answer } = await reportCall(org, { webhook: crm.url, payload: { summary: "Sold." } });
    expect(answer.status).toBe(202);
    expect(answer.body.data).toMatchObject({ call_id, status: "pending", metadata: [], event: "call" });

    const log = await endedLogOf(org, call_id);
    expect(log).toEqual({
      ...answer.body.data,
      status: "delivered",
      next_attempt_at: null,
      metadata: [
        {
          sent_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          response_code: 200,
          response_time: expect.stringMatching(/^\d+ms$/),
          send_type: "spawn",
          attempt: 1,
          delivery_id: expect.stringMatching(/^dlv_/),
          error: null,
        },
      ],
    });
    expect(await crm.received()).toMatchObject([{ method: "POST", body: JSON.stringify(log.payload) }]);
  });

  test("whose receiver answers 500, 404, then 201 has three entries and one webhook-id", async () => {
    const org = await makeOrg();
    const crm = await receiver(500, 404, 201);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    const log = await endedLogOf(org, call_id);
    expect(log.status).toBe("delivered");
    expect(log.metadata).toMatchObject([
      { attempt: 1, response_code: 500, error: "http_status", send_type: "spawn" },
      { attempt: 2, response_code: 404, error: "http_status", send_type: "spawn" },
      { attempt: 3, response_code: 201, error: null, send_type: "spawn" },
    ]);
    const received = await crm.received();
    expect(received.map(({ headers }) => headers["x-postcall-attempt"])).toEqual(["1", "2", "3"]);
    expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
    const sentAt = log.metadata.map((entry: { sent_at: string }) => entry.sent_at);
    expect(sentAt).toEqual([...sentAt].sort());
  });

  test("that nobody listens for ends failed, each entry without a response and with an error", async () => {
    const org = await makeOrg();
    const { call_id } = await reportCall(org, { webhook: NOBODY });
    const log = await endedLogOf(org, call_id);
    expect(log).toMatchObject({ status: "failed", reason: "attempts_exhausted", next_attempt_at: null });
    expect(log.metadata).toMatchObject(
      [1, 2, 3].map((attempt) => ({ attempt, response_code: null, error: "connect" })),
    );
  });

  test("is answered 410 once, and never sent again", async () => {
    const org = await makeOrg();
    const crm = await receiver(410);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    const log = await endedLogOf(org, call_id);
    expect(log).toMatchObject({ status: "failed", reason: "gone", metadata: [{ response_code: 410 }] });
    expect(await crm.received()).toHaveLength(1);
  });

  test("is not followed to where a redirect points", async () => {
    const org = await makeOrg();
    const elsewhere = await receiver(200);
    const crm = await receiver({ status: 302, headers: { location: elsewhere.url } }, 200);
    const { call_id } = await reportCall(org, { webhook: crm.url });
    const log = await endedLogOf(org, call_id);
    expect(log.metadata).toMatchObject([{ response_code: 302, error: "redirect" }, { response_code: 200 }]);
    expect(await elsewhere.received()).toEqual([]);
  });
});

describe("a delivery's request", () => {
  test("carries both signatures, which the Standard Webhooks library and node's HMAC confirm", async () => {
    const org = await makeOrg();
    const crm = await receiver(200);
    const { call_id } = await reportCall(org, {
      webhook: crm.url,
      payload: { to: "+15550100", note: "café ☎" },
    });
    const log = await endedLogOf(org, call_id);
    const [request] = await crm.received();
    if (request === undefined) throw new Error("nothing arrived");
    const { headers, body } = request;
    expect(new Webhook(org.secret).verify(body, headers)).toMatchObject({ call_id, note: "café ☎" });
    expect(() => new Webhook(org.secret).verify(`${body} `, headers)).toThrow();
    expect(headers["x-webhook-signature"]).toBe(await hexHmac(org.secret, body));
    expect(headers).toMatchObject({
      "content-type": "application/json",
      "user-agent": "postcall/0.1.0",
      "x-postcall-delivery": log.metadata[0].delivery_id,
      "x-postcall-attempt": "1",
      "x-postcall-send-type": "spawn",
    });
  });

  test("carries every digit of its numbers, and its keys in the order given", async () => {
    const org = await makeOrg();
    const crm = await receiver(200);
    const call_id = `digits-${crypto.randomUUID()}`;
    const payload = `{"call_id":"${call_id}","n":12345678901234567890,"price":1.10,"e":1E5,"__proto__":{"a":-0},"2":[1.0]}`;
    const { exports } = await import("cloudflare:workers");
    const headers = { authorization: org.key, "content-type": "application/json" };
    const init = { method: "POST", headers, body: `{ "webhook": "${crm.url}", "payload": ${payload} }` };
    expect((await exports.default.fetch("http://postcall.test/v1/postcall/calls", init)).status).toBe(202);
    await endedLogOf(org, call_id);
    const sent = `{"2":[1.0],"call_id":"${call_id}","n":12345678901234567890,"price":1.10,"e":1E5,"__proto__":{"a":-0}}`;
    expect((await crm.received())[0]?.body).toBe(sent);
    const get = await exports.default.fetch(`http://postcall.test/v1/postcall/webhooks/${call_id}`, {
      headers,
    });
    expect(await get.text()).toContain(`"payload":${sent},`);
  });
});

test("a payload that shrinks is stored compressed, beside its numbers, and sent and shown byte for byte", async () => {
  const org = await makeOrg();
  const crm = await receiver(200);
  const line = { user: "user", text: "Could you call me back? — Ja, natürlich ☎", confidence: 0.97 };
  const members = { to: "+15550100", from: "+15550199", transcripts: Array(200).fill(line) };
  const { call_id } = await reportCall(org, { webhook: crm.url, payload: members });
  const log = await endedLogOf(org, call_id);
  expect(log).toMatchObject({ status: "delivered", payload: { call_id, ...members } });
  const [request] = await crm.received();
  expect(request?.body).toBe(JSON.stringify(log.payload));
  const row = await env.DB.prepare(
    "SELECT payload_encoding, octet_length(payload) AS stored, payload_bytes, to_number, from_number FROM webhook_logs WHERE call_id = ?",
  )
    .bind(call_id)
    .first<{ stored: number }>();
  expect(row).toMatchObject({
    ...{ payload_encoding: "deflate", to_number: "+15550100", from_number: "+15550199" },
    payload_bytes: new TextEncoder().encode(request?.body).length,
  });
  expect(row?.stored).toBeLessThan(1_000);
});

test.each([
  ["too long a text, and a number", "9".repeat(129), 15550199],
  ["half a pair of surrogates, and a control character", "+1\ud800", "+1\u0000"],
])(
  "of a payload's to and from only texts are kept beside it that a number may be: %s",
  async (_what, to, from) => {
    const org = await makeOrg();
    const { call_id } = await reportCall(org, { payload: { to, from } });
    const row = env.DB.prepare("SELECT to_number, from_number FROM webhook_logs WHERE call_id = ?").bind(
      call_id,
    );
    expect(await row.first()).toEqual({ to_number: null, from_number: null });
  },
);

describe("an attempt", () => {
  test("keeps the headers sent, and the answer's headers and first 4 KB", async () => {
    const org = await makeOrg();
    const crm = await receiver({ status: 200, headers: { "x-crm": "yes" }, body: "é".repeat(5_000) });
    const key = await reportUnheard(org, crm.url);
    await handleAttempts(envWithLosingQueues().env, [key]);
    const [details] = await detailsOf(key.call_id);
    expect(details?.response).toMatchObject({ headers: { "x-crm": "yes" }, body: "é".repeat(2_048) });
    const [request] = await crm.received();
    expect(request?.headers).toMatchObject(details?.request.headers ?? {});
  });

  test("takes no longer than its timeout, whether headers or body are kept waiting", async () => {
    const org = await makeOrg();
    const silent = await receiver({ delayMs: 3_000 });
    const endless = await receiver({ body: "a", neverEnds: true });
    const keys = [await reportUnheard(org, silent.url), await reportUnheard(org, endless.url)];
    const { env: lossy } = envWithLosingQueues({ DELIVERY_TIMEOUT: "200ms" });
    const started = Date.now();
    expect(await handleAttempts(lossy, keys)).toEqual(["ack", "ack"]);
    expect(Date.now() - started).toBeLessThan(2_000);
    const [first, second] = await Promise.all(keys.map((key) => logOf(org, key.call_id)));
    expect(first).toMatchObject({
      status: "retrying",
      metadata: [{ response_code: null, error: "timeout" }],
    });
    expect(second).toMatchObject({
      status: "retrying",
      metadata: [{ response_code: 200, error: "timeout" }],
    });
  });

  test("is followed no earlier than the receiver's Retry-After asks for", async () => {
    const org = await makeOrg();
    const date = new Date(Date.now() + 7_200_000).toUTCString();
    const inAnHour = await receiver({ status: 429, headers: { "retry-after": "3600" } });
    const atADate = await receiver({ status: 503, headers: { "retry-after": date } });
    const nextYear = await receiver({ status: 503, headers: { "retry-after": "31536000" } });
    const keys = await Promise.all([inAnHour, atADate, nextYear].map(({ url }) => reportUnheard(org, url)));
    const { env: lossy, retries } = envWithLosingQueues();
    await handleAttempts(lossy, keys);
    const delays = keys.map(
      (key) => retries.find(({ body }) => body.call_id === key.call_id)?.delaySeconds ?? 0,
    );
    expect(delays[0]).toBe(3_600);
    expect(Math.abs((delays[1] ?? 0) - 7_200)).toBeLessThanOrEqual(2);
    expect(delays[2]).toBe(86_400);
    const log = await logOf(org, keys[0]?.call_id ?? "");
    expect(Date.parse(log.next_attempt_at) - Date.parse(log.metadata[0].sent_at)).toBeGreaterThanOrEqual(
      3_600_000,
    );
  });
});

async function hexHmac(secret: string, body: string): Promise<string> {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, encoder.encode(body)));
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
