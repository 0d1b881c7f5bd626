/** `/v1/endpoints/pause`, `/enable` and `/probe`: what an org does to an endpoint's state. */
import type { Context } from "hono";
import type { Endpoint, EndpointEvent } from "../core/endpoint.ts";
import { secondsUntil } from "../core/message.ts";
import { endpointChanged } from "../core/operational-webhook.ts";
import { withoutQuery } from "../core/target.ts";
import { SETTINGS_LIMIT } from "../record/endpoint-settings.ts";
import { enableEndpoint, pauseEndpoint, probeEndpoint } from "../record/endpoint-state.ts";
import { readEndpoints } from "../record/endpoints.ts";
import { newOperationalWebhook } from "../record/operational-webhooks.ts";
import { countWaitingAt } from "../record/parked.ts";
import { notFound, refuse } from "./answer.ts";
import { okEndpoint } from "./endpoints.ts";
import type { Given, QueryShape } from "./route.ts";
import type { enableSchema, endpointUrlSchema } from "./schemas.ts";
import type { HttpEnv } from "./services.ts";
import { readEndpointUrl, readTarget } from "./target.ts";

/** The calls of a paused endpoint wait until it is enabled. */
export async function pause(
  c: Context<HttpEnv>,
  { body }: Given<QueryShape, typeof endpointUrlSchema>,
): Promise<Response> {
  const target = readTarget("url", body.url, c.env.config());
  if (!target.ok) return refuse(target.refusal);
  const change = await changeOf(c, withoutQuery(target.url), {
    type: "endpoint.paused",
    state: "paused",
    reason: "paused",
  });
  const database = c.env.databaseOf(change.key.user_id);
  const paused = await pauseEndpoint(database, { ...change.key, ...change.written });
  if (paused === "too_many") {
    const message = `${SETTINGS_LIMIT} endpoints have settings or are paused, and no more can be. DELETE /v1/endpoints?url= forgets one.`;
    return refuse({ error: "CONFLICT", message });
  }
  c.env.enqueue(paused.notified);
  return okEndpoint(c, paused.endpoint);
}

export async function enable(
  c: Context<HttpEnv>,
  { body }: Given<QueryShape, typeof enableSchema>,
): Promise<Response> {
  const { redeliver } = body;
  const named = readEndpointUrl(body.url);
  if (!named.ok) return refuse(named.refusal);
  const change = await changeOf(c, named.url, {
    type: "endpoint.recovered",
    state: "active",
    reason: "enabled",
  });
  const { user_id, url } = change.key;
  const database = c.env.databaseOf(user_id);
  const enabled = await enableEndpoint(database, { ...change.key, ...change.written, redeliver });
  if (enabled === null)
    return notFound(
      `The endpoint ${shown(url)} has never failed and has no settings: there is nothing to enable.`,
    );
  if (enabled === "too_many") {
    const message = `More calls wait for the endpoint ${shown(url)} than are ended at once. Many of them have ended by now: repeat the request for the rest.`;
    return refuse({ error: "CONFLICT", message });
  }
  c.env.enqueue(enabled.notified);
  c.env.wake([{ endpoint: change.key, delaySeconds: 0 }]);
  const redelivering = redeliver ? change.waiting.waiting : 0;
  return okEndpoint(c, enabled.endpoint, { redelivering });
}

/** The next probe of a degraded endpoint is made now, not when it would be. */
export async function probe(
  c: Context<HttpEnv>,
  { body }: Given<QueryShape, typeof endpointUrlSchema>,
): Promise<Response> {
  const named = readEndpointUrl(body.url);
  if (!named.ok) return refuse(named.refusal);
  const { user_id } = c.get("apiKey");
  const key = { user_id, url: named.url };
  const endpoint = await probeEndpoint(c.env.databaseOf(user_id), { ...key, now: c.env.now() });
  if (endpoint === null) {
    const { state } = (await readOne(c, key.url)) ?? { state: "active" };
    const message = `The endpoint ${shown(key.url)} is ${state}: only a degraded one is probed.`;
    return refuse({ error: "CONFLICT", message, field: "url" });
  }
  const delaySeconds = secondsUntil(endpoint.next_probe_at ?? 0, c.env.now());
  c.env.wake([{ endpoint: key, delaySeconds }]);
  return okEndpoint(c, endpoint);
}

const shown = (url: string): string => JSON.stringify(url.slice(0, 200));

async function readOne(c: Context<HttpEnv>, url: string): Promise<Endpoint | null> {
  const { user_id } = c.get("apiKey");
  return (await readEndpoints(c.env.databaseOf(user_id), [{ user_id, url }]))[0] ?? null;
}

/** A change of an endpoint's state: what is to be written, and the operational webhook that reports it if it is one. */
async function changeOf(
  c: Context<HttpEnv>,
  url: string,
  to: { type: EndpointEvent; state: "active" | "paused"; reason: string },
) {
  const key = { user_id: c.get("apiKey").user_id, url };
  const [before, waiting] = await Promise.all([
    readOne(c, url),
    countWaitingAt(c.env.databaseOf(key.user_id), key),
  ]);
  const now = c.env.now();
  const version = crypto.randomUUID();
  const { type, state, reason } = to;
  const health = { state, reason, consecutive_failures: 0, last_error: before?.last_error ?? null };
  const payload = endpointChanged({ type, endpoint: key, health, waiting, now });
  const context = { rules: c.env.config(), now, newId: () => crypto.randomUUID() };
  const operationalWebhooks =
    (before?.state ?? "active") === state
      ? []
      : [
          newOperationalWebhook(
            { user_id: key.user_id, id: `endpoint.${version}`, payload, about: { url, version } },
            context,
          ),
        ];
  return { key, waiting, written: { version, now, operationalWebhooks } };
}
