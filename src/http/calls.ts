/** `POST /v1/postcall/calls`: a finished call is reported. What is answered with 202 is in the record. */
import type { Context } from "hono";
import type * as z from "zod";
import { sha256Hex } from "../core/signature.ts";
import { dueAt } from "../core/transition.ts";
import { insertLog, type NewLog, readLogs, type StoredLog } from "../record/logs.ts";
import { okText, refuse } from "./answer.ts";
import { readBody } from "./body.ts";
import { reportSchema } from "./schemas.ts";
import type { HttpEnv } from "./services.ts";
import { refuseTarget } from "./target.ts";
import { renderLog } from "./webhook-log.ts";

/** A payload's bound, in bytes of UTF-8 as it is serialised. */
const PAYLOAD_LIMIT_BYTES = 1_048_576;
/** A report may be larger on the wire than its payload is once serialised: white space, and escaped characters. */
const REPORT_LIMIT_BYTES = 4 * PAYLOAD_LIMIT_BYTES;

export async function reportCall(c: Context<HttpEnv>): Promise<Response> {
  const body = await readBody(c, { schema: reportSchema, limitBytes: REPORT_LIMIT_BYTES });
  if (!body.ok) return body.refusal;
  const report = body.value;
  const blocked = report.webhook == null ? null : refuseTarget("webhook", report.webhook, c.env.config());
  if (blocked !== null) return refuse(blocked);
  const payload = JSON.stringify(report.payload);
  const payload_bytes = new TextEncoder().encode(payload).length;
  if (payload_bytes > PAYLOAD_LIMIT_BYTES) return refuse(payloadTooLarge(payload_bytes));
  const log = await newLog(c, { report, payload, payload_bytes });
  const database = c.env.databaseOf(log.user_id);
  const written = await c.env.inPlace(() => insertLog(database, log));
  const stored = written === null ? await readStored(c, log) : undefined;
  // A write that was made twice finds its own first one there: the ids in it are nobody else's.
  const status = stored?.webhook_id === log.webhook_id ? stored.status : written;
  if (status === null) return repeatedReport(log, stored);
  const unsent = { ...log, delivery_ordinal: 0, attempts: 0, reason: null, metadata: [] };
  if (status === "disabled") {
    const waiting = { status, reason: "endpoint_disabled", next_attempt_at: null };
    return okText(renderLog({ ...unsent, ...waiting }), { status: 202 });
  }
  if (log.delivery_id !== null) c.env.enqueue([{ ...log, delivery_id: log.delivery_id, attempt: 1 }]);
  return okText(renderLog(unsent), { status: 202 });
}

const payloadTooLarge = (bytes: number) => ({
  error: "PAYLOAD_TOO_LARGE" as const,
  message: `payload is ${bytes} bytes as compact JSON; at most ${PAYLOAD_LIMIT_BYTES} are taken.`,
});

async function newLog(
  c: Context<HttpEnv>,
  input: { report: z.infer<typeof reportSchema>; payload: string; payload_bytes: number },
): Promise<NewLog> {
  const { report, payload, payload_bytes } = input;
  const { payload: _payload, ...otherMembers } = report;
  const url = report.webhook ?? null;
  const now = c.env.now();
  const due = dueAt(now, c.env.config());
  return {
    user_id: c.get("apiKey").user_id,
    call_id: report.payload.call_id,
    event: "call",
    webhook_id: `msg_${crypto.randomUUID()}`,
    url,
    created_at: now,
    report_digest: await sha256Hex(`${JSON.stringify(otherMembers)}\n${payload}`),
    payload,
    payload_bytes,
    ...(url === null
      ? { status: "no_webhook", delivery_id: null, send_type: null, next_attempt_at: null, sweep_at: null }
      : { status: "pending", delivery_id: `dlv_${crypto.randomUUID()}`, send_type: "spawn", ...due }),
  };
}

async function readStored(c: Context<HttpEnv>, { user_id, call_id }: NewLog): Promise<StoredLog | undefined> {
  const [stored] = await readLogs(c.env.databaseOf(user_id), { user_id, event: "call", call_ids: [call_id] });
  return stored;
}

/** The key is taken: by the same report, whose log is answered as it is now, or by another one. */
function repeatedReport({ call_id, report_digest }: NewLog, stored: StoredLog | undefined): Response {
  if (stored?.report_digest === report_digest) return okText(renderLog(stored), { status: 200 });
  const message = `payload.call_id ${JSON.stringify(call_id)} was reported before with other content.`;
  return refuse({ error: "CONFLICT", message });
}
