/**
 * How each operation of the OpenAPI document is asked for another org's things. An operation that is added without a rule
 * here does not compile.
 */
import type { RouteName } from "../../src/http/openapi/operation.ts";

/** What the first org has, by which the second one asks. */
export interface Things {
  user_id: string;
  call_id: string;
  held_id: string;
  url: string;
  inbox_id: string;
  secret_id: string;
  key_id: string;
  phone_number: string;
}

export interface Asked {
  path?: Partial<Record<"call_id" | "id" | "phone_number" | "user_id", string>>;
  query?: Record<string, string>;
  body?: unknown;
}

/**
 * `own`: names nothing, and answers what is the caller's own. Otherwise how it names a thing: with the first org's, it
 * answers the second one just as with one that nobody has.
 */
type Rule = "own" | "public" | { own: (things: Things) => Asked } | ((things: Things) => Asked);

export const RULES: Record<RouteName, Rule> = {
  "GET /healthz": "public",
  "GET /readyz": "public",
  "GET /view/:token": "public",
  "POST /console/session": "public",
  "DELETE /console/session": "public",
  "POST /console/links": "own",
  "GET /v1/whoami": "own",
  "POST /v1/postcall/calls": { own: ({ call_id }) => ({ body: { payload: { call_id } } }) },
  "POST /v1/postcall/calls/:call_id/citations": ({ call_id }) => ({
    path: { call_id },
    body: { citations: [1] },
  }),
  "POST /v1/postcall/calls/:call_id/release": ({ held_id }) => ({ path: { call_id: held_id } }),
  "GET /v1/postcall/calls/:call_id": ({ call_id }) => ({ path: { call_id } }),
  "DELETE /v1/postcall/calls/:call_id": ({ call_id }) => ({ path: { call_id } }),
  "GET /v1/postcall/webhooks": ({ call_id }) => ({ query: { call_ids: call_id } }),
  "GET /v1/postcall/stats": ({ url }) => ({ query: { url, interval: "1d" } }),
  "GET /v1/postcall/webhooks/:call_id": ({ call_id }) => ({ path: { call_id } }),
  "GET /v1/postcall/webhooks/:call_id/attempts": ({ call_id }) => ({ path: { call_id } }),
  "POST /v1/postcall/webhooks/resend": ({ call_id }) => ({ body: { call_ids: [call_id] } }),
  "POST /v1/postcall/webhooks/create": ({ call_id }) => ({
    body: { call_ids: [call_id], webhook_url: "http://127.0.0.1:1/" },
  }),
  "POST /v1/postcall/webhooks/test": ({ phone_number }) => ({ body: { phone_number } }),
  "GET /v1/endpoints": ({ url }) => ({ query: { url } }),
  "PATCH /v1/endpoints": { own: ({ url }) => ({ body: { url, description: "of the second org" } }) },
  "DELETE /v1/endpoints": ({ url }) => ({ query: { url } }),
  "POST /v1/endpoints/pause": { own: ({ url }) => ({ body: { url } }) },
  "POST /v1/endpoints/enable": ({ url }) => ({ body: { url } }),
  "POST /v1/endpoints/probe": ({ url }) => ({ body: { url } }),
  "POST /v1/inboxes": "own",
  "GET /v1/inboxes": "own",
  "PATCH /v1/inboxes/:id": ({ inbox_id }) => ({ path: { id: inbox_id }, body: { respond: { status: 500 } } }),
  "DELETE /v1/inboxes/:id": ({ inbox_id }) => ({ path: { id: inbox_id } }),
  "GET /v1/inboxes/:id/requests": ({ inbox_id }) => ({ path: { id: inbox_id } }),
  "GET /v1/inboxes/:id/stream": ({ inbox_id }) => ({ path: { id: inbox_id } }),
  "GET /v1/inbound": "own",
  "GET /v1/inbound/:phone_number": ({ phone_number }) => ({ path: { phone_number } }),
  "POST /v1/inbound/:phone_number": {
    own: ({ phone_number }) => ({ path: { phone_number }, body: { webhook: null } }),
  },
  "DELETE /v1/inbound/:phone_number": ({ phone_number }) => ({ path: { phone_number } }),
  "GET /v1/org": "own",
  "PATCH /v1/org": { own: () => ({ body: { name: "of the second org" } }) },
  "GET /v1/org/audit": "own",
  "GET /v1/org/signing-secrets": "own",
  "POST /v1/org/signing-secrets/rotate": "own",
  "DELETE /v1/org/signing-secrets/:id": ({ secret_id }) => ({ path: { id: secret_id } }),
  "POST /v1/admin/orgs": "own",
  "GET /v1/admin/orgs": "own",
  "GET /v1/admin/orgs/:user_id": ({ user_id }) => ({ path: { user_id } }),
  "PATCH /v1/admin/orgs/:user_id": ({ user_id }) => ({ path: { user_id }, body: { suspended: true } }),
  "DELETE /v1/admin/orgs/:user_id": ({ user_id }) => ({ path: { user_id } }),
  "POST /v1/admin/orgs/:user_id/keys": ({ user_id }) => ({
    path: { user_id },
    body: { name: "stolen", scopes: ["read"] },
  }),
  "GET /v1/admin/orgs/:user_id/keys": ({ user_id }) => ({ path: { user_id } }),
  "DELETE /v1/admin/keys/:id": ({ key_id }) => ({ path: { id: key_id } }),
};

export function askedOf(rule: Rule, of: Things): Asked {
  if (typeof rule === "function") return rule(of);
  return typeof rule === "object" ? rule.own(of) : {};
}
