/** What is answered when webhooks are looked for: lists, attempts, whole calls, statistics. */
import * as z from "zod";
import { anyObject, attempt, logMembers, time } from "./answers.ts";
import { list, operation } from "./operation.ts";

const headers = z.record(z.string(), z.string());

const attemptWithDetails = z
  .object({
    ...attempt.shape,
    request: z
      .object({
        url: z.string().nullable().meta({ description: "Null in records of earlier versions." }),
        headers: headers.meta({ description: "Values of the endpoint's own headers are masked." }),
      })
      .nullable(),
    response: z.object({ headers, body: z.string().meta({ description: "The first 4 KB." }) }).nullable(),
    requested_by: z
      .string()
      .nullable()
      .meta({ description: "The id of the key that asked for the send; null if the normal flow made it." }),
    details_dropped: z
      .boolean()
      .meta({ description: "Whether the details are gone: a log keeps 256 KB, and the oldest go first." }),
  })
  .meta({ id: "AttemptWithDetails", description: "An attempt with what was sent and answered." });

const call = z
  .object({
    call_id: logMembers.call_id,
    user_id: logMembers.user_id,
    created_at: time,
    payload: anyObject.nullable(),
    payload_erased_at: time.optional(),
    citations: z.array(z.unknown()).nullable(),
    corrected_transcript: z.array(z.unknown()).optional(),
    logs: z.array(z.object(logMembers).meta({ id: "WebhookLogWithoutPayload" })),
  })
  .meta({ id: "Call", description: "A call as it was reported, and what became of it." });

export const FINDING = {
  "GET /v1/postcall/calls/:call_id": operation({
    tag: "Calls",
    summary: "Get a call",
    description:
      "Its payload, its citations, and the logs of its webhooks. A call without a webhook is found too.",
    data: call,
    refusals: [404],
  }),
  "GET /v1/postcall/webhooks/:call_id/attempts": list({
    tag: "Webhooks",
    summary: "List a webhook's attempts",
    description: "Oldest first, each with what was sent and answered.",
    data: attemptWithDetails,
    refusals: [404],
  }),
} as const;
