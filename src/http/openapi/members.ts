/** What the members of bodies mean. It is said here, so that the Worker does not carry it. */
import * as z from "zod";
import { changedOrgSchema, newKeySchema, newOrgSchema } from "../admin/schemas.ts";
import { signInSchema } from "../console/schemas.ts";
import { configureInboxSchema } from "../inboxes/schemas.ts";
import {
  citationsSchema,
  createSchema,
  enableSchema,
  endpointSchema,
  endpointUrlSchema,
  inboundSchema,
  orgSchema,
  reportSchema,
  resendSchema,
  rotateSchema,
  testSchema,
} from "../schemas.ts";

/** Says what members mean. A schema that is several members' own has one meaning. */
function describe<Shape extends z.ZodRawShape>(
  { out: { shape } }: z.ZodPipe<z.ZodType, z.ZodObject<Shape>>,
  meanings: { [Name in keyof Shape]?: string },
): void {
  for (const [name, description] of Object.entries<string | undefined>(meanings)) {
    const member = shape[name];
    if (member !== undefined && description !== undefined)
      z.globalRegistry.add(member as unknown as z.ZodType, { description });
  }
}

const ENDPOINT_URL = "The endpoint: a query is cut off.";

describe(reportSchema, {
  webhook: "Where it goes; null is nowhere. If it is left out: to the number's URL, or to the org's.",
  webhook_events: "Instead of the number's or the org's.",
  sip_code: "Fills the payload's `error_message` if that is missing or null.",
});
describe(citationsSchema, {
  citations: "Elements of any JSON. None, and no transcript: a held call is released.",
  corrected_transcript: "Elements of any JSON, sent with the citations.",
});
describe(resendSchema, { call_ids: "1 to 1,000, each once.", event: "Which of the calls' logs." });
describe(createSchema, { webhook_url: "Where they go.", event: "Which of the calls' logs." });
describe(testSchema, {
  url: "Where it goes.",
  phone_number: "If there is no `url`, the sample goes where this number's calls go.",
  kind: "Which sample.",
});
describe(endpointSchema, {
  url: ENDPOINT_URL,
  description: "For people.",
  rate_per_second: "How many attempts it gets in a second, first ones and retries together.",
  timeout_seconds: "How long an attempt may take.",
  retry_schedule: "The waits before the 2nd, 3rd, … attempt, 5 days in all at most.",
  signature_header: "Another name for `x-webhook-signature`.",
  headers: "Sent with every attempt. They are merged by name, and null removes one.",
});
describe(endpointUrlSchema, { url: ENDPOINT_URL });
describe(enableSchema, {
  url: ENDPOINT_URL,
  redeliver: "Whether the calls that waited are delivered. Otherwise they end as `disabled`.",
});
describe(inboundSchema, {
  webhook: "Where the number's calls go; null: to the org's URL.",
  webhook_events: "Null: the org's.",
});
describe(orgSchema, {
  name: "For people.",
  default_webhook: "Where calls go that name no other URL.",
  webhook_events: "Only `citations` has an effect.",
  delay_for_citations: "Whether a completed call is held for its citations, if they are wanted.",
  citations_timeout_seconds: "How long it is held.",
  ops_webhook: "What tells of trouble goes there.",
  retention_days: "How long ended logs are kept: the deployment's days at most; null is those.",
  erase_payload_when_delivered: "Whether a call's payload goes once it is delivered.",
});
describe(rotateSchema, {
  overlap_hours: "How long the older secrets go on signing.",
  activate_in_hours: "When `x-webhook-signature` is made with the new one. The overlap begins then.",
});
describe(configureInboxSchema, { respond: "What it answers from now on." });
describe(signInSchema, {
  key: "A key of an org, or the admin key.",
  link: "In place of a key: what follows `#link=` in a link's address.",
});
describe(newOrgSchema, { name: "For people.", limits: "What is left out is the default." });
describe(changedOrgSchema, {
  limits: "Merged by name; null is the default.",
  suspended: "Whether it is stopped.",
});
describe(newKeySchema, {
  scopes: "What it may do, each once.",
  expires_at: "A time to come, with its zone. Null: it does not expire.",
});
