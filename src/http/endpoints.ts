/** `/v1/endpoints`: an org's endpoints that have failed or have settings. They are shown, set, enabled and forgotten. */
import type { Context } from "hono";
import { encrypt, NONCE_BYTES } from "../core/encryption.ts";
import type { Endpoint } from "../core/endpoint.ts";
import {
  type EndpointSettings,
  HEADERS_LIMIT,
  NO_SETTINGS,
  type StoredHeader,
  shownHeader,
} from "../core/endpoint-settings.ts";
import { endpointChanged } from "../core/operational-webhook.ts";
import { keptUrl, withoutQuery } from "../core/target.ts";
import {
  forgetEndpoint,
  SETTINGS_LIMIT,
  type SettingsRefusal,
  setEndpoint,
} from "../record/endpoint-settings.ts";
import { type EndpointKey, enableEndpoint, listEndpoints, readEndpoints } from "../record/endpoints.ts";
import { newOperationalWebhook } from "../record/operational-webhooks.ts";
import { notFound, ok, refuse } from "./answer.ts";
import { readBody } from "./body.ts";
import { enableSchema, endpointSchema } from "./schemas.ts";
import type { HttpEnv } from "./services.ts";
import { readTarget } from "./target.ts";

/** Enough for a URL with every character escaped. */
const BODY_LIMIT_BYTES = 65_536;

export async function getEndpoints(c: Context<HttpEnv>): Promise<Response> {
  const { user_id } = c.get("apiKey");
  const database = c.env.databaseOf(user_id);
  const given = c.req.query("url");
  if (given === undefined) return ok((await listEndpoints(database, user_id)).map(renderEndpoint));
  const key = { user_id, url: endpointUrl(given) };
  const [endpoint] = await readEndpoints(database, [key]);
  return ok(renderEndpoint({ ...(endpoint ?? WELL), ...key }));
}

/** Changes what the body names. What it leaves out stays as it is. */
export async function patchEndpoint(c: Context<HttpEnv>): Promise<Response> {
  const body = await readBody(c, { schema: endpointSchema, limitBytes: BODY_LIMIT_BYTES });
  if (!body.ok) return body.refusal;
  const { url: given, headers, ...settings } = body.value;
  const target = readTarget("url", given, c.env.config());
  if (!target.ok) return refuse(target.refusal);
  const { user_id } = c.get("apiKey");
  const key = { user_id, url: withoutQuery(target.url) };
  const version = crypto.randomUUID();
  const change = { ...settings, headers: headers && (await encryptHeaders(c, headers)) };
  const endpoint = await setEndpoint(c.env.databaseOf(user_id), { ...key, version, settings: change });
  if (typeof endpoint === "string") return refuse({ error: "CONFLICT", message: REFUSED_SETTINGS[endpoint] });
  return ok(renderEndpoint(endpoint ?? { ...WELL, ...key }));
}

const REFUSED_SETTINGS: Record<SettingsRefusal, string> = {
  too_many_endpoints: `${SETTINGS_LIMIT} endpoints have settings, and no more can. DELETE /v1/endpoints?url= forgets one.`,
  too_many_headers: `An endpoint has ${HEADERS_LIMIT} headers at most. A header whose value is null is removed.`,
};

/** The headers by name in lower case, as they are kept. A null removes one. */
async function encryptHeaders(c: Context<HttpEnv>, headers: Record<string, string | null>) {
  const { masterKeys } = c.env.config();
  const context = c.get("apiKey").user_id;
  const kept: Record<string, StoredHeader | null> = {};
  for (const [name, plain] of Object.entries(headers)) {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    kept[name.toLowerCase()] =
      plain === null
        ? null
        : { ciphertext: await encrypt({ masterKeys, plain, context, nonce }), shown: shownHeader(plain) };
  }
  return kept;
}

/** Forgets what was set for an endpoint, and how it fared. */
export async function deleteEndpoint(c: Context<HttpEnv>): Promise<Response> {
  const given = c.req.query("url");
  if (given === undefined)
    return refuse({ error: "invalid_parameter", message: "url is missing in the query.", field: "url" });
  const { user_id } = c.get("apiKey");
  const key = { user_id, url: endpointUrl(given) };
  const database = c.env.databaseOf(user_id);
  if (await forgetEndpoint(database, key)) return ok({ url: key.url, deleted: true });
  const shown = JSON.stringify(key.url.slice(0, 200));
  if ((await readEndpoints(database, [key]))[0] == null)
    return notFound(
      `The endpoint ${shown} has no settings and has never failed: there is nothing to forget.`,
    );
  const message = `Calls wait for the endpoint ${shown}. Enable it, or end them with "redeliver": false, and then delete it.`;
  return refuse({ error: "CONFLICT", message, field: "url" });
}

/** The URL of the endpoint that a request names, as it is kept. */
const endpointUrl = (given: string): string =>
  withoutQuery(URL.canParse(given) ? keptUrl(new URL(given)) : given);

export async function enable(c: Context<HttpEnv>): Promise<Response> {
  const body = await readBody(c, { schema: enableSchema, limitBytes: BODY_LIMIT_BYTES });
  if (!body.ok) return body.refusal;
  const { redeliver } = body.value;
  const url = endpointUrl(body.value.url);
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

/** An endpoint that never failed and has no settings. */
const WELL: Omit<Endpoint, "version" | "probe" | "probe_until"> = {
  ...{
    state: "active",
    reason: null,
    consecutive_failures: 0,
    first_failure_at: null,
    last_failure_at: null,
  },
  ...{ recovered_at: null, last_success_at: null, disabled_at: null, settings: NO_SETTINGS },
};

const renderEndpoint = (endpoint: typeof WELL & EndpointKey) => ({
  url: endpoint.url,
  state: endpoint.state,
  reason: endpoint.reason,
  disabled_at: iso(endpoint.disabled_at),
  consecutive_failures: endpoint.consecutive_failures,
  failing_since: iso(endpoint.first_failure_at),
  last_failure_at: iso(endpoint.last_failure_at),
  last_success_at: iso(endpoint.last_success_at),
  settings: { ...endpoint.settings, headers: shownHeadersOf(endpoint.settings) },
});

const shownHeadersOf = ({ headers }: EndpointSettings) =>
  headers && Object.fromEntries(Object.entries(headers).map(([name, { shown }]) => [name, shown]));

const iso = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : new Date(milliseconds).toISOString();
