/** The HTTP API: every path, its scopes, and the answer where no path matches. */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { ConfigError } from "../config.ts";
import { isStorageUnavailable } from "../record/availability.ts";
import type { Scope } from "../record/keys.ts";
import { notFound, ok, refuse, unavailable } from "./answer.ts";
import { apiKeyFinder, authenticate, requireScopes } from "./auth.ts";
import { reportCall } from "./calls.ts";
import { postCitations } from "./citations.ts";
import { enable, pause, probe } from "./endpoint-state.ts";
import { deleteEndpoint, getEndpoints, patchEndpoint } from "./endpoints.ts";
import { deleteNumber, getNumber, getNumbers, postNumber } from "./inbound.ts";
import { captureRequest, harmlessInBrowsers } from "./inboxes/capture.ts";
import { configureInbox, listRequests, makeInbox, streamRequests } from "./inboxes/handlers.ts";
import { deleteSigningSecret, getOrg, getSigningSecrets, patchOrg, rotateSigningSecrets } from "./org.ts";
import { readinessHandler } from "./ready.ts";
import type { HttpEnv } from "./services.ts";
import { describeUnknown } from "./unknown-names.ts";
import { createWebhooks, getWebhook, resendWebhooks } from "./webhooks/handlers.ts";
import { testWebhook } from "./webhooks/test-webhook.ts";

interface Route {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  /** The scopes that the key must have; null if no key is needed. */
  scopes: readonly Scope[] | null;
  handler: (c: Context<HttpEnv>) => Response | Promise<Response>;
  /** The query parameters it takes. */
  query?: readonly string[];
}

const findApiKey = apiKeyFinder();

const ROUTES: Route[] = [
  { method: "GET", path: "/healthz", scopes: null, handler: () => ok({ status: "ok" }) },
  { method: "GET", path: "/readyz", scopes: null, handler: readinessHandler(findApiKey) },
  { method: "POST", path: "/v1/postcall/calls", scopes: ["report"], handler: reportCall },
  {
    method: "POST",
    path: "/v1/postcall/calls/:call_id/citations",
    scopes: ["report"],
    handler: postCitations,
  },
  { method: "POST", path: "/v1/postcall/webhooks/resend", scopes: ["send"], handler: resendWebhooks },
  { method: "POST", path: "/v1/postcall/webhooks/create", scopes: ["send", "read"], handler: createWebhooks },
  { method: "POST", path: "/v1/postcall/webhooks/test", scopes: ["send"], handler: testWebhook },
  {
    method: "GET",
    path: "/v1/postcall/webhooks/:call_id",
    scopes: ["read"],
    handler: getWebhook,
    query: ["event"],
  },
  {
    method: "GET",
    path: "/v1/endpoints",
    scopes: ["read"],
    handler: getEndpoints,
    query: ["url", "state", "limit", "cursor"],
  },
  { method: "PATCH", path: "/v1/endpoints", scopes: ["configure"], handler: patchEndpoint },
  {
    method: "DELETE",
    path: "/v1/endpoints",
    scopes: ["configure"],
    handler: deleteEndpoint,
    query: ["url"],
  },
  { method: "POST", path: "/v1/endpoints/pause", scopes: ["configure"], handler: pause },
  { method: "POST", path: "/v1/endpoints/enable", scopes: ["configure"], handler: enable },
  { method: "POST", path: "/v1/endpoints/probe", scopes: ["configure"], handler: probe },
  { method: "POST", path: "/v1/inboxes", scopes: ["configure"], handler: makeInbox },
  { method: "PATCH", path: "/v1/inboxes/:id", scopes: ["configure"], handler: configureInbox },
  {
    method: "GET",
    path: "/v1/inboxes/:id/requests",
    scopes: ["read"],
    handler: listRequests,
    query: ["limit", "cursor"],
  },
  { method: "GET", path: "/v1/inboxes/:id/stream", scopes: ["read"], handler: streamRequests },
  { method: "GET", path: "/v1/inbound", scopes: ["read"], handler: getNumbers, query: ["after"] },
  { method: "POST", path: "/v1/inbound/:phone_number", scopes: ["configure"], handler: postNumber },
  { method: "GET", path: "/v1/inbound/:phone_number", scopes: ["read"], handler: getNumber },
  { method: "DELETE", path: "/v1/inbound/:phone_number", scopes: ["configure"], handler: deleteNumber },
  { method: "GET", path: "/v1/org", scopes: ["read"], handler: getOrg },
  { method: "PATCH", path: "/v1/org", scopes: ["configure"], handler: patchOrg },
  { method: "GET", path: "/v1/org/signing-secrets", scopes: ["read"], handler: getSigningSecrets },
  {
    method: "POST",
    path: "/v1/org/signing-secrets/rotate",
    scopes: ["configure"],
    handler: rotateSigningSecrets,
  },
  {
    method: "DELETE",
    path: "/v1/org/signing-secrets/:id",
    scopes: ["configure"],
    handler: deleteSigningSecret,
  },
];

