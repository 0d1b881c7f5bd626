/** `/v1/postcall/webhooks`: get a log, resend webhooks, or create the first one of a call. */
import type { Context } from "hono";
import { isCallId } from "../../core/call-id.ts";
import { createRefusal, resendRefusal, startsDelivery } from "../../core/refusal.ts";
import { withoutQuery } from "../../core/target.ts";
import { startCreates, startResends } from "../../record/deliveries.ts";
import { readEndpoints } from "../../record/endpoints.ts";
import { readLogs } from "../../record/logs.ts";
import { notFound, okText, refuse } from "../answer.ts";
import { mayRead } from "../auth.ts";
import type { Given, QueryShape } from "../route.ts";
import type { createSchema, resendSchema, webhookQuery } from "../schemas.ts";
import type { HttpEnv } from "../services.ts";
import { readTarget } from "../target.ts";
import { sendManually } from "./manual-send.ts";
import { renderLog } from "./render.ts";

/** Paths that GET would read as call ids. */
const SENDS = ["resend", "create", "test"];

export async function getWebhook(
  c: Context<HttpEnv>,
  { query: { event } }: Given<typeof webhookQuery>,
): Promise<Response> {
  const call_id = c.req.param("call_id") ?? "";
  const { user_id } = c.get("apiKey");
  const wanted = { user_id, event, call_ids: [call_id] };
  const [log] = isCallId(call_id) ? await readLogs(c.env.databaseOf(user_id), wanted) : [];
  if (log === undefined || log.url === null) return noWebhook(call_id);
  return okText(renderLog(log, { mayRead: mayRead(c) }), { status: 200 });
}

export function noWebhook(call_id: string): Response {
  const advice = SENDS.includes(call_id) ? ` To ${call_id} webhooks, POST to this path.` : "";
  return notFound(`There is no webhook for call ${JSON.stringify(call_id)}.${advice}`);
}

export async function resendWebhooks(
  c: Context<HttpEnv>,
  { body, json }: Given<QueryShape, typeof resendSchema>,
): Promise<Response> {
  return sendManually(c, json, {
    ...body,
    refusalOf: resendRefusal,
    isToStart: startsDelivery,
    start: startResends,
  });
}

export async function createWebhooks(
  c: Context<HttpEnv>,
  { body, json }: Given<QueryShape, typeof createSchema>,
): Promise<Response> {
  const { call_ids, event, webhook_url } = body;
  const target = readTarget("webhook_url", webhook_url, c.env.config());
  if (!target.ok) return refuse(target.refusal);
  const { url } = target;
  const { user_id } = c.get("apiKey");
  const key = { user_id, url: withoutQuery(url) };
  const [endpoint] = await readEndpoints(c.env.databaseOf(user_id), [key]);
  const endpointDisabled = endpoint?.state === "disabled";
  return sendManually(c, json, {
    call_ids,
    event,
    refusalOf: (log) => createRefusal(log, { endpointDisabled }),
    isToStart: () => true,
    start: (database, request) => startCreates(database, { ...request, url }),
  });
}
