/** The HTTP API: every path, who may use it, and what is answered where nothing else is. */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { ConfigError } from "../config.ts";
import { isStorageUnavailable } from "../record/availability.ts";
import type { Scope } from "../record/keys.ts";
import { notFound, ok, refuse, unavailable } from "./answer.ts";
import { apiKeyFinder, authenticate, identify, requireScope } from "./auth.ts";
import { reportCall } from "./calls.ts";
import { postCitations } from "./citations.ts";
import { enable, getEndpoints } from "./endpoints.ts";
import { deleteNumber, getNumber, getNumbers, postNumber } from "./inbound.ts";
import { captureRequest, harmlessInBrowsers } from "./inboxes/capture.ts";
import { configureInbox, listRequests, makeInbox, streamRequests } from "./inboxes/handlers.ts";
import { getOrg, getSigningSecrets, patchOrg, rotateSigningSecrets } from "./org.ts";
import { getReadiness } from "./ready.ts";
import type { HttpEnv } from "./services.ts";
import { createWebhooks, getWebhook, resendWebhooks } from "./webhooks/handlers.ts";
import { testWebhook } from "./webhooks/test-webhook.ts";

interface Route {
  method: "GET" | "POST" | "PATCH" | "DELETE";
  path: string;
  /** Null where no key is asked for. */
  scope: Scope | null;
  handler: (c: Context<HttpEnv>) => Response | Promise<Response>;
}

const ROUTES: Route[] = [
  { method: "GET", path: "/healthz", scope: null, handler: () => ok({ status: "ok" }) },
  { method: "GET", path: "/readyz", scope: null, handler: getReadiness },
  { method: "POST", path: "/v1/postcall/calls", scope: "report", handler: reportCall },
  {
    method: "POST",
    path: "/v1/postcall/calls/:call_id/citations",
    scope: "report",
    handler: postCitations,
  },
  { method: "POST", path: "/v1/postcall/webhooks/resend", scope: "send", handler: resendWebhooks },
  { method: "POST", path: "/v1/postcall/webhooks/create", scope: "send", handler: createWebhooks },
  { method: "POST", path: "/v1/postcall/webhooks/test", scope: "send", handler: testWebhook },
  { method: "GET", path: "/v1/postcall/webhooks/:call_id", scope: "read", handler: getWebhook },
  { method: "GET", path: "/v1/endpoints", scope: "read", handler: getEndpoints },
  { method: "POST", path: "/v1/endpoints/enable", scope: "configure", handler: enable },
  { method: "POST", path: "/v1/inboxes", scope: "configure", handler: makeInbox },
  { method: "PATCH", path: "/v1/inboxes/:id", scope: "configure", handler: configureInbox },
  { method: "GET", path: "/v1/inboxes/:id/requests", scope: "read", handler: listRequests },
  { method: "GET", path: "/v1/inboxes/:id/stream", scope: "read", handler: streamRequests },
  { method: "GET", path: "/v1/inbound", scope: "read", handler: getNumbers },
  { method: "POST", path: "/v1/inbound/:phone_number", scope: "configure", handler: postNumber },
  { method: "GET", path: "/v1/inbound/:phone_number", scope: "read", handler: getNumber },
  { method: "DELETE", path: "/v1/inbound/:phone_number", scope: "configure", handler: deleteNumber },
  { method: "GET", path: "/v1/org", scope: "read", handler: getOrg },
  { method: "PATCH", path: "/v1/org", scope: "configure", handler: patchOrg },
  { method: "GET", path: "/v1/org/signing-secrets", scope: "read", handler: getSigningSecrets },
  {
    method: "POST",
    path: "/v1/org/signing-secrets/rotate",
    scope: "configure",
    handler: rotateSigningSecrets,
  },
];

export function createApp(): Hono<HttpEnv> {
  // Named, because the default falls back to a router several times slower where this one can't tell two paths apart.
  const app = new Hono<HttpEnv>({ router: new RegExpRouter() });
  app.use("/inbox/*", harmlessInBrowsers);
  app.use(checkConfig);
  const findApiKey = apiKeyFinder();
  app.use("/v1/*", authenticate(findApiKey));
  app.use("/readyz", identify(findApiKey));
  for (const { method, path, scope, handler } of ROUTES) {
    if (scope !== null) app.on(method, path, requireScope(scope));
    app.on(method, path, handler);
  }
  app.all("/inbox/:id", captureRequest);
  app.all("/inbox/:id/*", captureRequest);
  app.notFound(answerUnrouted);
  app.onError((error) => answerFault(error));
  return app;
}

/** A deployment with an unusable variable serves nothing, and says which one it is. */
const checkConfig: MiddlewareHandler<HttpEnv> = async (c, next) => {
  c.env.config();
  return next();
};

function answerUnrouted(c: Context<HttpEnv>): Response {
  const { method, path } = c.req;
  const routes = ROUTES.filter((route) => new URLPattern({ pathname: route.path }).test({ pathname: path }));
  if (routes.length === 0) return notFound(`There is nothing at ${path}.`);
  const allow = routes.map((route) => (route.method === "GET" ? "GET, HEAD" : route.method)).join(", ");
  const message = `${method} is not a method of ${path}; it has ${allow}.`;
  return refuse({ error: "METHOD_NOT_ALLOWED", message }, { allow });
}

function answerFault(error: Error): Response {
  const request_id = crypto.randomUUID();
  if (error instanceof ConfigError) {
    console.error(JSON.stringify({ event: "configuration_unusable", request_id, message: error.message }));
    return refuse({ error: "INTERNAL_SERVER_ERROR", message: `Configuration: ${error.message}`, request_id });
  }
  if (isStorageUnavailable(error)) {
    console.warn(JSON.stringify({ event: "storage_unavailable", request_id, message: error.message }));
    return unavailable("The record is overloaded or away. It is safe to repeat the request.", { request_id });
  }
  console.error(JSON.stringify({ event: "fault", request_id, message: error.message, stack: error.stack }));
  const message = "This is a fault of ours. Quote the request_id, and it can be found in the logs.";
  return refuse({ error: "INTERNAL_SERVER_ERROR", message, request_id });
}
