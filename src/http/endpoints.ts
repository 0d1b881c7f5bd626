/** `/v1/endpoints`: an org's endpoints that have failed or have settings. They are shown, set and forgotten. */
import type { Context } from "hono";
import { encrypt, NONCE_BYTES } from "../core/encryption.ts";
import type { Endpoint, Waiting } from "../core/endpoint.ts";
import {
  type EndpointSettings,
  HEADERS_LIMIT,
  NO_SETTINGS,
  type StoredHeader,
  shownHeader,
} from "../core/endpoint-settings.ts";
import { withoutQuery } from "../core/target.ts";
import {
  forgetEndpoint,
  SETTINGS_LIMIT,
  type SettingsRefusal,
  setEndpoint,
} from "../record/endpoint-settings.ts";
import { type EndpointKey, listEndpoints, readEndpoints } from "../record/endpoints.ts";
import { countWaiting, countWaitingAt } from "../record/parked.ts";
import { type ApiError, notFound, ok, okPage, refuse } from "./answer.ts";
import type { Given, QueryShape } from "./route.ts";
import type { endpointQuery, endpointSchema, endpointsQuery } from "./schemas.ts";
import type { HttpEnv } from "./services.ts";
import { readEndpointUrl, readTarget } from "./target.ts";

export async function getEndpoints(
  c: Context<HttpEnv>,
  { query }: Given<typeof endpointsQuery>,
): Promise<Response> {
  const { user_id } = c.get("apiKey");
  const database = c.env.databaseOf(user_id);
  const { url: given, state, limit, cursor } = query;
  if (given !== undefined) {
    const other = ["state", "limit", "cursor"].find((name) => c.req.query(name) !== undefined);
    if (other !== undefined) return refuse(besideUrl(other));
    const named = readEndpointUrl(given);
    if (!named.ok) return refuse(named.refusal);
    const key = { user_id, url: named.url };
    const [endpoint] = await readEndpoints(database, [key]);
    return okEndpoint(c, { ...(endpoint ?? WELL), ...key });
  }
  const wanted = { user_id, state: state ?? null, after: cursor ?? "", limit };
  const { endpoints, next } = await listEndpoints(database, wanted);
  const counts = await countWaiting(
    database,
    endpoints.map(({ user_id, url }) => ({ user_id, url })),
  );
  const rendered = endpoints.map((endpoint, index) => renderEndpoint(endpoint, counts[index]));
  return okPage(
    rendered.map((endpoint) => JSON.stringify(endpoint)),
    next,
  );
}

const besideUrl = (field: string): ApiError => ({
  error: "invalid_parameter",
  message: `${field} can't be given beside url.`,
  field,
});

/** Changes what the body names. What it leaves out stays as it is. */
export async function patchEndpoint(
  c: Context<HttpEnv>,
  { body }: Given<QueryShape, typeof endpointSchema>,
): Promise<Response> {
  const { url: given, headers, ...settings } = body;
  const target = readTarget("url", given, c.env.config());
  if (!target.ok) return refuse(target.refusal);
  const { user_id } = c.get("apiKey");
  const key = { user_id, url: withoutQuery(target.url) };
  const [before] = await readEndpoints(c.env.databaseOf(user_id), [key]);
  const clash = clashOf(before?.settings, { ...settings, headers });
  if (clash !== null) return refuse(clash);
  const version = crypto.randomUUID();
  const change = { ...settings, headers: headers && (await encryptHeaders(c, headers)) };
  const endpoint = await setEndpoint(c.env.databaseOf(user_id), { ...key, version, settings: change });
  if (typeof endpoint === "string") return refuse({ error: "CONFLICT", message: REFUSED_SETTINGS[endpoint] });
  return okEndpoint(c, endpoint ?? { ...WELL, ...key });
}

/** An answer with the endpoint, and how many calls wait for it. */
export async function okEndpoint(
  c: Context<HttpEnv>,
  endpoint: ShownEndpoint,
  members: object = {},
): Promise<Response> {
  const { user_id, url } = endpoint;
  const waiting = await countWaitingAt(c.env.databaseOf(user_id), { user_id, url });
  return ok({ ...renderEndpoint(endpoint, waiting), ...members });
}

/** The signature's header can't be one of the owner's: only one of the two would be sent. */
function clashOf(
  before: EndpointSettings | undefined,
  change: {
    signature_header?: string | null | undefined;
    headers?: Record<string, string | null> | null | undefined;
  },
): ApiError | null {
  const { signature_header = before?.signature_header ?? null, headers = {} } = change;
  const named = Object.entries({ ...(headers && before?.headers), ...headers });
  const name = signature_header?.toLowerCase();
  const isTaken = named.some(([header, value]) => header.toLowerCase() === name && value !== null);
  if (!isTaken) return null;
  const message = `signature_header ${JSON.stringify(signature_header)} is one of the endpoint's headers: a request has one of that name.`;
  return { error: "invalid_parameter", message, field: "signature_header" };
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
export async function deleteEndpoint(
  c: Context<HttpEnv>,
  { query }: Given<typeof endpointQuery>,
): Promise<Response> {
  const named = readEndpointUrl(query.url);
  if (!named.ok) return refuse(named.refusal);
  const { user_id } = c.get("apiKey");
  const key = { user_id, url: named.url };
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

/** An endpoint that never failed and has no settings. */
const WELL: Omit<ShownEndpoint, "user_id" | "url"> = {
  ...{
    state: "active",
    reason: null,
    consecutive_failures: 0,
    first_failure_at: null,
    last_failure_at: null,
  },
  ...{
    last_error: null,
    last_success_at: null,
    disabled_at: null,
    next_probe_at: null,
    settings: NO_SETTINGS,
  },
};

type ShownEndpoint = EndpointKey &
  Omit<
    Endpoint,
    "version" | "probe" | "probe_until" | "probes" | "wake_at" | "next_slot_at" | "recovered_at"
  >;

const renderEndpoint = (endpoint: ShownEndpoint, waiting: Waiting | undefined) => ({
  url: endpoint.url,
  state: endpoint.state,
  reason: endpoint.reason,
  ...waiting,
  consecutive_failures: endpoint.consecutive_failures,
  failing_since: iso(endpoint.first_failure_at),
  last_error: endpoint.last_error,
  last_success_at: iso(endpoint.last_success_at),
  last_failure_at: iso(endpoint.last_failure_at),
  disabled_at: iso(endpoint.disabled_at),
  next_probe_at: iso(endpoint.next_probe_at),
  settings: { ...endpoint.settings, headers: shownHeadersOf(endpoint.settings) },
});

const shownHeadersOf = ({ headers }: EndpointSettings) =>
  headers && Object.fromEntries(Object.entries(headers).map(([name, { shown }]) => [name, shown]));

const iso = (milliseconds: number | null): string | null =>
  milliseconds === null ? null : new Date(milliseconds).toISOString();
