/**
 * `POST /v1/postcall/webhooks/test` sends a sample once, by the same path as real calls. The sample has a log, and
 * its outcome says nothing about the endpoint.
 */
import { Buffer } from "node:buffer";
import type { Context } from "hono";
import { type SampleKind, sampleOf } from "../../core/samples.ts";
import { dueAt } from "../../core/transition.ts";
import type { LogEvent } from "../../core/webhook-log.ts";
import { readLogs } from "../../record/logs.ts";
import { findNumber } from "../../record/numbers.ts";
import { findOrg } from "../../record/orgs.ts";
import { insertTestLog, type NewTestLog } from "../../record/test-logs.ts";
import { notFound, okText, refuse } from "../answer.ts";
import { mayRead } from "../auth.ts";
import { refuseContent } from "../quota.ts";
import type { Given, QueryShape } from "../route.ts";
import type { testSchema } from "../schemas.ts";
import type { HttpEnv } from "../services.ts";
import { readTarget } from "../target.ts";
import { answered, REPLAYED, readIdempotencyKey, refuseUnderWay } from "./idempotency.ts";
import { waitForFirstAttempts } from "./manual-send.ts";
import { readPrefer } from "./prefer.ts";
import { renderLog } from "./render.ts";

export async function testWebhook(
  c: Context<HttpEnv>,
  { body, json }: Given<QueryShape, typeof testSchema>,
): Promise<Response> {
  const read = await readIdempotencyKey(c, json);
  if (read.kind === "refused") return read.refusal;
  if (read.kind === "repeated") return answerRepeated(c, body.kind, read.taken.call_id ?? "");
  const full = await refuseContent(c);
  if (full !== null) return full;
  const { phone_number = null, kind } = body;
  const target = readTarget("url", body.url, c.env.config());
  if (!target.ok) return refuse(target.refusal);
  const url = target.url ?? (await savedUrl(c, phone_number));
  if (url === null) return refuse({ error: "invalid_parameter", message: NO_URL, field: "url" });
  const log = newTestLog(c, { url, phone_number, kind });
  const { user_id, call_id, event, delivery_id } = log;
  const database = c.env.databaseOf(user_id);
  const claim = read.claim && { ...read.claim, call_id };
  const { value } = await c.env.writeWithRetry(() => insertTestLog(database, log, claim));
  if (!value.isOurs) return refuseUnderWay();
  c.env.enqueue([{ user_id, call_id, event, delivery_id, attempt: 1 }]);
  const { waitMs, applied } = readPrefer(c.req.header("prefer"));
  const deliveries = new Map([[call_id, delivery_id]]);
  const complete = await waitForFirstAttempts(c, { event }, { deliveries, waitMs });
  await answered(c, claim);
  const [stored] = await readLogs(database, { user_id, event, call_ids: [call_id] });
  if (stored === undefined) return notFound(`The test ${JSON.stringify(call_id)} was erased meanwhile.`);
  const headers = applied === null ? {} : { "preference-applied": applied };
  return okText(renderLog(stored, { mayRead: mayRead(c) }), {
    status: complete || applied === null ? 200 : 202,
    headers,
  });
}

/** The test that an earlier request with this idempotency key has made. */
async function answerRepeated(c: Context<HttpEnv>, kind: SampleKind, call_id: string): Promise<Response> {
  const { user_id } = c.get("apiKey");
  const wanted = { user_id, event: eventOf(kind), call_ids: [call_id] };
  const [stored] = await readLogs(c.env.databaseOf(user_id), wanted);
  if (stored === undefined) return notFound(`The test ${JSON.stringify(call_id)} has been removed since.`);
  return okText(renderLog(stored, { mayRead: mayRead(c) }), { status: 200, headers: REPLAYED });
}

const eventOf = (kind: SampleKind): LogEvent => (kind === "citations" ? "citations" : "call");

const NO_URL =
  "url is missing, and none is saved: give a url, or set a webhook for the number or the org's default_webhook.";

/** The URL that a real call to this number, or to no number, would go to. */
async function savedUrl(c: Context<HttpEnv>, phone_number: string | null): Promise<string | null> {
  const { user_id } = c.get("apiKey");
  const database = c.env.databaseOf(user_id);
  const number = phone_number === null ? null : await findNumber(database, { user_id, phone_number });
  return number?.webhook ?? (await findOrg(database, user_id))?.default_webhook ?? null;
}

function newTestLog(
  c: Context<HttpEnv>,
  { url, phone_number, kind }: { url: string; phone_number: string | null; kind: SampleKind },
): NewTestLog {
  const { user_id, id: requested_by } = c.get("apiKey");
  const now = c.env.now();
  const call_id = `test_${crypto.randomUUID()}`;
  const sample = sampleOf(kind, { call_id, user_id, phone_number, now });
  const payload = JSON.stringify(sample);
  return {
    user_id,
    call_id,
    event: eventOf(kind),
    webhook_id: `msg_${crypto.randomUUID()}`,
    url,
    payload,
    to_number: sample.to ?? null,
    from_number: sample.from ?? null,
    inbound: sample.inbound ?? null,
    requested_by,
    payload_bytes: Buffer.byteLength(payload),
    delivery_id: `dlv_${crypto.randomUUID()}`,
    ...dueAt(now, c.env.config()),
  };
}
