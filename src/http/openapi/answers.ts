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
export const time = z.iso.datetime({ precision: 3 }).meta({ examples: ["2026-11-26T03:39:17.573Z"] });

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
    response_time: z
      .string()
      .regex(/^\d+ms$/)
      .meta({ examples: ["3ms"] }),
    send_type: z.enum(["spawn", "create", "resend"]).meta({
      description: "How its delivery was made: the normal call flow, a create (or a test), or a resend.",
    }),
    attempt: z.int().meta({ description: "Counts from 1 within its delivery." }),
    delivery_id: z.string().meta({ description: "A resend or a create begins a new delivery." }),
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
  event: z
    .enum(LOG_EVENTS)
    .meta({ description: "The call itself, or its citations as an event of their own." }),
  url: url.nullable().meta({ description: "Where it goes; null if it goes nowhere." }),
  created_at: time.meta({ description: "When the log was written; create and resend don't change it." }),
  metadata: z.array(attempt).meta({ description: "The attempts, oldest first." }),
  status: z.enum(LOG_STATUSES).meta({ description: "Of the current delivery.", examples: ["delivered"] }),
  reason: z
    .enum(LOG_REASONS)
    .nullable()
    .meta({ description: "Why it failed, is disabled, is held or waits." }),
  next_attempt_at: time
    .nullable()
    .meta({ description: "Null if nothing is due. Null too while the call waits for its endpoint." }),
  is_test: z.literal(true).optional().meta({ description: "Only there for tests." }),
  payload_erased_at: time.optional().meta({ description: "Only there if the payload was erased." }),
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

const endpointSettings = z
  .object({
    description: z.string().nullable(),
    rate_per_second: z.number().nullable().meta({ description: "Null: no limit." }),
    timeout_seconds: z.int().nullable(),
    retry_schedule: z
      .array(z.string())
      .nullable()
      .meta({ examples: [["30s", "5m"]] }),
    signature_header: z
      .string()
      .nullable()
      .meta({ description: "The name in place of `x-webhook-signature`." }),
    headers: z
      .record(z.string(), z.string())
      .nullable()
      .meta({ description: "Shown as `•••`, with the last four characters of those with twelve or more." }),
  })
  .meta({ description: "Null is the deployment's value." });

const endpointMembers = {
  url,
  state: z.enum(ENDPOINT_STATES),
  reason: z.enum(["failing", "gone", "paused"]).nullable().meta({ description: "Why it is not active." }),
  waiting: z.int().meta({ description: "How many calls wait for it, counted up to 1,000." }),
  waiting_exact: z.boolean().meta({ description: "Whether `waiting` is all of them." }),
  consecutive_failures: z
    .int()
    .meta({ description: "Timeouts, network errors and 5xx since the last success." }),
  failing_since: time
    .nullable()
    .meta({ description: "Since when every attempt fails; null if the last one succeeded." }),
  last_error: attempt.shape.error,
  last_success_at: time.nullable().meta({ description: "The first success after a failure." }),
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
    default_webhook: url.nullable().meta({ description: "Where calls go that name no other URL." }),
    webhook_events: z
      .array(z.string())
      .meta({ description: "Only `citations` has an effect.", examples: [["citations"]] }),
    delay_for_citations: z
      .boolean()
      .meta({ description: "Whether a completed call is held for its citations, if they are wanted." }),
    citations_timeout_seconds: z.int().meta({ description: "How long it is held.", examples: [120] }),
    ops_webhook: url.nullable().meta({ description: "What tells of trouble goes there." }),
    retention_days: z.int().meta({ description: "How long ended logs are kept." }),
    erase_payload_when_delivered: z
      .boolean()
      .meta({ description: "Whether a call's payload, and what was answered, goes once it is delivered." }),
    limits: z.object({
      reports_per_minute: z
        .int()
        .nullable()
        .meta({ description: "Null: only the deployment's rate counts." }),
      stored_gb: z.number().meta({ description: "Over it, no new calls are taken.", examples: [5] }),
    }),
    usage: z.object({
      stored_bytes: z
        .int()
        .meta({ description: "What its logs take up. Counted each day, what is much within minutes." }),
      counted_at: time.nullable().meta({ description: "Null: not counted yet." }),
    }),
  })
  .meta({ id: "Org", description: "The org's settings, its limits and what it uses of them." });

export const inboundNumber = z
  .object({
    phone_number: z.string().meta({ description: "In E.164.", examples: ["+14155550100"] }),
    webhook: url.nullable().meta({ description: "Null: the org's." }),
    webhook_events: z.array(z.string()).nullable().meta({ description: "Null: the org's." }),
  })
  .meta({ id: "InboundNumber", description: "Where the calls to a number go." });

const secretMembers = {
  id: z.string(),
  created_at: time,
  activates_at: time.meta({ description: "From when `x-webhook-signature` is made with it." }),
  expires_at: time.nullable().meta({ description: "When it stops signing; null for the newest." }),
};

export const signingSecret = z
  .object(secretMembers)
  .meta({ id: "SigningSecret", description: "A live signing secret, without its value." });

export const newSigningSecret = z.object({
  secret: z.string().meta({ description: "Shown only here.", examples: ["whsec_…"] }),
  ...secretMembers,
});

export const keyMembers = {
  id: z.string(),
  name: z.string(),
  prefix: z.string().meta({ description: "The key's first characters, to tell keys apart." }),
  scopes: z.array(z.enum(SCOPES)),
  expires_at: time.nullable().meta({ description: "Null: it does not expire." }),
};

export const caller = z.union([
  z.object({ kind: z.literal("org"), user_id: z.string(), name: z.string(), key: z.object(keyMembers) }),
  z.object({ kind: z.literal("admin"), user_id: z.null(), name: z.null(), key: z.null() }),
]);

export const readiness = z.object({
  status: z.literal("ok"),
  overdue: z.int().optional().meta({ description: "How many of the org's logs are late." }),
  oldest_due: time.nullable().optional().meta({ description: "Since when; null if none is late." }),
  counted_all: z.boolean().optional().meta({ description: "False if there are more than are looked at." }),
  floor_age_seconds: z
    .int()
    .nullable()
    .optional()
    .meta({ description: "How long ago it was up to when the sweep has walked; null: it never has." }),
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
    call_id: z.string().optional().meta({ description: "The call that a resend or create refuses." }),
    reason: z
      .string()
      .optional()
      .meta({ description: "Why it refuses that call.", examples: ["not_found"] }),
    request_id: z.string().optional().meta({ description: "Of a 500 or 503: the logs name it." }),
  })
  .meta({ id: "Error", description: "One reason for a refusal." });
