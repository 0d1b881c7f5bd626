/**
 * `POST /v1/postcall/calls/{call_id}/citations` takes a finished call's citations. `core/citations.ts` decides where
 * they go. The decision is written only if the log is still as it was read.
 */
import { Buffer } from "node:buffer";
import type { Context } from "hono";
import { isCallId } from "../core/call-id.ts";
import { type CitationsDecision, citedCallOf, decideCitations } from "../core/citations.ts";
import { areEmpty, citationsEvent, combinedPayload } from "../core/citations-payload.ts";
import { shownState } from "../core/endpoint.ts";
import type { Json } from "../core/json.ts";
import { sha256Hex } from "../core/signature.ts";
import { dueAt } from "../core/transition.ts";
import { type CitedLog, endHold, endHoldByCitations, readCited } from "../record/citations.ts";
import { readLogs } from "../record/logs.ts";
import { PAYLOAD_LIMIT_BYTES } from "../record/payload.ts";
import { insertCitations } from "../record/reports.ts";
import { type ApiError, notFound, okText, refuse } from "./answer.ts";
import { mayRead } from "./auth.ts";
import { refuseErased } from "./erasure.ts";
import { refuseContent } from "./quota.ts";
import type { Given, QueryShape } from "./route.ts";
import type { citationsSchema } from "./schemas.ts";
import type { HttpEnv } from "./services.ts";
import { renderLog } from "./webhooks/render.ts";

interface Posted {
  user_id: string;
  call_id: string;
  /** The JSON object that was posted. */
  citations: string;
  digest: string;
}

type Effect = Exclude<CitationsDecision, "repeated" | "conflict">;

export async function postCitations(
  c: Context<HttpEnv>,
  { body, json }: Given<QueryShape, typeof citationsSchema>,
): Promise<Response> {
  const { user_id } = c.get("apiKey");
  const call_id = c.req.param("call_id") ?? "";
  const citations = citationsText(json);
  const posted = { user_id, call_id, citations, digest: sha256Hex(citations) };
  const database = c.env.databaseOf(user_id);
  // Each pass decides on a fresh read. A hold ends once and citations are accepted once, so there are few passes.
  for (;;) {
    const cited = isCallId(call_id) ? await readCited(database, posted) : null;
    if (cited === null) {
      const erased = isCallId(call_id) ? await refuseErased(c, posted) : null;
      return erased === null ? notFound(`There is no call ${JSON.stringify(call_id)}.`) : refuse(erased);
    }
    const decision = decideCitations(citedCallOf(cited), {
      digest: posted.digest,
      isEmpty: areEmpty(body),
    });
    if (decision === "repeated") return answer(c, posted, cited.has_own_log === 1 ? "citations" : "call");
    if (decision === "conflict") {
      const message = `citations: other citations were posted for call ${JSON.stringify(call_id)} before.`;
      return refuse({ error: "CONFLICT", message, field: "citations" });
    }
    const full = decision === "release" ? null : await refuseContent(c);
    if (full !== null) return full;
    const refusal = await write(c, posted, { cited, decision });
    if (refusal !== null) return refuse(refusal);
  }
}

/** `POST /v1/postcall/calls/{call_id}/release` ends a hold as its time would. */
export async function releaseCall(c: Context<HttpEnv>): Promise<Response> {
  const call = { user_id: c.get("apiKey").user_id, call_id: c.req.param("call_id") ?? "" };
  const database = c.env.databaseOf(call.user_id);
  const due = dueAt(c.env.now(), c.env.config());
  const isCall = isCallId(call.call_id);
  const released = isCall ? await c.env.writeWithRetry(() => endHold(database, call, due)) : null;
  const [log] = isCall ? await readLogs(database, { ...call, event: "call", call_ids: [call.call_id] }) : [];
  if (log === undefined) return notFound(`There is no call ${JSON.stringify(call.call_id)}.`);
  // If the write was repeated, the first try may have ended the hold.
  if (released === null || (released.value === null && !released.repeated)) {
    const message = `The call ${JSON.stringify(call.call_id)} is not held: its status is ${shownState(log).status}.`;
    return refuse({ error: "CONFLICT", message });
  }
  if (released.value !== null)
    c.env.enqueue([{ ...call, event: "call", delivery_id: released.value, attempt: 1 }]);
  return okText(renderLog(log, { mayRead: mayRead(c) }), { status: 200 });
}

