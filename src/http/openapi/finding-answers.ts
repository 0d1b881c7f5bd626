/** What is answered when webhooks are looked for, as schemas. They are not in the Worker. */
import * as z from "zod";
import { INTERVAL_NAMES } from "../../core/stats.ts";
import { anyObject, attempt, logMembers, time } from "./answers.ts";

const headers = z.record(z.string(), z.string());

export const attemptWithDetails = z
  .object({
    ...attempt.shape,
    request: z
      .object({
        url: z.string().nullable().meta({ description: "Null in records of earlier versions." }),
        headers: headers.meta({ description: "Values of the endpoint's own headers are masked." }),
      })
      .nullable(),
    response: z
      .object({ headers, body: z.string() })
      .nullable()
      .meta({ description: "The first 4 KB of its headers and of its body." }),
    requested_by: z
      .string()
      .nullable()
      .meta({ description: "The id of the key that asked for the send; null if the normal flow made it." }),
    details_dropped: z.boolean().meta({
      description:
        "Whether the details are gone: a log keeps 256 KB, and the oldest go first. Of a full org's attempts none are kept.",
    }),
  })
  .meta({ id: "AttemptWithDetails", description: "An attempt with what was sent and answered." });

export const call = z
  .object({
    call_id: logMembers.call_id,
    user_id: logMembers.user_id,
    created_at: time,
    payload: anyObject.nullable().meta({ description: "As it is sent; null once erased." }),
    payload_erased_at: time.optional(),
    citations: z.array(z.unknown()).nullable().meta({ description: "Null if none were reported." }),
    corrected_transcript: z.array(z.unknown()).optional(),
    logs: z.array(
      z
        .object(logMembers)
        .meta({ id: "WebhookLogWithoutPayload", description: "A log without its payload." }),
    ),
  })
  .meta({ id: "Call", description: "A call as it was reported, and what became of it." });

export const listedLog = z
  .object({
    ...logMembers,
    metadata: logMembers.metadata.max(20).meta({ description: "The newest 20 attempts, oldest first." }),
    to: z.string().nullable().meta({ description: "The payload's, if it is a short text." }),
    from: z.string().nullable().meta({ description: "Likewise." }),
    inbound: z.boolean().nullable().meta({ description: "The payload's, if it is true or false." }),
    attempts_total: z.int().meta({ description: "`metadata` has the newest 20 of them." }),
  })
  .meta({ id: "ListedWebhookLog", description: "A log as a list has it: without its payload." });

const count = z.int();

export const stats = z
  .object({
    since: time,
    until: time,
    interval: z.enum(INTERVAL_NAMES),
    sampled: z.boolean().meta({ description: "Whether the figures are scaled up from a sample." }),
    calls: z
      .object({
        ...{ total: count, delivered: count, failed: count, disabled: count, waiting: count },
        ...{ retrying: count, pending: count, held: count, no_webhook: count },
      })
      .meta({
        description: "Logs by their status. Those that wait for their endpoint count as `waiting` alone.",
      }),
    first_try_rate: z
      .number()
      .nullable()
      .meta({ description: "Which share of first attempts succeeded; null if there were none." }),
    buckets: z.array(z.object({ at: time, delivered: count, failed: count, other: count })).meta({
      description: "By `created_at`, aligned to UTC. The first and the last may be cut by the time.",
    }),
    attempts: z.object({ total: count, failed: count }),
    response_time_ms: z
      .object({ p50: count.nullable(), p95: count.nullable() })
      .meta({ description: "Of attempts that were answered." }),
    overdue: count.meta({ description: "How many should have been attempted by now." }),
    endpoints: z
      .array(
        z.object({
          ...{ url: logMembers.url.unwrap(), attempts: count, failed: count },
          top_error: attempt.shape.error.meta({ description: "The most frequent one." }),
          failing_since: time.nullable().meta({ description: "Null if its last attempt succeeded." }),
        }),
      )
      .max(10)
      .meta({ description: "Those with the most failed attempts first." }),
  })
  .meta({ id: "Stats", description: "How an org's webhooks fared in a time." });
