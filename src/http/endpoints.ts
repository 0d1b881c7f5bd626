/** `/v1/endpoints` lists an org's endpoints that have failed, and enables one. */
import type { Context } from "hono";
import type { Endpoint } from "../core/endpoint.ts";
import { endpointChanged } from "../core/operational-webhook.ts";
import { keptUrl, withoutQuery } from "../core/target.ts";
import { type EndpointKey, enableEndpoint, listEndpoints, readEndpoints } from "../record/endpoints.ts";
import { newOperationalWebhook } from "../record/operational-webhooks.ts";
import { notFound, ok } from "./answer.ts";
import { readBody } from "./body.ts";
import { enableSchema } from "./schemas.ts";
import type { HttpEnv } from "./services.ts";

/** Enough for a URL with every character escaped. */
const BODY_LIMIT_BYTES = 65_536;

export async function getEndpoints(c: Context<HttpEnv>): Promise<Response> {
  const { user_id } = c.get("apiKey");
  return ok((await listEndpoints(c.env.databaseOf(user_id), user_id)).map(renderEndpoint));
}

export async function enable(c: Context<HttpEnv>): Promise<Response> {
  const body = await readBody(c, { schema: enableSchema, limitBytes: BODY_LIMIT_BYTES });
  if (!body.ok) return body.refusal;
  const { redeliver } = body.value;
  const url = withoutQuery(URL.canParse(body.value.url) ? keptUrl(new URL(body.value.url)) : body.value.url);
  const { user_id } = c.get("apiKey");
  const database = c.env.databaseOf(user_id);
  const [before] = await readEndpoints(database, [{ user_id, url }]);
  const now = c.env.now();
  const version = crypto.randomUUID();
  const operationalWebhooks =
    before && before.state !== "active" ? [recovery(c, { user_id, url, version, now, before })] : [];
  const enabled = await enableEndpoint(database, {
    user_id,
    url,
    version,
    now,
    redeliver,
    operationalWebhooks,
  });
  if (enabled === null)
    return notFound(`The endpoint ${JSON.stringify(url)} has never failed: there is nothing to enable.`);
  c.env.enqueue(enabled.notified);
  c.env.release();
  return ok({ ...renderEndpoint(enabled.endpoint), redelivering: enabled.redelivering });
}

/** An enabling is reported by the same operational webhook as a recovery. */
function recovery(
  c: Context<HttpEnv>,
  change: { user_id: string; url: string; version: string; now: number; before: Endpoint },
) {
  const { user_id, url, version, now, before } = change;
  const health = { ...before, state: "active" as const, reason: "enabled", consecutive_failures: 0 };
  const payload = endpointChanged({ type: "endpoint.recovered", endpoint: { user_id, url }, health, now });
  const context = { rules: c.env.config(), now, newId: () => crypto.randomUUID() };
  return newOperationalWebhook(
    { user_id, id: `endpoint.${version}`, payload, about: { url, version } },
    context,
  );
}

const renderEndpoint = (endpoint: Endpoint & EndpointKey) => ({
  url: endpoint.url,
  state: endpoint.state,
  reason: endpoint.reason,
  disabled_at: iso(endpoint.disabled_at),
  consecutive_failures: endpoint.consecutive_failures,
  last_success_at: iso(endpoint.last_success_at),
});

const iso = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : new Date(milliseconds).toISOString();
