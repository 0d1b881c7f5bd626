/** Every route of the HTTP API: its path, who may ask, what a request may hold, and the handler. */
import { PAYLOAD_LIMIT_BYTES } from "../record/payload.ts";
import { ADMIN_ROUTES } from "./admin/routes.ts";
import { ok } from "./answer.ts";
import { getAudit } from "./audit.ts";
import { getCall } from "./call.ts";
import { reportCall } from "./calls.ts";
import { postCitations, releaseCall } from "./citations.ts";
import { CONSOLE_ROUTES } from "./console/routes.ts";
import { enable, pause, probe } from "./endpoint-state.ts";
import { deleteEndpoint, getEndpoints, patchEndpoint } from "./endpoints.ts";
import { deleteCall } from "./erasure.ts";
import { deleteNumber, getNumber, getNumbers, postNumber } from "./inbound.ts";
import { INBOX_ROUTES } from "./inboxes/routes.ts";
import { deleteSigningSecret, getOrg, getSigningSecrets, patchOrg, rotateSigningSecrets } from "./org.ts";
import { getReadiness } from "./ready.ts";
import { route } from "./route.ts";
import {
  citationsSchema,
  createSchema,
  emptySchema,
  enableSchema,
  endpointQuery,
  endpointSchema,
  endpointsQuery,
  endpointUrlSchema,
  inboundSchema,
  orgSchema,
  pageQuery,
  reportSchema,
  resendSchema,
  rotateSchema,
  testSchema,
  webhookQuery,
} from "./schemas.ts";
import { getAttempts } from "./webhooks/attempts.ts";
import { createWebhooks, getWebhook, resendWebhooks } from "./webhooks/handlers.ts";
import { listWebhooks } from "./webhooks/list.ts";
import { attemptsQuery, listQuery, statsQuery } from "./webhooks/schemas.ts";
import { getStats } from "./webhooks/stats.ts";
import { testWebhook } from "./webhooks/test-webhook.ts";
import { getCaller } from "./whoami.ts";

/** The largest body of a report. White space and escaped characters make it larger than the compact payload. */
const REPORT = { limitBytes: 4 * PAYLOAD_LIMIT_BYTES, limitParts: Number.POSITIVE_INFINITY };
/** Enough for a thousand call ids with every character escaped. */
const CALL_IDS = { limitBytes: 1_048_576 };

