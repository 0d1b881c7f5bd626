/** What the document says about each route. A route that is not described here does not compile. */
import * as z from "zod";
import { ADMIN_OPERATIONS } from "./admin-operations.ts";
import {
  caller,
  deleted,
  inboundNumber,
  newSigningSecret,
  org,
  readiness,
  signingSecret,
  webhookLog,
} from "./answers.ts";
import { CONSOLE_OPERATIONS } from "./console-operations.ts";
import { ENDPOINT_OPERATIONS } from "./endpoint-operations.ts";
import { FINDING } from "./finding.ts";
import { INBOX_OPERATIONS } from "./inbox-operations.ts";
import { list, type Operation, operation, type RouteName } from "./operation.ts";

const PREFER =
  "`wait=N` (0–25 seconds) or `respond-async`: how long to wait for first attempts. With it the answer is 202 if some are still to come; without it, it comes after 10 s at most.";

const IDEMPOTENCY_KEY =
  "1–255 printable ASCII characters. For 24 hours a repeated request with this key and the same body sends nothing and is answered with its calls as they are now, and with `idempotent-replayed: true`. Another body: 409. The same while the first is under way, which it is for 60 seconds at most: 409.";

const REPORT = {
  payload: {
    call_id: "call-1",
    status: "completed",
    to: "+14155550100",
    inbound: true,
    concatenated_transcript: "…",
  },
  webhook: "https://crm.example/hook",
};