export function createApp(): Hono<HttpEnv> {
  // Named, because Hono's default router falls back to one several times slower if two paths are alike.
  const app = new Hono<HttpEnv>({ router: new RegExpRouter() });
  app.use(nameRequest);
  app.use("/inbox/*", harmlessInBrowsers);
  app.use(checkConfig);
  app.use("/v1/*", authenticate(findApiKey));
  for (const { method, path, scopes, handler, query = [] } of ROUTES) {
    if (scopes !== null) app.on(method, path, requireScopes(scopes), refuseUnknownParameters(query));
    app.on(method, path, handler);
  }
  app.all("/inbox/:id", captureRequest);
  app.all("/inbox/:id/*", captureRequest);
  app.notFound(answerUnrouted);
  app.onError(answerFault);
  return app;
}

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Gives each answer an `x-request-id`: the request's own if it is usable, else a new one. Log lines name it too. */
const nameRequest: MiddlewareHandler<HttpEnv> = async (c, next) => {
  const given = c.req.header("x-request-id") ?? "";
  c.set("requestId", REQUEST_ID.test(given) ? given : crypto.randomUUID());
  await next();
  // An inbox's configured response may have one.
  const { headers } = c.res;
  if (!headers.has("x-request-id")) headers.set("x-request-id", c.get("requestId"));
};

/** An unknown parameter is refused: ignored, it would be a filter without effect. */
const refuseUnknownParameters =
  (known: readonly string[]): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    const unknown = [...new URL(c.req.url).searchParams.keys()].filter((name) => !known.includes(name));
    const [field] = unknown;
    if (field === undefined) return next();
    const message = `The query has parameters that are not known: ${describeUnknown(unknown, known)}.`;
    return refuse({ error: "invalid_parameter", message, field: field.slice(0, 80) });
  };

/** A deployment with an unusable variable answers every request with that variable's name. */
const checkConfig: MiddlewareHandler<HttpEnv> = async (c, next) => {
  c.env.config();
  return next();
};

const routesAt = (path: string): Route[] =>
  ROUTES.filter((route) => new URLPattern({ pathname: route.path }).test({ pathname: path }));

function answerUnrouted(c: Context<HttpEnv>): Response {
  const { method, path } = c.req;
  const routes = routesAt(path);
  if (routes.length === 0) {
    const withoutSlash = path.replace(/\/$/, "");
    const advice =
      routesAt(withoutSlash).length > 0 ? ` Leave out the slash at its end: ${withoutSlash}.` : "";
    return notFound(`There is nothing at ${path}.${advice}`);
  }
  const allow = routes.map((route) => (route.method === "GET" ? "GET, HEAD" : route.method)).join(", ");
  const message = `${method} is not a method of ${path}; it has ${allow}.`;
  return refuse({ error: "METHOD_NOT_ALLOWED", message }, { allow });
}

function answerFault(error: Error, c: Context<HttpEnv>): Response {
  const request_id = c.get("requestId");
  if (error instanceof ConfigError) {
    console.error(JSON.stringify({ event: "configuration_unusable", request_id, message: error.message }));
    return refuse({ error: "INTERNAL_SERVER_ERROR", message: `Configuration: ${error.message}`, request_id });
  }
  if (isStorageUnavailable(error)) {
    console.warn(JSON.stringify({ event: "storage_unavailable", request_id, message: error.message }));
    return unavailable("Storage is overloaded or away. It is safe to repeat the request.", { request_id });
  }
  console.error(JSON.stringify({ event: "fault", request_id, message: error.message, stack: error.stack }));
  const message = "This is a bug of ours. Quote the request_id: the logs have it.";
  return refuse({ error: "INTERNAL_SERVER_ERROR", message, request_id });
}
