/** `POST /v1/postcall/calls` reports a finished call. An answer of 202 means that the call is in the record. */
import { Buffer } from "node:buffer";
import type { Context } from "hono";
import type * as z from "zod";
import type { Json } from "../core/json.ts";
import { secondsUntil } from "../core/message.ts";
import { isParty, isPhoneNumber } from "../core/phone-number.ts";
import { differingMembers } from "../core/same-json.ts";
import { sha256Hex } from "../core/signature.ts";
import { withErrorMessage } from "../core/sip.ts";
import { readLogs, type StoredLog } from "../record/logs.ts";
import { PAYLOAD_LIMIT_BYTES } from "../record/payload.ts";
import { type Inserted, insertReport, type NewReport } from "../record/reports.ts";
import { okText, refuse } from "./answer.ts";
import { mayRead } from "./auth.ts";
import { refuseErased } from "./erasure.ts";
import { refuseReport } from "./quota.ts";
import type { Given, QueryShape } from "./route.ts";
import type { reportSchema } from "./schemas.ts";
import type { HttpEnv } from "./services.ts";
import { readTarget } from "./target.ts";
import { renderLog } from "./webhooks/render.ts";

export async function reportCall(
  c: Context<HttpEnv>,
  { body, json }: Given<QueryShape, typeof reportSchema>,
): Promise<Response> {
  const report = body;
  const webhook = readTarget("webhook", report.webhook, c.env.config());
  if (!webhook.ok) return refuse(webhook.refusal);
  const { log, given } = await newReport(c, { ...report, url: webhook.url }, json);
  if (log.payload_bytes > PAYLOAD_LIMIT_BYTES) return refuse(payloadTooLarge(log.payload_bytes));
  const full = await refuseReport(c, log.payload_bytes);
  if (full !== null) {
    const reported = await readStored(c, log);
    return reported === undefined ? full : repeatedReport(c, { ...log, given }, reported);
  }
  const database = c.env.databaseOf(log.user_id);
  const { value: written } = await c.env.writeWithRetry(() => insertReport(database, log));
  const stored = written === null ? await readStored(c, log) : undefined;
  // If the write was repeated, the second one finds the first. Nobody else knows the ids in it.
  const inserted = written ?? (stored?.webhook_id === log.webhook_id ? stored : null);
  if (inserted === null) {
    const erased = stored === undefined ? await refuseErased(c, log) : null;
    if (erased !== null) return refuse({ ...erased, field: "payload.call_id" });
    return repeatedReport(c, { ...log, given }, stored);
  }
  enqueueFirst(c, log, inserted);
  const unsent = { delivery_ordinal: 0, attempts: 0, metadata: [], payload_erased_at: null };
  const answered = { ...log, ...inserted, ...unsent, event: "call" as const };
  return okText(renderLog(answered, { mayRead: mayRead(c) }), { status: 202 });
}

/** A held log's message is delayed until the log is sent without its citations. */
function enqueueFirst(c: Context<HttpEnv>, log: NewReport, { next_attempt_at }: Inserted): void {
  if (next_attempt_at === null) return;
  const { user_id, call_id, delivery_id } = log;
  const key = { user_id, call_id, event: "call" as const, delivery_id, attempt: 1 };
  c.env.enqueue([key], secondsUntil(next_attempt_at, log.now));
}

const payloadTooLarge = (bytes: number) => ({
  error: "PAYLOAD_TOO_LARGE" as const,
  message: `payload is ${bytes} bytes as compact JSON; the limit is ${PAYLOAD_LIMIT_BYTES}.`,
  field: "payload",
});

/** The log to write, and the payload as it was given, before a SIP code filled a member of it. */
async function newReport(
  c: Context<HttpEnv>,
  { url, ...report }: z.infer<typeof reportSchema> & { url: string | null | undefined },
  { exact, write }: Json,
): Promise<{ log: NewReport; given: string }> {
  const { payload: value, ...options } = report;
  const exactPayload = (exact as { payload: object }).payload;
  const given = write(exactPayload);
  const filled = withErrorMessage(exactPayload, report.sip_code);
  const payload = filled === exactPayload ? given : write(filled);
  const { call_id, inbound, to, from, status } = value;
  const report_options = JSON.stringify(options);
  const log = {
    user_id: c.get("apiKey").user_id,
    call_id,
    webhook_id: `msg_${crypto.randomUUID()}`,
    delivery_id: `dlv_${crypto.randomUUID()}`,
    report_digest: sha256Hex(`${report_options}\n${given}`),
    report_options,
    payload_altered: payload === given ? null : ("filled" as const),
    payload,
    payload_bytes: Buffer.byteLength(payload),
    now: c.env.now(),
    sweepGraceMs: c.env.config().sweepGraceMs,
    webhook: url,
    webhook_events: report.webhook_events,
    phone_number: inbound === true && typeof to === "string" && isPhoneNumber(to) ? to : null,
    isCompleted: status === "completed",
    to_number: numberOf(to),
    from_number: numberOf(from),
    inbound: typeof inbound === "boolean" ? inbound : null,
  };
  return { log, given };
}

const numberOf = (member: unknown): string | null =>
  typeof member === "string" && isParty(member) ? member : null;

async function readStored(
  c: Context<HttpEnv>,
  { user_id, call_id }: NewReport,
): Promise<StoredLog | undefined> {
  const [stored] = await readLogs(c.env.databaseOf(user_id), { user_id, event: "call", call_ids: [call_id] });
  return stored;
}

/** The call id is taken. The same report is answered with its log as it is now; another report is a conflict. */
function repeatedReport(
  c: Context<HttpEnv>,
  report: NewReport & { given: string },
  stored: StoredLog | undefined,
): Response {
  const difference = stored === undefined ? "It has been removed since." : differenceOf(c, report, stored);
  if (difference === null && stored !== undefined)
    return okText(renderLog(stored, { mayRead: mayRead(c) }), { status: 200 });
  const call = `payload.call_id ${JSON.stringify(report.call_id)}`;
  const message = `${call} was reported before with other content. ${difference}`;
  return refuse({ error: "CONFLICT", message, field: "payload.call_id" });
}

/** A message names this many differing members at most. */
const NAMED_MEMBERS = 10;

/** A sentence that says what differs; null if the two reports mean the same. */
function differenceOf(
  c: Context<HttpEnv>,
  report: NewReport & { given: string },
  stored: StoredLog,
): string | null {
  if (report.report_digest === stored.report_digest) return null;
  const options = differingMembers(report.report_options, stored.report_options ?? "{}");
  if (stored.payload === null)
    return "Its payload was erased: only a report of the very same bytes is the same from then on.";
  if (stored.payload_altered !== null)
    return `Its payload was ${ALTERATIONS[stored.payload_altered]}: only a report of the very same bytes is the same from then on.`;
  const members = differingMembers(report.given, stored.payload);
  if (options.length + members.length === 0) return null;
  // A key without `read` must not learn names that it did not send.
  const named = mayRead(c)
    ? members
    : members.filter((name) => report.given.includes(`${JSON.stringify(name)}:`));
  const names = [...options, ...named.map((name) => `payload.${name}`)];
  if (names.length === 0) return "The report before had more members.";
  const rest = names.length > NAMED_MEMBERS ? ` and ${names.length - NAMED_MEMBERS} more` : "";
  return `What differs: ${names.slice(0, NAMED_MEMBERS).map(shortened).join(", ")}${rest}.`;
}

const ALTERATIONS = {
  filled: "filled from its sip_code",
  combined: "combined with its citations",
} as const;

const shortened = (name: string): string => (name.length > 80 ? `${name.slice(0, 80)}…` : name);