export const OPERATIONS = {
  ...FINDING,
  "GET /healthz": operation({
    tag: "Service",
    summary: "Whether the service is there",
    description: "Touches no storage.",
    data: z.object({ status: z.literal("ok") }),
  }),
  "GET /readyz": operation({
    tag: "Service",
    summary: "Whether the service can do its work",
    description:
      "503 if the record is away, takes no writes, or lacks migrations, which are named. A key with `read` also learns how many of its org's calls are overdue.",
    data: readiness,
    refusals: [429],
  }),
  "GET /v1/whoami": operation({ tag: "Service", summary: "Whose key this is", data: caller }),

  "POST /v1/postcall/calls": operation({
    tag: "Calls",
    summary: "Report a finished call",
    description:
      "202: the call is recorded, and from then on a call with a URL ends as `delivered`, `failed` or `disabled`, whatever breaks in between. 200: the same report was made before, and nothing is sent twice. 409: another report of this `call_id`, or the call was erased. The payload is any JSON object with a `call_id`, of at most 1 MiB as compact JSON; its bytes are stored, signed and sent as they are.",
    data: webhookLog,
    statuses: [202, 200],
    refusals: [409, 422],
    example: REPORT,
  }),
  "POST /v1/postcall/calls/:call_id/citations": operation({
    tag: "Calls",
    summary: "Report a call's citations",
    description:
      "A held call is sent with them at once; otherwise they follow as an event of their own, if they are wanted. The same citations again: 200. Other ones: 409.",
    data: webhookLog,
    refusals: [404, 409],
    example: { citations: [{ variable_name: "new_time", variable_type: "string", value: "Monday, 9:30" }] },
  }),

  "POST /v1/postcall/calls/:call_id/release": operation({
    tag: "Calls",
    summary: "Send a held call without its citations",
    description:
      "Ends its hold as the timeout would. Citations that come later follow as an event of their own. 409 if it is not held.",
    data: webhookLog,
    refusals: [404, 409],
  }),
  "DELETE /v1/postcall/calls/:call_id": operation({
    tag: "Calls",
    summary: "Erase a call",
    description:
      "Its payload, citations, logs and attempts, and what inboxes have received of it. No attempt begins afterwards; one that is under way may arrive, and its outcome is dropped. For 30 days its id can't be reported again.",
    data: deleted("call_id"),
    refusals: [404],
  }),

  "GET /v1/postcall/webhooks/:call_id": operation({
    tag: "Webhooks",
    summary: "Get a call's webhook log",
    description: "404 for an unknown call, and for one without a webhook.",
    data: webhookLog,
    refusals: [404],
  }),
  "POST /v1/postcall/webhooks/resend": operation({
    tag: "Webhooks",
    summary: "Send webhooks again",
    description:
      "Sends the stored bytes again to the stored URLs, all of them or none: where any id is refused, the 400 lists an error with `call_id` and `reason` for each. A delivery that has not made its first attempt is joined. Over 32 MiB of payload and attempts together: 413.",
    data: z.array(webhookLog),
    statuses: [200, 202],
    headers: { prefer: PREFER, "idempotency-key": IDEMPOTENCY_KEY },
    refusals: [409],
    example: { call_ids: ["call-1"] },
  }),
  "POST /v1/postcall/webhooks/create": operation({
    tag: "Webhooks",
    summary: "Send webhooks of calls that have none",
    description: "As resend, for calls that were stored without a webhook.",
    data: z.array(webhookLog),
    statuses: [200, 202],
    refusals: [409, 422],
    headers: { prefer: PREFER, "idempotency-key": IDEMPOTENCY_KEY },
    example: { call_ids: ["call-1"], webhook_url: "https://crm.example/hook" },
  }),
  "POST /v1/postcall/webhooks/test": operation({
    tag: "Webhooks",
    summary: "Send a sample",
    description:
      "To the URL given, else to the one saved for the number, else to the org's default. It goes the way of real webhooks, makes one attempt, and says nothing about its endpoint.",
    data: webhookLog,
    statuses: [200, 202],
    refusals: [404, 409, 422],
    headers: { prefer: PREFER, "idempotency-key": IDEMPOTENCY_KEY },
    example: { phone_number: "+14155550100", kind: "completed" },
  }),

  ...ENDPOINT_OPERATIONS,
  ...INBOX_OPERATIONS,

  "GET /v1/inbound": list({
    tag: "Where calls go",
    summary: "List inbound numbers",
    description: "Those that are set, in order.",
    data: inboundNumber,
  }),
  "GET /v1/inbound/:phone_number": operation({
    tag: "Where calls go",
    summary: "Get an inbound number",
    data: inboundNumber,
    refusals: [404],
  }),
  "POST /v1/inbound/:phone_number": operation({
    tag: "Where calls go",
    summary: "Set where a number's calls go",
    description: "Events that are left out stay. 409 while 10,000 numbers are set.",
    data: inboundNumber,
    refusals: [409, 422],
    example: { webhook: "https://crm.example/hook" },
  }),
  "DELETE /v1/inbound/:phone_number": operation({
    tag: "Where calls go",
    summary: "Remove an inbound number's settings",
    data: deleted("phone_number"),
    refusals: [404],
  }),
  "GET /v1/org": operation({
    tag: "Where calls go",
    summary: "Get the org's settings",
    data: org,
    refusals: [404],
  }),
  "PATCH /v1/org": operation({
    tag: "Where calls go",
    summary: "Change the org's settings",
    description:
      "What is left out stays. Where a call goes, and whether it is held, is decided when it is reported: a change affects later reports only.",
    data: org,
    refusals: [404, 422],
    example: { default_webhook: "https://crm.example/hook", webhook_events: ["citations"] },
  }),

  "GET /v1/org/signing-secrets": list({
    tag: "Signing secrets",
    summary: "List the live signing secrets",
    description: "Newest first, never a value.",
    data: signingSecret,
  }),
  "POST /v1/org/signing-secrets/rotate": operation({
    tag: "Signing secrets",
    summary: "Make a new signing secret",
    description:
      "The older ones go on signing for `overlap_hours`. With `activate_in_hours` the new one signs `webhook-signature` at once and `x-webhook-signature` only then. 409 while ten are live.",
    data: newSigningSecret,
    refusals: [409],
    example: { overlap_hours: 24 },
  }),
  "DELETE /v1/org/signing-secrets/:id": operation({
    tag: "Signing secrets",
    summary: "End a signing secret",
    description: "The newest active one can't be deleted: 409.",
    data: deleted("id"),
    refusals: [404, 409],
  }),

  ...ADMIN_OPERATIONS,
  ...CONSOLE_OPERATIONS,
} as const satisfies Record<RouteName, Operation>;
