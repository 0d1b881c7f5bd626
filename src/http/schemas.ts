/** The shapes of request bodies. Messages complete the sentence "FIELD …, and is VALUE." */
import * as z from "zod";
import { CALL_ID } from "../core/call-id.ts";
import { ENDPOINT_STATES } from "../core/endpoint.ts";
import {
  HEADER_NAME_LIMIT_CHARACTERS,
  HEADER_VALUE_LIMIT_CHARACTERS,
  HEADERS_LIMIT,
  isHeaderName,
  isHeaderValue,
  isRetrySchedule,
  isSignatureHeader,
  TIMEOUT_LIMIT_SECONDS,
  WAITS_LIMIT,
} from "../core/endpoint-settings.ts";
import { isJsonObject } from "../core/json.ts";
import { isPhoneNumber } from "../core/phone-number.ts";
import { SAMPLE_KINDS } from "../core/samples.ts";
import { URL_LIMIT_CHARACTERS } from "../core/target.ts";
import { LOG_EVENTS } from "../core/webhook-log.ts";
import { boundedArray, boundedRecord, members } from "./bounded.ts";

/** The names that `webhook_events` accepts. Only `citations` has an effect. */
const WEBHOOK_EVENTS = [
  "queue",
  "call",
  "latency",
  "webhook",
  "tool",
  "dynamic_data",
  "citations",
  "evals",
  "post_transfer_transcript",
] as const;

/** A resend or create takes this many calls at most. */
const CALL_IDS_LIMIT = 1_000;

const CALL_ID_RULE = "must be 1 to 128 characters of A-Z a-z 0-9 . _ : - and neither . nor ..";

const callId = z.string("must be a string").max(128, CALL_ID_RULE).regex(CALL_ID, CALL_ID_RULE);

const logEvent = z.enum(LOG_EVENTS, `must be one of ${LOG_EVENTS.join(", ")}`);

const webhookEvents = boundedArray(z.enum(WEBHOOK_EVENTS, `must be one of ${WEBHOOK_EVENTS.join(", ")}`), {
  max: WEBHOOK_EVENTS.length,
  rule: "must be an array of event names",
  maxRule: `must name at most ${WEBHOOK_EVENTS.length} events`,
}).superRefine(refuseRepeats("an event"));

const SIP_RULE = "must be a whole number from 100 to 699";

/** Only the length is checked here. The guard's rules judge the URL. */
const url = (rule: string) =>
  z.string(rule).max(URL_LIMIT_CHARACTERS, `must be at most ${URL_LIMIT_CHARACTERS} characters`);

const urlOrNull = url("must be a URL or null").nullable();

/** Any JSON object with a `call_id`. All other members pass through unchanged. */
export const payload = z
  .custom<{ call_id: string } & Record<string, unknown>>(isJsonObject, "must be a JSON object")
  .superRefine((value, context) => {
    const parsed = callId.safeParse(value?.call_id, { reportInput: true });
    if (parsed.success || !isJsonObject(value)) return;
    for (const { message, input } of parsed.error.issues) {
      context.addIssue({ code: "custom", message, input, path: ["call_id"] });
    }
  });

export const reportSchema = members({
  payload,
  webhook: urlOrNull.optional(),
  webhook_events: webhookEvents.optional(),
  sip_code: z.int(SIP_RULE).min(100, SIP_RULE).max(699, SIP_RULE).optional(),
});

/** The bytes of a body are bounded too. This limit is for arrays of tiny elements. */
const ELEMENTS_LIMIT = 100_000;

const elements = boundedArray(z.unknown(), { max: ELEMENTS_LIMIT, rule: "must be an array" });

export const citationsSchema = members({
  citations: elements,
  corrected_transcript: elements.optional(),
});

const callIds = boundedArray(callId, {
  max: CALL_IDS_LIMIT,
  rule: "must be an array of call ids",
  maxRule: `must name at most ${CALL_IDS_LIMIT} calls`,
})
  .refine((ids) => ids.length > 0, "must name at least one call")
  .superRefine(refuseRepeats("an id"));

/** Of a request that says all in its path. */
export const emptySchema = members({});

export const resendSchema = members({ call_ids: callIds, event: logEvent.default("call") });

export const createSchema = members({
  call_ids: callIds,
  webhook_url: url("must be a URL"),
  event: logEvent.default("call"),
});

const DESCRIPTION_RULE = "must be a text of at most 500 characters, or null";
const ENDPOINT_TIMEOUT_RULE = `must be a whole number of seconds from 1 to ${TIMEOUT_LIMIT_SECONDS}, or null`;
const RATE_RULE = "must be a number of attempts a second from 0.1 to 1000, or null";
const SCHEDULE_RULE = `must be at most ${WAITS_LIMIT} waits such as "30s", "5m" or "2h", 5 days in all, or null`;
const SIGNATURE_HEADER_RULE =
  "must be null or a header name of 1 to 64 letters, digits and hyphens that is not taken for something else";

const HEADERS_RULE = `must be null or an object of at most ${HEADERS_LIMIT} header names, none of them the connection's, the body's or ours`;
const HEADER_VALUE_RULE = `must be null or 1 to ${HEADER_VALUE_LIMIT_CHARACTERS} printable ASCII characters`;

