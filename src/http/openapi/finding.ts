/** How webhooks are looked for: lists, attempts, whole calls, statistics. */
import * as z from "zod";
import { endpointQuery, endpointsQuery, pageQuery, webhookQuery } from "../schemas.ts";
import { filterQuery, listQuery, statsQuery } from "../webhooks/schemas.ts";
import { attemptWithDetails, call, listedLog, stats } from "./finding-answers.ts";
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
