/**
 * `POST /v1/postcall/webhooks/test` sends a sample once, by the same path as real calls. The sample has a log, and
 * its outcome says nothing about the endpoint.
 */
import { Buffer } from "node:buffer";
import type { Context } from "hono";
import { type SampleKind, sampleOf } from "../../core/samples.ts";
import { dueAt } from "../../core/transition.ts";
import { readLogs } from "../../record/logs.ts";
import { findNumber } from "../../record/numbers.ts";
import { findOrg } from "../../record/orgs.ts";
import { insertTestLog, type NewTestLog } from "../../record/test-logs.ts";
import { okText, refuse } from "../answer.ts";
import { mayRead } from "../auth.ts";
import type { Given, QueryShape } from "../route.ts";
import type { testSchema } from "../schemas.ts";
import type { HttpEnv } from "../services.ts";
import { readTarget } from "../target.ts";
import { waitForFirstAttempts } from "./manual-send.ts";
import { readPrefer } from "./prefer.ts";
import { renderLog } from "./render.ts";

export async function testWebhook(
  c: Context<HttpEnv>,
  { body }: Given<QueryShape, typeof testSchema>,
): Promise<Response> {
  const { phone_number = null, kind } = body;
  const target = readTarget("url", body.url, c.env.config());
  if (!target.ok) return refuse(target.refusal);
  const url = target.url ?? (await savedUrl(c, phone_number));
  if (url === null) return refuse({ error: "invalid_parameter", message: NO_URL, field: "url" });
  const log = newTestLog(c, { url, phone_number, kind });
  const { user_id, call_id, event, delivery_id } = log;
  const database = c.env.databaseOf(user_id);
  await c.env.writeWithRetry(() => insertTestLog(database, log));
  c.env.enqueue([{ user_id, call_id, event, delivery_id, attempt: 1 }]);
  const { waitMs, applied } = readPrefer(c.req.header("prefer"));
  const deliveries = new Map([[call_id, delivery_id]]);
  const complete = await waitForFirstAttempts(c, { event }, { deliveries, waitMs });
  const [stored] = await readLogs(database, { user_id, event, call_ids: [call_id] });
  if (stored === undefined) throw new Error(`the log of ${call_id} is gone`);
  const headers = applied === null ? {} : { "preference-applied": applied };
  return okText(renderLog(stored, { mayRead: mayRead(c) }), {
    status: complete || applied === null ? 200 : 202,
    headers,
  });
}

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
    event: kind === "citations" ? "citations" : "call",
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
