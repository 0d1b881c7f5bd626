/**
 * What the API answers, as schemas: the document is made of them, the client's types, and the tests' check of every
 * answer. They are not in the Worker.
 */
import * as z from "zod";
import { CALL_ID } from "../../core/call-id.ts";
import { ENDPOINT_STATES } from "../../core/endpoint.ts";
import { type AttemptError, LOG_EVENTS, LOG_REASONS, LOG_STATUSES } from "../../core/webhook-log.ts";
import { SCOPES } from "../../record/keys.ts";

/** ISO 8601, UTC, with milliseconds. */
export const time = z.iso.datetime({ precision: 3 });

const callId = z
  .string()
  .regex(CALL_ID)
  .meta({ description: "Names the call within its org.", examples: ["call-1"] });

const url = z.string().meta({
  description: "As `URL.href` writes it, without its fragment.",
  examples: ["https://crm.example/hook"],
});

/** JSON of the caller's, passed through unchanged. */
export const anyObject = z.record(z.string(), z.unknown());

// biome-ignore format: as many on a line as there is room for
const ATTEMPT_ERRORS = [
  "http_status", "redirect", "timeout", "dns", "connect", "tls", "protocol", "blocked_url", "resolver", "interrupted",
] as const satisfies AttemptError[];

export const attempt = z
  .object({
    sent_at: time,
    response_code: z.int().nullable().meta({ description: "Null if no response came." }),
    response_time: z.string().regex(/^\d+ms$/),
    send_type: z.enum(["spawn", "create", "resend"]).meta({
      description: "How its delivery was made: the normal call flow, a create (or a test), or a resend.",
    }),
    attempt: z.int().meta({ description: "Counts from 1 within its delivery." }),
    delivery_id: z.string(),
    error: z
      .enum(ATTEMPT_ERRORS)
      .nullable()
      .meta({ description: "Null for a 2xx. `interrupted`: we lost the outcome." }),
  })
  .meta({
    id: "Attempt",
    description: "One HTTP request to the receiver.",
    examples: [
      {
        ...{
          sent_at: "2026-11-26T03:39:17.573Z",
          response_code: 200,
          response_time: "3ms",
          send_type: "spawn",
        },
        ...{ attempt: 1, delivery_id: "dlv_f255f554-5e1e-40f6-9244-b14ed54d7031", error: null },
      },
    ],
  });

export const logMembers = {
  call_id: callId,
  user_id: z.string().meta({ description: "The org's id." }),
  event: z.enum(LOG_EVENTS),
  url: url.nullable(),
  created_at: time.meta({ description: "When the log was written; create and resend don't change it." }),
  metadata: z.array(attempt).meta({ description: "The attempts, oldest first." }),
  status: z.enum(LOG_STATUSES).meta({ description: "Of the current delivery." }),
  reason: z
    .enum(LOG_REASONS)
    .nullable()
    .meta({ description: "Why it failed, is disabled, is held or waits." }),
  next_attempt_at: time
    .nullable()
    .meta({ description: "Null if nothing is due. Null too while the call waits for its endpoint." }),
  is_test: z.literal(true).optional(),
  payload_erased_at: time.optional(),
};

export const webhookLog = z
  .object({
    ...logMembers,
    payload: anyObject
      .nullable()
      .optional()
      .meta({ description: "Exactly what is sent; null once erased. Absent if the key lacks `read`." }),
  })
  .meta({ id: "WebhookLog", description: "The one record of a call's post-call webhook." });

const endpointSettings = z.object({
  description: z.string().nullable(),
  rate_per_second: z.number().nullable(),
  timeout_seconds: z.int().nullable(),
  retry_schedule: z.array(z.string()).nullable(),
  signature_header: z.string().nullable(),
  headers: z
    .record(z.string(), z.string())
    .nullable()
    .meta({ description: "Shown as `•••`, with the last four characters of longer ones." }),
});

const endpointMembers = {
  url,
  state: z.enum(ENDPOINT_STATES),
  reason: z.enum(["failing", "gone", "paused"]).nullable(),
  waiting: z.int().meta({ description: "How many calls wait for it, counted up to 1,000." }),
  waiting_exact: z.boolean(),
  consecutive_failures: z.int(),
  failing_since: time.nullable(),
  last_error: attempt.shape.error,
  last_success_at: time.nullable(),
  last_failure_at: time.nullable(),
  disabled_at: time.nullable(),
  next_probe_at: time.nullable(),
  settings: endpointSettings,
};

