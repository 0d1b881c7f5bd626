/** What the document says about inboxes and their pages. */
import * as z from "zod";
import { deleted } from "./answers.ts";
import { capturedRequest, inbox } from "./inbox-answers.ts";
import { list, operation } from "./operation.ts";

export const INBOX_OPERATIONS = {
  "POST /v1/inboxes": operation({
    tag: "Inboxes",
    summary: "Make an inbox",
    description: "It lives for seven days. 409 while there are a hundred.",
    data: inbox,
    refusals: [409],
  }),
  "GET /v1/inboxes": list({
    tag: "Inboxes",
    summary: "List the inboxes",
    description: "Newest first.",
    data: inbox,
  }),
  "DELETE /v1/inboxes/:id": operation({
    tag: "Inboxes",
    summary: "End an inbox",
    description: "What it received is gone.",
    data: deleted("id"),
    refusals: [404],
  }),
  "GET /view/:token": list({
    tag: "Inboxes",
    summary: "Look into an inbox by the address of its page",
    description:
      "Newest first, without a key. Headers that hold a signature or a credential are masked; queries and bodies are not. A browser that opens the address (`accept: text/html`) gets a page that shows them live.",
    data: capturedRequest,
    also: "text/html",
    refusals: [400, 404, 429],
  }),
  "PATCH /v1/inboxes/:id": operation({
    tag: "Inboxes",
    summary: "Configure what an inbox answers",
    description: "What is left out goes back to its default.",
    data: inbox,
    refusals: [404],
    example: { respond: { status: 503, headers: { "retry-after": "600" } } },
  }),
  "GET /v1/inboxes/:id/requests": list({
    tag: "Inboxes",
    summary: "List what an inbox received",
    description: "Newest first.",
    data: capturedRequest,
    refusals: [404],
  }),
  "GET /v1/inboxes/:id/stream": operation({
    tag: "Inboxes",
    summary: "Follow an inbox",
    description: "Server-sent events, one for each request as it arrives.",
    data: z.string(),
    content: "text/event-stream",
    headers: { "last-event-id": "Goes on after the request with this id." },
    refusals: [404],
  }),
};
