/** The wire's shapes. Messages complete the sentence "FIELD …, and is VALUE." */
import * as z from "zod";
import { isCallId } from "../core/call-id.ts";
import { isJsonObject } from "../core/json.ts";
import { isPhoneNumber } from "../core/phone-number.ts";
import { SAMPLE_KINDS } from "../core/samples.ts";
import { LOG_EVENTS } from "../core/webhook-log.ts";

/** What a user may name in `webhook_events`; `citations` is the one that has an effect. */
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

/** A resend or create names this many calls at most. */
const CALL_IDS_LIMIT = 1_000;

const CALL_ID_RULE = "must be 1 to 128 characters of A-Z a-z 0-9 . _ : - and neither . nor ..";

const callId = z.string("must be a string").refine(isCallId, CALL_ID_RULE);

const logEvent = z.enum(LOG_EVENTS, `must be one of ${LOG_EVENTS.join(", ")}`);

const webhookEvents = z
  .array(
    z.enum(WEBHOOK_EVENTS, `must be one of ${WEBHOOK_EVENTS.join(", ")}`),
    "must be an array of event names",
  )
  .superRefine(refuseRepeats("an event"));

const SIP_RULE = "must be a whole number from 100 to 699";

const urlOrNull = z.string("must be a URL or null").nullable();

/** Any JSON object with a `call_id`: everything else in it passes through as it is. */
const payload = z
  .custom<{ call_id: string } & Record<string, unknown>>(isJsonObject, "must be a JSON object")
  .superRefine((value, context) => {
    const parsed = callId.safeParse(value?.call_id, { reportInput: true });
    if (parsed.success || !isJsonObject(value)) return;
    for (const { message, input } of parsed.error.issues) {
      context.addIssue({ code: "custom", message, input, path: ["call_id"] });
    }
  });

export const reportSchema = z.strictObject({
  payload,
  webhook: urlOrNull.optional(),
  webhook_events: webhookEvents.optional(),
  sip_code: z.int(SIP_RULE).min(100, SIP_RULE).max(699, SIP_RULE).optional(),
});

export const citationsSchema = z.strictObject({
  citations: z.array(z.unknown(), "must be an array"),
  corrected_transcript: z.array(z.unknown(), "must be an array").optional(),
});

const callIds = z
  .array(callId, "must be an array of call ids")
  .min(1, "must name at least one call")
  .max(CALL_IDS_LIMIT, `must name at most ${CALL_IDS_LIMIT} calls`)
  .superRefine(refuseRepeats("an id"));

export const resendSchema = z.object({ call_ids: callIds, event: logEvent.default("call") });

export const createSchema = z.object({
  call_ids: callIds,
  webhook_url: z.string("must be a URL"),
  event: logEvent.default("call"),
});

export const enableSchema = z.strictObject({
  url: z.string("must be a URL"),
  redeliver: z.boolean("must be true or false").default(true),
});

const PHONE_NUMBER_RULE = "must be a phone number in E.164, such as +14155550100";

export const testSchema = z.strictObject({
  url: z.string("must be a URL").optional(),
  phone_number: z.string(PHONE_NUMBER_RULE).refine(isPhoneNumber, PHONE_NUMBER_RULE).optional(),
  kind: z.enum(SAMPLE_KINDS, `must be one of ${SAMPLE_KINDS.join(", ")}`).default("completed"),
});

export const eventParameter = logEvent.default("call");

const NAME_LIMIT_CHARACTERS = 200;
const NAME_RULE = `must be a text of 1 to ${NAME_LIMIT_CHARACTERS} characters`;
const TIMEOUT_RULE = "must be a whole number of seconds from 1 to 3600";
const OVERLAP_RULE = "must be a whole number of hours from 0 to 168";

export const orgSchema = z
  .strictObject({
    name: z.string(NAME_RULE).regex(/\S/, NAME_RULE).max(NAME_LIMIT_CHARACTERS, NAME_RULE),
    default_webhook: urlOrNull,
    webhook_events: webhookEvents,
    delay_for_citations: z.boolean("must be true or false"),
    citations_timeout_seconds: z.int(TIMEOUT_RULE).min(1, TIMEOUT_RULE).max(3_600, TIMEOUT_RULE),
    ops_webhook: urlOrNull,
  })
  .partial();

export const inboundSchema = z.strictObject({
  webhook: urlOrNull,
  webhook_events: webhookEvents.nullable().optional(),
});

export const rotateSchema = z.strictObject({
  overlap_hours: z.int(OVERLAP_RULE).min(0, OVERLAP_RULE).max(168, OVERLAP_RULE).default(24),
});

function refuseRepeats(what: string) {
  return (items: readonly string[], context: z.RefinementCtx<string[]>): void => {
    const seen = new Set<string>();
    for (const [index, item] of items.entries()) {
      if (seen.has(item))
        context.addIssue({ code: "custom", message: `must not repeat ${what}`, input: item, path: [index] });
      seen.add(item);
    }
  };
}
