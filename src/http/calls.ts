/** `POST /v1/postcall/calls`: a finished call is reported. What is answered with 202 is in the record. */
import type { Context } from "hono";
import type * as z from "zod";
import { isPhoneNumber } from "../core/phone-number.ts";
import { sha256Hex } from "../core/signature.ts";
import { withErrorMessage } from "../core/sip.ts";
import { readLogs, type StoredLog } from "../record/logs.ts";
import { PAYLOAD_LIMIT_BYTES } from "../record/payload.ts";
import { type Inserted, insertReport, type NewReport } from "../record/reports.ts";
import { okText, refuse } from "./answer.ts";
import { readBody } from "./body.ts";
import { reportSchema } from "./schemas.ts";
import type { HttpEnv } from "./services.ts";
import { refuseTarget } from "./target.ts";
import { renderLog } from "./webhooks/render.ts";

/** A report may be larger on the wire than its payload is once serialised: white space, and escaped characters. */
export const REPORT_LIMIT_BYTES = 4 * PAYLOAD_LIMIT_BYTES;

export async function reportCall(c: Context<HttpEnv>): Promise<Response> {
  const body = await readBody(c, { schema: reportSchema, limitBytes: REPORT_LIMIT_BYTES });
  if (!body.ok) return body.refusal;
  const report = body.value;
  const blocked = report.webhook == null ? null : refuseTarget("webhook", report.webhook, c.env.config());
  if (blocked !== null) return refuse(blocked);
  const log = await newReport(c, report);
  if (log.payload_bytes > PAYLOAD_LIMIT_BYTES) return refuse(payloadTooLarge(log.payload_bytes));
  const database = c.env.databaseOf(log.user_id);
  const { value: written } = await c.env.writeWithRetry(() => insertReport(database, log));
  const stored = written === null ? await readStored(c, log) : undefined;
  // A write that was made twice finds its own first one there: the ids in it are nobody else's.
  const inserted = written ?? (stored?.webhook_id === log.webhook_id ? stored : null);
  if (inserted === null) return repeatedReport(log, stored);
  enqueueFirst(c, log, inserted);
  const unsent = { delivery_ordinal: 0, attempts: 0, metadata: [] };
  const answered = { ...log, ...inserted, ...unsent, event: "call" as const, created_at: log.now };
  return okText(renderLog(answered), { status: 202 });
}

/** A held log's message comes when it is to be sent without its citations. */
function enqueueFirst(c: Context<HttpEnv>, log: NewReport, { next_attempt_at }: Inserted): void {
  if (next_attempt_at === null) return;
  const { user_id, call_id, delivery_id } = log;
  const delaySeconds = Math.max(0, Math.ceil((next_attempt_at - log.now) / 1_000));
  c.env.enqueue([{ user_id, call_id, event: "call", delivery_id, attempt: 1 }], delaySeconds);
}

const payloadTooLarge = (bytes: number) => ({
  error: "PAYLOAD_TOO_LARGE" as const,
  message: `payload is ${bytes} bytes as compact JSON; at most ${PAYLOAD_LIMIT_BYTES} are taken.`,
});

async function newReport(c: Context<HttpEnv>, report: z.infer<typeof reportSchema>): Promise<NewReport> {
  const { payload: given, ...otherMembers } = report;
  const { inbound, to, status } = given;
  const givenText = JSON.stringify(given);
  const filled = withErrorMessage(given, report.sip_code);
  const payload = filled === given ? givenText : JSON.stringify(filled);
  return {
    user_id: c.get("apiKey").user_id,
    call_id: given.call_id,
    webhook_id: `msg_${crypto.randomUUID()}`,
    delivery_id: `dlv_${crypto.randomUUID()}`,
    report_digest: await sha256Hex(`${JSON.stringify(otherMembers)}\n${givenText}`),
    payload,
    payload_bytes: new TextEncoder().encode(payload).length,
    now: c.env.now(),
    sweepGraceMs: c.env.config().sweepGraceMs,
    webhook: report.webhook,
    webhook_events: report.webhook_events,
    phone_number: inbound === true && typeof to === "string" && isPhoneNumber(to) ? to : null,
    isCompleted: status === "completed",
  };
}

async function readStored(
  c: Context<HttpEnv>,
  { user_id, call_id }: NewReport,
): Promise<StoredLog | undefined> {
  const [stored] = await readLogs(c.env.databaseOf(user_id), { user_id, event: "call", call_ids: [call_id] });
  return stored;
}

/** The key is taken: by the same report, whose log is answered as it is now, or by another one. */
function repeatedReport({ call_id, report_digest }: NewReport, stored: StoredLog | undefined): Response {
  if (stored?.report_digest === report_digest) return okText(renderLog(stored), { status: 200 });
  const message = `payload.call_id ${JSON.stringify(call_id)} was reported before with other content.`;
  return refuse({ error: "CONFLICT", message });
}