/** Always in this order, whatever the order of the body. */
const citationsText = ({ exact, write }: Json): string => {
  const { citations, corrected_transcript } = exact as Record<string, unknown>;
  return write({ citations, corrected_transcript });
};

/** Writes the decision, or returns why it can't be written. */
async function write(
  c: Context<HttpEnv>,
  posted: Posted,
  { cited, decision }: { cited: CitedLog; decision: Effect },
): Promise<ApiError | null> {
  const { user_id, call_id, digest } = posted;
  const now = c.env.now();
  const payload = payloadFor(decision, posted, { cited, now });
  const payload_bytes = Buffer.byteLength(payload);
  if (payload_bytes > PAYLOAD_LIMIT_BYTES) return tooLarge(payload_bytes, cited);
  const database = c.env.databaseOf(user_id);
  const { sweepGraceMs } = c.env.config();
  const made = { payload, payload_bytes };
  if (decision === "combine" || decision === "release") {
    const due = dueAt(now, { sweepGraceMs });
    await c.env.writeWithRetry(() =>
      endHoldByCitations(database, posted, { digest, ...made, isCombined: decision === "combine", ...due }),
    );
    return null;
  }
  const ids = { webhook_id: `msg_${crypto.randomUUID()}`, delivery_id: `dlv_${crypto.randomUUID()}` };
  const log = { user_id, call_id, ...ids, report_digest: digest, ...made, now, sweepGraceMs };
  const { url } = cited;
  await c.env.writeWithRetry(() =>
    insertCitations(database, { ...log, url, isToSend: decision === "separate" }),
  );
  return null;
}

function payloadFor(
  decision: Effect,
  { user_id, call_id, citations }: Posted,
  { cited, now }: { cited: CitedLog; now: number },
): string {
  const stored = cited.payload;
  if (stored === null) return citationsEvent({ user_id, call_id }, { citations, now });
  return decision === "combine" ? combinedPayload(stored, citations) : stored;
}

function tooLarge(bytes: number, { status, next_attempt_at }: CitedLog): ApiError {
  const size = `${bytes} bytes as compact JSON; the limit is ${PAYLOAD_LIMIT_BYTES}`;
  const message =
    status === "held" && next_attempt_at !== null
      ? `citations: the call's payload and its citations are together ${size}. The call stays held and is sent without them at ${new Date(next_attempt_at).toISOString()}, or at once if you post empty citations.`
      : `citations: their webhook is ${size}.`;
  return { error: "PAYLOAD_TOO_LARGE", message, field: "citations" };
}

/** Answers with the log that has the citations. If its first attempt is due, its message is sent again. */
async function answer(
  c: Context<HttpEnv>,
  { user_id, call_id }: Posted,
  event: "call" | "citations",
): Promise<Response> {
  const [log] = await readLogs(c.env.databaseOf(user_id), { user_id, event, call_ids: [call_id] });
  if (log === undefined) return notFound(`There is no call ${JSON.stringify(call_id)}.`);
  const isDue = log.attempts === 0 && log.next_attempt_at !== null && log.next_attempt_at <= c.env.now();
  if (isDue && log.delivery_id !== null)
    c.env.enqueue([{ user_id, call_id, event, delivery_id: log.delivery_id, attempt: 1 }]);
  return okText(renderLog(log, { mayRead: mayRead(c) }), { status: 200 });
}