export const endpoint = z
  .object(endpointMembers)
  .meta({ id: "Endpoint", description: "An org's URL without its query: its health and its settings." });

export const enabledEndpoint = z.object({
  ...endpointMembers,
  redelivering: z.int().meta({ description: "How many calls waited for it, counted up to 1,000." }),
});

export const org = z
  .object({
    user_id: z.string(),
    name: z.string(),
    default_webhook: url.nullable(),
    webhook_events: z.array(z.string()),
    delay_for_citations: z.boolean(),
    citations_timeout_seconds: z.int(),
    ops_webhook: url.nullable(),
    retention_days: z.int().meta({ description: "How long ended logs are kept." }),
    erase_payload_when_delivered: z.boolean(),
    limits: z.object({
      reports_per_minute: z
        .int()
        .nullable()
        .meta({ description: "Null: only the deployment's rate counts." }),
      stored_gb: z.number(),
    }),
    usage: z.object({
      stored_bytes: z.int().meta({ description: "Counted to some minutes." }),
      counted_at: time.nullable(),
    }),
  })
  .meta({ id: "Org" });

export const inboundNumber = z
  .object({
    phone_number: z.string(),
    webhook: url.nullable().meta({ description: "Null: the org's." }),
    webhook_events: z.array(z.string()).nullable().meta({ description: "Null: the org's." }),
  })
  .meta({ id: "InboundNumber" });

const secretMembers = {
  id: z.string(),
  created_at: time,
  activates_at: time.meta({ description: "From when `x-webhook-signature` is made with it." }),
  expires_at: time.nullable(),
};

export const signingSecret = z.object(secretMembers).meta({ id: "SigningSecret" });

export const newSigningSecret = z.object({
  secret: z.string().meta({ description: "Shown only here.", examples: ["whsec_…"] }),
  ...secretMembers,
});

export const inbox = z
  .object({
    id: z.string(),
    url,
    view_url: z.string().meta({
      description:
        "A page that shows what it receives, for whoever has this address. It can't be told from `url`.",
    }),
    expires_at: time,
    respond: z.object({
      status: z.int(),
      delay_ms: z.int(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
    }),
  })
  .meta({ id: "Inbox", description: "A receiver of our own, and what it answers." });

export const capturedRequest = z
  .object({
    id: z.string(),
    received_at: time,
    method: z.string(),
    path: z.string(),
    query: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
    body_encoding: z.enum(["utf-8", "base64"]),
    truncated: z.boolean().meta({ description: "The body was longer than what is kept of it." }),
    signature: z.enum(["valid", "invalid", "absent"]),
  })
  .meta({ id: "CapturedRequest" });

export const keyMembers = {
  id: z.string(),
  name: z.string(),
  prefix: z.string().meta({ description: "The key's first characters, to tell keys apart." }),
  scopes: z.array(z.enum(SCOPES)),
  expires_at: time.nullable(),
};

export const caller = z.union([
  z.object({ kind: z.literal("org"), user_id: z.string(), name: z.string(), key: z.object(keyMembers) }),
  z.object({ kind: z.literal("admin"), user_id: z.null(), name: z.null(), key: z.null() }),
]);

export const readiness = z.object({
  status: z.literal("ok"),
  overdue: z.int().optional(),
  oldest_due: time.nullable().optional(),
  counted_all: z.boolean().optional(),
  floor_age_seconds: z.int().nullable().optional(),
});

/** `{…, deleted: true}`. */
export const deleted = <Name extends string>(name: Name) =>
  z.object({ [name]: z.string(), deleted: z.literal(true) } as Record<Name, z.ZodString> & {
    deleted: z.ZodLiteral<true>;
  });

/** One entry of `errors`. */
export const apiError = z
  .object({
    error: z.string().meta({ examples: ["invalid_parameter"] }),
    message: z.string().meta({ description: "A sentence that names what was wrong." }),
    field: z.string().optional().meta({ description: "The one field that the error is about." }),
    call_id: z.string().optional(),
    reason: z.string().optional(),
    request_id: z.string().optional(),
  })
  .meta({ id: "Error" });
