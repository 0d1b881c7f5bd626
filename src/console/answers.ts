/** The types of what the API answers, from the schemas that every answer is checked against. */
import type * as z from "zod";
import type { act, adminOrg, keyEntry, newKey, newOrg } from "../http/openapi/admin-answers.ts";
import type {
  attempt,
  caller,
  endpoint,
  inboundNumber,
  newSigningSecret,
  org,
  readiness,
  signingSecret,
  webhookLog,
} from "../http/openapi/answers.ts";
import type { attemptWithDetails, call, listedLog, stats } from "../http/openapi/finding-answers.ts";
import type { capturedRequest, inbox } from "../http/openapi/inbox-answers.ts";

export type Attempt = z.output<typeof attempt>;
export type AttemptWithDetails = z.output<typeof attemptWithDetails>;
export type Call = z.output<typeof call>;
export type ListedLog = z.output<typeof listedLog>;
export type Stats = z.output<typeof stats>;
export type WebhookLog = z.output<typeof webhookLog>;
/** A log as a list, a call or a GET has it. */
export type AnyLog = Omit<WebhookLog, "payload">;
export type Caller = z.output<typeof caller>;
export type Scope = NonNullable<Caller["key"]>["scopes"][number];
export type Endpoint = z.output<typeof endpoint>;
export type InboundNumber = z.output<typeof inboundNumber>;
export type Org = z.output<typeof org>;
export type SigningSecret = z.output<typeof signingSecret>;
export type NewSigningSecret = z.output<typeof newSigningSecret>;
export type Readiness = z.output<typeof readiness>;
export type Inbox = z.output<typeof inbox>;
export type CapturedRequest = z.output<typeof capturedRequest>;
export type Act = z.output<typeof act>;
export type AdminOrg = z.output<typeof adminOrg>;
export type ApiKey = z.output<typeof keyEntry>;
export type NewKey = z.output<typeof newKey>;
export type NewOrg = z.output<typeof newOrg>;
