/** What is answered when webhooks are looked for: lists, attempts, whole calls, statistics. */
import * as z from "zod";
import { INTERVAL_NAMES } from "../../core/stats.ts";
import { endpointQuery, endpointsQuery, pageQuery, webhookQuery } from "../schemas.ts";
import { filterQuery, listQuery, statsQuery } from "../webhooks/schemas.ts";
import { anyObject, attempt, logMembers, time } from "./answers.ts";
import { list, operation } from "./operation.ts";

/** What the parameters mean. It is said here, so that the Worker does not carry it. */
const PARAMETERS: Record<keyof typeof filterQuery, string> = {
  status: "As it is shown. Several are separated by commas.",
  reason: "As it is shown. Several are separated by commas.",
  waiting: "Whether it waits for its endpoint, or because its org is suspended.",
  event: "Both if it is not given.",
  since: "Created then or later: ISO 8601 with a zone.",
  until: "Created before then: ISO 8601 with a zone.",
  url: "An endpoint: a query is cut off.",
  to: "The payload's `to`.",
  from: "The payload's `from`.",
  q: "The start of a call id, or with `+` a number that is `to` or `from`.",
  is_test: "`true`: tests alone. Otherwise they are left out.",
};
for (const [name, schema] of Object.entries(filterQuery))
  z.globalRegistry.add(schema, { description: PARAMETERS[name as keyof typeof filterQuery] });
z.globalRegistry.add(statsQuery.interval, {
  description: "How long a bucket is. Chosen by the time if it is not given.",
});
z.globalRegistry.add(listQuery.call_ids, {
  description: "These calls as they are now, 200 at most, and no other parameter beside it.",
});
for (const [schema, description] of [
  [pageQuery.limit, "How many elements a page has at most."],
  [pageQuery.cursor, "The `next_cursor` of the page before."],
  [webhookQuery.event, "Which of the call's logs."],
  [endpointQuery.url, "The endpoint: a query is cut off."],
  [endpointsQuery.url, "This endpoint alone, and no other parameter beside it: a query is cut off."],
  [endpointsQuery.state, "Those in this state."],
] as const)
  z.globalRegistry.add(schema, { description });

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

const call = z
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

const listedLog = z
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

const stats = z
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

export const FINDING = {
  "GET /v1/postcall/stats": operation({
    tag: "Webhooks",
    summary: "Get statistics",
    description:
      "Of the logs that a list with these filters has; of the last 24 hours if no time is given. 400 buckets at most.",
    data: stats,
  }),
  "GET /v1/postcall/webhooks": list({
    tag: "Webhooks",
    summary: "List webhook logs",
    description:
      "Newest first, of both events, without tests. Filters narrow down together, and judge what a GET of the log would answer. A page may be short, or empty, and go on all the same: `next_cursor` is null at the end. A cursor belongs to its filters. What is reported later is on no later page. Calls without a webhook are listed too.",
    data: listedLog,
  }),
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
