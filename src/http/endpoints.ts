/** `/v1/endpoints`: which of an org's URLs have failed, and enabling one that was disabled. */
import type { Context } from "hono";
import type { Endpoint } from "../core/endpoint.ts";
import { type EndpointKey, enableEndpoint, listEndpoints } from "../record/endpoints.ts";
import { notFound, ok } from "./answer.ts";
import { readBody } from "./body.ts";
import { enableSchema } from "./schemas.ts";
import type { HttpEnv } from "./services.ts";

/** A URL, each of its characters escaped. */
const BODY_LIMIT_BYTES = 65_536;

export async function getEndpoints(c: Context<HttpEnv>): Promise<Response> {
  const { user_id } = c.get("apiKey");
  return ok((await listEndpoints(c.env.databaseOf(user_id), user_id)).map(renderEndpoint));
}

export async function enable(c: Context<HttpEnv>): Promise<Response> {
  const body = await readBody(c, { schema: enableSchema, limitBytes: BODY_LIMIT_BYTES });
  if (!body.ok) return body.refusal;
  const { url, redeliver } = body.value;
  const { user_id } = c.get("apiKey");
  const now = c.env.now();
  const enabled = await enableEndpoint(c.env.databaseOf(user_id), { user_id, url, now, redeliver });
  if (enabled === null)
    return notFound(`The endpoint ${JSON.stringify(url)} has never failed: there is nothing to enable.`);
  c.env.release();
  return ok({ ...renderEndpoint(enabled.endpoint), redelivering: enabled.redelivering });
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
