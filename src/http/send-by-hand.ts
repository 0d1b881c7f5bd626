/**
 * What resend and create share: all calls or none, one delivery for each call that needs one, a wait for the first
 * attempts, and the logs as they then are.
 */
import type { Context } from "hono";
import type { RefusalReason } from "../core/refusal.ts";
import { dueAt } from "../core/transition.ts";
import type { LogEvent, SendableLog } from "../core/webhook-log.ts";
import type { startResends } from "../record/deliveries.ts";
import { readFirstAttempts, readLogs, readStates } from "../record/logs.ts";
import { payloadRuns } from "../record/payload.ts";
import { type ApiError, okStream, refuse } from "./answer.ts";
import { readPrefer } from "./prefer.ts";
import type { HttpEnv } from "./services.ts";
import { renderLog } from "./webhook-log.ts";

export interface Sending {
  call_ids: readonly string[];
  event: LogEvent;
  refusalOf: (log: SendableLog | undefined) => RefusalReason | null;
  /** Whether a delivery is to be started for this log; otherwise its current one serves. */
  isToStart: (log: SendableLog) => boolean;
  /** Writes the new deliveries, where the logs still are as they were read, and returns the call ids that got one. */
  start: typeof startResends;
}

/** What one answer holds at most, in bytes of stored payload. */
const ANSWER_LIMIT_BYTES = 32 * 1_024 * 1_024;

export async function sendByHand(c: Context<HttpEnv>, sending: Sending): Promise<Response> {
  const started = await startDeliveries(c, sending);
  if (started instanceof Response) return started;
  const { waitMs, applied } = readPrefer(c.req.header("prefer"));
  const complete = await waitForFirstAttempts(c, sending, { deliveries: started.deliveries, waitMs });
  const headers = applied === null ? {} : { "preference-applied": applied };
  const status = complete || applied === null ? 200 : 202;
  return okStream(await openParts(c, sending, started.states), { status, headers });
}

interface Started {
  states: SendableLog[];
  /** The delivery that serves each call. */
  deliveries: Map<string, string>;
}

/** Starts what is to be started, or refuses the whole request. */
async function startDeliveries(c: Context<HttpEnv>, sending: Sending): Promise<Started | Response> {
  const { event, call_ids } = sending;
  const { user_id } = c.get("apiKey");
  const database = c.env.databaseOf(user_id);
  const states = await readStates(database, { user_id, event, call_ids });
  const refusal = refuseAny(sending, states) ?? refuseSize(states);
  if (refusal !== null) return refusal;
  const starts = states.filter(sending.isToStart).map(({ call_id, delivery_ordinal }) => ({
    user_id,
    call_id,
    event,
    delivery_ordinal,
    delivery_id: `dlv_${crypto.randomUUID()}`,
  }));
  const due = dueAt(c.env.now(), c.env.config());
  const start = () => sending.start(database, { starts, ...due });
  const began = starts.length > 0 ? await c.env.inPlace(start) : new Set();
  const isWhole = began.size === states.length;
  // What did not begin is served by a delivery decided before or at the same time, or by this one, where the write was
  // made twice: the record knows which.
  const current = isWhole ? states : await readStates(database, { user_id, event, call_ids });
  const deliveryOf = deliveriesOf(current);
  const begun = starts.filter(
    ({ call_id, delivery_id }) => began.has(call_id) || deliveryOf.get(call_id) === delivery_id,
  );
  c.env.enqueue(
    begun.map(({ call_id, delivery_id }) => ({ user_id, call_id, event, delivery_id, attempt: 1 })),
  );
  if (isWhole) return { states, deliveries: deliveriesOf(begun) };
  const lateRefusal = begun.length === 0 ? refuseAny(sending, current) : null;
  return lateRefusal ?? { states, deliveries: deliveryOf };
}

const deliveriesOf = (
  logs: readonly { call_id: string; delivery_id: string | null }[],
): Map<string, string> =>
  new Map(logs.flatMap(({ call_id, delivery_id }) => (delivery_id === null ? [] : [[call_id, delivery_id]])));

const REFUSALS: Record<RefusalReason, string> = {
  not_found: "There is no such call.",
  no_webhook: "The call has no webhook; create one first.",
  webhook_exists: "The call has a webhook already; resend it instead.",
  held: "It is held for its citations, and goes out by itself once they come or are too late.",
  endpoint_disabled: "Its endpoint is disabled; enable it first.",
};

/** One error for each call that is refused, or null where none is. */
function refuseAny({ call_ids, refusalOf }: Sending, states: readonly SendableLog[]): Response | null {
  const stateOf = new Map(states.map((state) => [state.call_id, state]));
  const errors = call_ids.flatMap((call_id): ApiError[] => {
    const reason = refusalOf(stateOf.get(call_id));
    if (reason === null) return [];
    return [
      { error: "invalid_parameter", message: `call_ids: ${call_id}: ${REFUSALS[reason]}`, call_id, reason },
    ];
  });
  return errors.length === 0 ? null : refuse(errors);
}

function refuseSize(states: readonly SendableLog[]): Response | null {
  const bytes = states.reduce((sum, { payload_bytes }) => sum + payload_bytes, 0);
  if (bytes <= ANSWER_LIMIT_BYTES) return null;
  const message = `call_ids: these calls hold ${bytes} bytes of payload together; at most ${ANSWER_LIMIT_BYTES} are sent at once.`;
  return refuse({ error: "PAYLOAD_TOO_LARGE", message });
}

const FIRST_POLL_MS = 50;
const LONGEST_POLL_MS = 1_000;

/** True once every delivery has its first attempt in the record; false where some have not when the wait is over. */
export async function waitForFirstAttempts(
  c: Context<HttpEnv>,
  { event }: Pick<Sending, "event">,
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

/** The logs' JSON in parts; the first is read before the answer begins, so that trouble there still has a status. */
async function openParts(c: Context<HttpEnv>, { event }: Sending, states: readonly SendableLog[]) {
  const { user_id } = c.get("apiKey");
  const database = c.env.databaseOf(user_id);
  async function* parts() {
    let separator = "";
    for (const run of payloadRuns(states)) {
      const logs = await readLogs(database, { user_id, event, call_ids: run.map(({ call_id }) => call_id) });
      yield separator + logs.map(renderLog).join(",");
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