export const ROUTES = [
  route({
    method: "GET",
    path: "/healthz",
    access: "public",
    handler: () => ok({ status: "ok" }),
  }),
  route({ method: "GET", path: "/readyz", access: "public", handler: getReadiness }),
  route({ method: "GET", path: "/v1/whoami", access: "any_key", handler: getCaller }),

  route({
    method: "POST",
    path: "/v1/postcall/calls",
    access: ["report"],
    limit: { kind: "reports" },
    body: { schema: reportSchema, ...REPORT },
    handler: reportCall,
  }),
  route({ method: "GET", path: "/v1/postcall/calls/:call_id", access: ["read"], handler: getCall }),
  route({
    method: "POST",
    path: "/v1/postcall/calls/:call_id/citations",
    access: ["report"],
    limit: { kind: "reports" },
    body: { schema: citationsSchema, ...REPORT },
    handler: postCitations,
  }),
  route({
    method: "POST",
    path: "/v1/postcall/calls/:call_id/release",
    access: ["send"],
    body: { schema: emptySchema, optional: true },
    handler: releaseCall,
  }),
  route({
    method: "DELETE",
    path: "/v1/postcall/calls/:call_id",
    access: ["configure"],
    handler: deleteCall,
  }),

  route({
    method: "GET",
    path: "/v1/postcall/webhooks",
    access: ["read"],
    limit: { cost: 5 }, // it reads up to 5,000 rows
    query: listQuery,
    handler: listWebhooks,
  }),
  route({
    method: "POST",
    path: "/v1/postcall/webhooks/resend",
    access: ["send"],
    limit: { kind: "sends" },
    body: { schema: resendSchema, ...CALL_IDS },
    handler: resendWebhooks,
  }),
  route({
    method: "POST",
    path: "/v1/postcall/webhooks/create",
    access: ["send", "read"],
    limit: { kind: "sends" },
    body: { schema: createSchema, ...CALL_IDS },
    handler: createWebhooks,
  }),
  route({
    method: "POST",
    path: "/v1/postcall/webhooks/test",
    access: ["send"],
    limit: { kind: "sends" },
    body: { schema: testSchema, optional: true },
    handler: testWebhook,
  }),
  route({
    method: "GET",
    path: "/v1/postcall/webhooks/:call_id",
    access: ["read"],
    query: webhookQuery,
    handler: getWebhook,
  }),
  route({
    method: "GET",
    path: "/v1/postcall/webhooks/:call_id/attempts",
    access: ["read"],
    query: attemptsQuery,
    handler: getAttempts,
  }),

  route({
    method: "GET",
    path: "/v1/postcall/stats",
    access: ["read"],
    limit: { cost: 60 }, // it reads up to 20,000 rows, and counts more
    query: statsQuery,
    handler: getStats,
  }),

  route({
    method: "GET",
    path: "/v1/endpoints",
    access: ["read"],
    limit: { cost: 20 }, // it counts up to 20,000 calls that wait
    query: endpointsQuery,
    handler: getEndpoints,
  }),
  route({
    method: "PATCH",
    path: "/v1/endpoints",
    access: ["configure"],
    body: { schema: endpointSchema },
    handler: patchEndpoint,
  }),
  route({
    method: "DELETE",
    path: "/v1/endpoints",
    access: ["configure"],
    query: endpointQuery,
    handler: deleteEndpoint,
  }),
  route({
    method: "POST",
    path: "/v1/endpoints/pause",
    access: ["configure"],
    body: { schema: endpointUrlSchema },
    handler: pause,
  }),
  route({
    method: "POST",
    path: "/v1/endpoints/enable",
    access: ["configure"],
    body: { schema: enableSchema },
    handler: enable,
  }),
  route({
    method: "POST",
    path: "/v1/endpoints/probe",
    access: ["configure"],
    body: { schema: endpointUrlSchema },
    handler: probe,
  }),

  ...INBOX_ROUTES,

  route({
    method: "GET",
    path: "/v1/inbound",
    access: ["read"],
    query: pageQuery,
    handler: getNumbers,
  }),
  route({
    method: "POST",
    path: "/v1/inbound/:phone_number",
    access: ["configure"],
    body: { schema: inboundSchema },
    handler: postNumber,
  }),
  route({ method: "GET", path: "/v1/inbound/:phone_number", access: ["read"], handler: getNumber }),
  route({
    method: "DELETE",
    path: "/v1/inbound/:phone_number",
    access: ["configure"],
    handler: deleteNumber,
  }),

  route({ method: "GET", path: "/v1/org", access: ["read"], handler: getOrg }),
  route({
    method: "PATCH",
    path: "/v1/org",
    access: ["configure"],
    body: { schema: orgSchema },
    handler: patchOrg,
  }),
  route({
    method: "GET",
    path: "/v1/org/signing-secrets",
    access: ["read"],
    query: pageQuery,
    handler: getSigningSecrets,
  }),
  route({
    method: "POST",
    path: "/v1/org/signing-secrets/rotate",
    access: ["configure"],
    body: { schema: rotateSchema, optional: true },
    handler: rotateSigningSecrets,
  }),
  route({
    method: "DELETE",
    path: "/v1/org/signing-secrets/:id",
    access: ["configure"],
    handler: deleteSigningSecret,
  }),
  route({ method: "GET", path: "/v1/org/audit", access: ["read"], query: pageQuery, handler: getAudit }),

  ...ADMIN_ROUTES,
  ...CONSOLE_ROUTES,
] as const;
