/** The webhooks that we send, for the document: what a receiver gets, by the event. */
import { sampleOf } from "../../core/samples.ts";

const HEADERS: Record<string, string> = {
  "webhook-id": "The log's id, the same over retries and resends: drop repeats by it.",
  "webhook-timestamp": "When this attempt was signed, in seconds since the epoch.",
  "webhook-signature":
    "Standard Webhooks: `v1,` and the base64 HMAC-SHA256 of id, timestamp and body, joined by dots; one for each live secret, separated by spaces.",
  "x-webhook-signature":
    "Lower-case hex HMAC-SHA256 of the body; the key is the newest signing secret as it is shown. An endpoint may give this header another name.",
  "x-postcall-delivery": "The delivery that this attempt belongs to.",
  "x-postcall-attempt": "Counts from 1 within the delivery.",
  "x-postcall-send-type": "`spawn`, `create` or `resend`.",
};

const parameters = Object.entries(HEADERS).map(([name, description]) => ({
  ...{ name, in: "header", required: name !== "x-webhook-signature", description },
  schema: { type: "string" as const },
}));

const webhook = (
  summary: string,
  { description, required, example }: { description: string; required: string[]; example: object },
): object => ({
  post: {
    operationId: `webhook${summary.replace(/(^|[^A-Za-z]+)([a-z])/gi, (_, __, letter: string) => letter.toUpperCase())}`,
    summary,
    description: `${description}\n\nAnything but a 2xx within the timeout is retried on the schedule; 410 ends the delivery.`,
    security: [],
    parameters,
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: {
            type: "object",
            additionalProperties: true,
            required,
            properties: Object.fromEntries(required.map((name) => [name, {}])),
          },
          example,
        },
      },
    },
    responses: {
      "2XX": { description: "Received." },
      default: { description: "Not received; it is sent again, except after 410." },
    },
  },
});

const CALL = { call_id: "call-1", user_id: "org_0_x", phone_number: null, now: Date.UTC(2026, 10, 26) };

const ENDPOINT = {
  ...{ user_id: CALL.user_id, url: "https://crm.example/hook" },
  ...{ consecutive_failures: 5, last_error: "timeout", waiting: 12, waiting_exact: true },
};

const operational = (type: string, summary: string, data: object): object =>
  webhook(summary, {
    description: `Sent to the org's \`ops_webhook\` with the type \`${type}\`.`,
    required: ["type", "timestamp", "data"],
    example: { type, timestamp: "2026-11-26T00:00:00.000Z", data },
  });

export const WEBHOOKS: Record<string, object> = {
  call: webhook("A call is over", {
    description:
      "The payload as it was reported. If the call was held for its citations, `citations` and `corrected_transcript` are at its end. 410 also disables the endpoint.",
    required: ["call_id"],
    example: sampleOf("completed", CALL),
  }),
  citations: webhook("A call's citations", {
    description:
      "Follows the call's webhook if citations are wanted and were not sent with it. 410 also disables the endpoint.",
    required: ["call_id", "user_id", "event_type", "timestamp", "citations"],
    example: sampleOf("citations", CALL),
  }),
  "delivery.failed": operational("delivery.failed", "A delivery failed for good", {
    ...{ user_id: CALL.user_id, call_id: "call-1", event: "call", url: ENDPOINT.url },
    ...{ delivery_id: "dlv_f255f554", attempts: 10, reason: "attempts_exhausted" },
  }),
  "endpoint.degraded": operational("endpoint.degraded", "An endpoint is degraded", {
    ...ENDPOINT,
    ...{ state: "degraded", reason: "failing" },
  }),
  "endpoint.disabled": operational("endpoint.disabled", "An endpoint is disabled", {
    ...ENDPOINT,
    ...{ state: "disabled", reason: "gone" },
  }),
  "endpoint.recovered": operational("endpoint.recovered", "An endpoint has recovered", {
    ...ENDPOINT,
    ...{ state: "active", reason: null, consecutive_failures: 0 },
  }),
  "endpoint.paused": operational("endpoint.paused", "An endpoint was paused", {
    ...ENDPOINT,
    ...{ state: "paused", reason: "paused" },
  }),
};
