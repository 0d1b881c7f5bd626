/**
 * What resend and create share: they send all calls or none, start a delivery where one is needed, wait for the first
 * attempts, and answer with the logs.
 */
import type { Context } from "hono";
import type { Json } from "../../core/json.ts";
import { type RefusalReason, type SendableLog, startsDelivery } from "../../core/refusal.ts";
import { dueAt } from "../../core/transition.ts";
import type { LogEvent, LogKey } from "../../core/webhook-log.ts";
import { makeFaultedDue, type startResends } from "../../record/deliveries.ts";
import { type Claim, dropClaim } from "../../record/idempotency.ts";
import { readFirstAttempts, readLogs, readStates } from "../../record/logs.ts";
import { readRuns } from "../../record/payload.ts";
import { type ApiError, okStream, refuse, unavailable } from "../answer.ts";
import { mayRead } from "../auth.ts";
import { refuseSends } from "../quota.ts";
import type { HttpEnv } from "../services.ts";
import { answered, REPLAYED, readIdempotencyKey, refuseUnderWay } from "./idempotency.ts";
import { readPrefer } from "./prefer.ts";
import { renderLog } from "./render.ts";

export interface ManualSend {
  call_ids: readonly string[];
  event: LogEvent;
  refusalOf: (log: SendableLog | undefined) => RefusalReason | null;
  /** Whether this log needs a new delivery. Otherwise its current one is joined. */
  isToStart: (log: SendableLog) => boolean;
  /** Writes the new deliveries if the logs are still as they were read. */
  start: typeof startResends;
}

/** The most that one answer holds of payloads and attempts, in bytes. */
const ANSWER_LIMIT_BYTES = 32 * 1_024 * 1_024;

/** `json` is the request's body: a repeated request is recognised by it. */
export async function sendManually(c: Context<HttpEnv>, json: Json, sending: ManualSend): Promise<Response> {
  const read = await readIdempotencyKey(c, json);
  if (read.kind === "refused") return read.refusal;
  if (read.kind === "repeated") return answerRepeated(c, sending);
  const full = await refuseSends(c);
  if (full !== null) return full;
  const { claim } = read;
  const started = await startDeliveries(c, sending, claim);
  if (started instanceof Response) return started;
  const { waitMs, applied } = readPrefer(c.req.header("prefer"));
  const complete = await waitForFirstAttempts(c, sending, { deliveries: started.deliveries, waitMs });
  await answered(c, claim);
  const headers = applied === null ? {} : { "preference-applied": applied };
  const status = complete || applied === null ? 200 : 202;
  return okStream(await openParts(c, sending, started.states), { status, headers });
}

/** The calls as they are now. Those that have been removed since are left out. */
async function answerRepeated(c: Context<HttpEnv>, sending: ManualSend): Promise<Response> {
  const { user_id } = c.get("apiKey");
  const { event, call_ids } = sending;
  const states = await readStates(c.env.databaseOf(user_id), { user_id, event, call_ids });
  return (
    refuseSize(states) ?? okStream(await openParts(c, sending, states), { status: 200, headers: REPLAYED })
  );
}

interface Started {
  states: SendableLog[];
  /** The delivery to wait for, by call id. */
  deliveries: Map<string, string>;
}

/** Starts the deliveries, or refuses the whole request. */
async function startDeliveries(
  c: Context<HttpEnv>,
  sending: ManualSend,
  claim: Claim | null,
): Promise<Started | Response> {
  const { event, call_ids } = sending;
  const { user_id, id: requested_by } = c.get("apiKey");
  const database = c.env.databaseOf(user_id);
  const states = await readStates(database, { user_id, event, call_ids });
  const refused = refusalsOf(sending, states);
  if (refused.length > 0) return refuse(refused);
  const tooLarge = refuseSize(states);
  if (tooLarge !== null) return tooLarge;
  const starts = states.filter(sending.isToStart).map(({ call_id, delivery_ordinal }) => ({
    user_id,
    call_id,
    event,
    delivery_ordinal,
    delivery_id: `dlv_${crypto.randomUUID()}`,
  }));
  const due = dueAt(c.env.now(), c.env.config());
  const start = () => sending.start(database, { starts, requested_by, claim, ...due });
  const isToWrite = starts.length > 0 || claim !== null;
  const { value, repeated } = isToWrite ? await c.env.writeWithRetry(start) : NOTHING_STARTED;
  if (!value.isOurs) return refuseUnderWay();
  const { began } = value;
  if (began.size === states.length) {
    c.env.enqueue(starts.map(firstAttempt));
    return { states, deliveries: deliveriesOf(starts) };
  }
  // A call that got no new delivery has one from an earlier or simultaneous request, or from this one if the write
  // was repeated. The record knows which.
  const current = await readStates(database, { user_id, event, call_ids });
  const deliveries = deliveriesOf(current);
  const isOurs = starts.some(
    ({ call_id, delivery_id }) => began.has(call_id) || deliveries.get(call_id) === delivery_id,
  );
  const refusedLate = isOurs ? [] : refusalsOf(sending, current);
  if (refusedLate.length > 0) {
    if (repeated) return refuseUncertain(refusedLate); // the key stays: with it nothing is sent again
    if (claim !== null) await dropClaim(database, claim);
    return refuse(refusedLate);
  }
  await enqueueUnmade(c, current);
  return { states, deliveries };
}

