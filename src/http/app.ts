/** The HTTP API: every path, its scopes, and the answer where no path matches. */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { ConfigError } from "../config.ts";
import { isStorageUnavailable } from "../record/availability.ts";
import { notFound, refuse, unavailable } from "./answer.ts";
import { audit, refuseMoreActs } from "./audit.ts";
import { authenticate, requireAccess } from "./auth.ts";
import { readBody } from "./body.ts";
import { noPage } from "./console/no-page.ts";
import { captureRequest, harmlessInBrowsers } from "./inboxes/capture.ts";
import { unlisted } from "./inboxes/view.ts";
import { countBody, countRequest } from "./limits.ts";
import { readQuery } from "./query.ts";
import type { Given, Route } from "./route.ts";
import { ROUTES } from "./routes.ts";
import type { HttpEnv } from "./services.ts";

/** The routes as what they have in common. */
const routes: readonly Route[] = ROUTES;

export function createApp(): Hono<HttpEnv> {
  // Named, because Hono's default router falls back to one several times slower if two paths are alike.
  const app = new Hono<HttpEnv>({ router: new RegExpRouter() });
  app.use(nameRequest);
  app.use("/inbox/*", harmlessInBrowsers);
  app.use("/view/*", unlisted);
  app.use(checkConfig);
  app.use("/v1/*", authenticate({ sessions: true }));
  app.use("/console/links", authenticate({ sessions: false }));
  for (const route of routes) {
    if (route.access !== "public") app.on(route.method, route.path, requireAccess(route.access));
    app.on(route.method, route.path, (c) => answer(c, route));
  }
  app.get("/", (c) => c.redirect("/console"));
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

/** Counts a request, checks its query and body, and hands what they hold to the route's handler. */
async function answer(c: Context<HttpEnv>, route: Route): Promise<Response> {
  const tooMany = route.access === "public" ? null : await countRequest(c, route);
  if (tooMany !== null) return tooMany;
  // A monitor may add anything to the address that it asks.
  const isIgnored = route.access === "public" && route.query === undefined;
  const { searchParams } = new URL(isIgnored ? route.path : c.req.url, c.req.url);
  const query = readQuery(searchParams, route.query ?? {});
  if (!query.ok) return query.refusal;
  const body = route.body === undefined ? NO_BODY : await readBody(c, route.body);
  const tooMuch = route.body === undefined ? null : await countBody(c, route, body);
  if (tooMuch !== null) return tooMuch;
  if (!body.ok) return body.refusal;
  const given: Given = { query: query.value, body: body.value, json: body.json };
  const tooManyActs = await refuseMoreActs(c, route);
  if (tooManyActs !== null) return tooManyActs;
  const answered = await route.handler(c, given);
  await audit(c, { route, given, answer: answered });
  return answered;
}

/** Of a route that takes none. */
const NO_BODY = {
  ok: true,
  value: undefined,
  json: undefined as unknown as Given["json"],
  bytes: 0,
} as const;

/** A deployment with an unusable variable answers every request with that variable's name. */
const checkConfig: MiddlewareHandler<HttpEnv> = async (c, next) => {
  c.env.config();
  return next();
};

const routesAt = (path: string): Route[] =>
  routes.filter((route) => new URLPattern({ pathname: route.path }).test({ pathname: path }));

function answerUnrouted(c: Context<HttpEnv>): Response {
  const { method, path } = c.req;
  const found = routesAt(path);
  if (found.length === 0) {
    const page = noPage(c);
    if (page !== null) return page;
    const withoutSlash = path.replace(/\/$/, "");
    const advice =
      routesAt(withoutSlash).length > 0 ? ` Leave out the slash at its end: ${withoutSlash}.` : "";
    return notFound(`There is nothing at ${path}.${advice}`);
  }
  const allow = found.map((route) => (route.method === "GET" ? "GET, HEAD" : route.method)).join(", ");
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