export const endpointSchema = members({
  url: url("must be a URL"),
  description: z.string(DESCRIPTION_RULE).max(500, DESCRIPTION_RULE).nullable().optional(),
  rate_per_second: z.number(RATE_RULE).min(0.1, RATE_RULE).max(1_000, RATE_RULE).nullable().optional(),
  timeout_seconds: z
    .int(ENDPOINT_TIMEOUT_RULE)
    .min(1, ENDPOINT_TIMEOUT_RULE)
    .max(TIMEOUT_LIMIT_SECONDS, ENDPOINT_TIMEOUT_RULE)
    .nullable()
    .optional(),
  retry_schedule: boundedArray(z.string(SCHEDULE_RULE).max(16, SCHEDULE_RULE), {
    max: WAITS_LIMIT,
    rule: SCHEDULE_RULE,
    maxRule: SCHEDULE_RULE,
  })
    .refine(isRetrySchedule, SCHEDULE_RULE)
    .nullable()
    .optional(),
  headers: boundedRecord(
    z
      .string(HEADER_VALUE_RULE)
      .max(HEADER_VALUE_LIMIT_CHARACTERS, HEADER_VALUE_RULE)
      .refine(isHeaderValue, HEADER_VALUE_RULE)
      .nullable(),
    { max: HEADERS_LIMIT, maxName: HEADER_NAME_LIMIT_CHARACTERS, rule: HEADERS_RULE },
  )
    .refine((headers) => Object.keys(headers).every(isHeaderName), HEADERS_RULE)
    .nullable()
    .optional(),
  signature_header: z
    .string(SIGNATURE_HEADER_RULE)
    .max(HEADER_NAME_LIMIT_CHARACTERS, SIGNATURE_HEADER_RULE)
    .refine(isSignatureHeader, SIGNATURE_HEADER_RULE)
    .nullable()
    .optional(),
});

export const endpointUrlSchema = members({ url: url("must be a URL") });

export const enableSchema = members({
  url: url("must be a URL"),
  redeliver: z.boolean("must be true or false").default(true),
});

const PHONE_NUMBER_RULE = "must be a phone number in E.164, such as +14155550100";

export const testSchema = members({
  url: url("must be a URL").optional(),
  phone_number: z
    .string(PHONE_NUMBER_RULE)
    .max(16, PHONE_NUMBER_RULE)
    .refine(isPhoneNumber, PHONE_NUMBER_RULE)
    .optional(),
  kind: z.enum(SAMPLE_KINDS, `must be one of ${SAMPLE_KINDS.join(", ")}`).default("completed"),
});

/** A page of a list has this many elements at most, and this many if nothing is asked. */
const PAGE_LIMIT = 200;
const DEFAULT_PAGE = 50;
const PAGE_RULE = `must be a whole number from 1 to ${PAGE_LIMIT}`;

/** What every list takes. A cursor is a `next_cursor` of the same list. */
export const pageQuery = {
  limit: z
    .string()
    .max(3, PAGE_RULE)
    .regex(/^\d+$/, PAGE_RULE)
    .transform(Number)
    .pipe(z.int().min(1, PAGE_RULE).max(PAGE_LIMIT, PAGE_RULE))
    .default(DEFAULT_PAGE),
  cursor: z.string().max(URL_LIMIT_CHARACTERS, "must be a next_cursor of this list").optional(),
};

export const webhookQuery = { event: logEvent.default("call") };

export const endpointQuery = { url: url("must be a URL") };

export const endpointsQuery = {
  url: endpointQuery.url.optional(),
  state: z.enum(ENDPOINT_STATES, `must be one of ${ENDPOINT_STATES.join(", ")}`).optional(),
  ...pageQuery,
};

const NAME_LIMIT_CHARACTERS = 200;
const NAME_RULE = `must be a text of 1 to ${NAME_LIMIT_CHARACTERS} characters`;
const TIMEOUT_RULE = "must be a whole number of seconds from 1 to 3600";
const RETENTION_RULE =
  "must be a whole number of days from 1 to the deployment's, or null for the deployment's";
const HOURS_RULE = "must be a whole number of hours from 0 to 168";

/** The name of an org or of a key. */
export const nameSchema = z.string(NAME_RULE).regex(/\S/, NAME_RULE).max(NAME_LIMIT_CHARACTERS, NAME_RULE);

export const orgSchema = members({
  name: nameSchema.optional(),
  default_webhook: urlOrNull.optional(),
  webhook_events: webhookEvents.optional(),
  delay_for_citations: z.boolean("must be true or false").optional(),
  citations_timeout_seconds: z.int(TIMEOUT_RULE).min(1, TIMEOUT_RULE).max(3_600, TIMEOUT_RULE).optional(),
  ops_webhook: urlOrNull.optional(),
  retention_days: z
    .int(RETENTION_RULE)
    .min(1, RETENTION_RULE)
    .max(3_650, RETENTION_RULE)
    .nullable()
    .optional(),
  erase_payload_when_delivered: z.boolean("must be true or false").optional(),
});

export const inboundSchema = members({
  webhook: urlOrNull,
  webhook_events: webhookEvents.nullable().optional(),
});

const hours = z.int(HOURS_RULE).min(0, HOURS_RULE).max(168, HOURS_RULE);

export const rotateSchema = members({
  overlap_hours: hours.default(24),
  activate_in_hours: hours.default(0),
});

/** Refuses an array that has an element twice. */
export function refuseRepeats(what: string) {
  return (items: readonly string[], context: z.RefinementCtx<string[]>): void => {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      if (seen.has(item))
        context.addIssue({ code: "custom", message: `must not repeat ${what}`, input: item, path: [index] });
      seen.add(item);
    }
  };
}