const NOTHING_STARTED = { value: { isOurs: true, began: new Set<string>() }, repeated: false };

const firstAttempt = ({ user_id, call_id, event, delivery_id }: LogKey & { delivery_id: string }) => ({
  user_id,
  call_id,
  event,
  delivery_id,
  attempt: 1,
});

/**
 * Enqueues all first attempts that are still to be made, including those of joined deliveries: their message may be
 * lost, and a repeated message is not sent twice. An attempt that waits after a consumer fault becomes due now.
 */
async function enqueueUnmade(c: Context<HttpEnv>, logs: readonly SendableLog[]): Promise<void> {
  const toCome = logs.flatMap(({ delivery_id, ...log }) =>
    delivery_id === null || startsDelivery(log) ? [] : [{ ...log, delivery_id }],
  );
  const now = c.env.now();
  const later = toCome.filter(({ next_attempt_at }) => (next_attempt_at ?? now) > now).map(firstAttempt);
  const [first] = later;
  if (first !== undefined) {
    const database = c.env.databaseOf(first.user_id);
    await c.env.writeWithRetry(() =>
      makeFaultedDue(database, { keys: later, ...dueAt(now, c.env.config()) }),
    );
  }
  c.env.enqueue(toCome.map(firstAttempt));
}

const deliveriesOf = (
  logs: readonly { call_id: string; delivery_id: string | null }[],
): Map<string, string> =>
  new Map(logs.flatMap(({ call_id, delivery_id }) => (delivery_id === null ? [] : [[call_id, delivery_id]])));

const REFUSALS: Record<RefusalReason, string> = {
  not_found: "There is no such call.",
  no_webhook: "The call has no webhook; create one first.",
  webhook_exists: "The call has a webhook already; resend it instead.",
  held: "It is held for its citations. It is sent when they arrive or their time is over.",
  payload_erased: "Its payload was erased once its call was delivered.",
  endpoint_disabled: "Its endpoint is disabled; enable it first.",
};

/** One error for each call that is refused. */
function refusalsOf({ call_ids, refusalOf }: ManualSend, states: readonly SendableLog[]): ApiError[] {
  const stateOf = new Map(states.map((state) => [state.call_id, state]));
  return call_ids.flatMap((call_id): ApiError[] => {
    const reason = refusalOf(stateOf.get(call_id));
    if (reason === null) return [];
    return [
      {
        error: "invalid_parameter",
        message: `call_ids: ${call_id}: ${REFUSALS[reason]}`,
        field: "call_ids",
        call_id,
        reason,
      },
    ];
  });
}

/** The refused calls may have been sent by this very request, whose first answer from the record was lost. */
function refuseUncertain(refused: readonly ApiError[]): Response {
  const ids = refused.map(({ call_id }) => call_id).join(", ");
  return unavailable(
    `call_ids: the record's answer was lost, and ${ids} may have been sent. Look at their logs.`,
  );
}

function refuseSize(states: readonly SendableLog[]): Response | null {
  const bytes = states.reduce((sum, { answer_bytes }) => sum + answer_bytes, 0);
  if (bytes <= ANSWER_LIMIT_BYTES) return null;
  const message = `call_ids: these calls have ${bytes} bytes of payload and attempts together; one request takes at most ${ANSWER_LIMIT_BYTES}.`;
  return refuse({ error: "PAYLOAD_TOO_LARGE", message, field: "call_ids" });
}

const FIRST_POLL_MS = 50;
const LONGEST_POLL_MS = 1_000;

/** True once the record has the first attempt of every delivery; false if the wait is over before. */
export async function waitForFirstAttempts(
  c: Context<HttpEnv>,
  { event }: Pick<ManualSend, "event">,
  { deliveries, waitMs }: { deliveries: Map<string, string>; waitMs: number },
): Promise<boolean> {
  const { user_id } = c.get("apiKey");
  const database = c.env.databaseOf(user_id);
  const awaited = new Map(deliveries);
  const until = c.env.now() + waitMs;
  for (let pause = FIRST_POLL_MS; ; pause = Math.min(2 * pause, LONGEST_POLL_MS)) {
    const made = await readFirstAttempts(database, { user_id, event, deliveries: awaited });
    for (const call_id of made) awaited.delete(call_id);
    const left = until - c.env.now();
    if (awaited.size === 0 || left <= 0) return awaited.size === 0;
    await scheduler.wait(Math.min(pause, left));
  }
}

/**
 * The logs' JSON in parts. The first part is read before the answer begins, so that an error can still set the
 * status.
 */
async function openParts(c: Context<HttpEnv>, { event }: ManualSend, states: readonly SendableLog[]) {
  const { user_id } = c.get("apiKey");
  const database = c.env.databaseOf(user_id);
  async function* parts() {
    let separator = "";
    for (const run of readRuns(states)) {
      const logs = await readLogs(database, { user_id, event, call_ids: run.map(({ call_id }) => call_id) });
      if (logs.length === 0) continue; // they were erased while this waited
      yield separator + logs.map((log) => renderLog(log, { mayRead: mayRead(c) })).join(",");
      separator = ",";
    }
  }
  const rest = parts();
  const first = await rest.next();
  return (async function* () {
    if (first.done !== true) yield first.value;
    yield* rest;
  })();
}
