/**
 * Writes the deliveries of manual sends: resends and creates. Each write names the state of the log that it was
 * decided on. Also makes joined deliveries due.
 */

import type { AttemptKey, LogKey, SendType } from "../core/webhook-log.ts";
import { type Claim, claimText, isClaimed, writeWithClaim } from "./idempotency.ts";

/** A delivery to start if the log still has this `delivery_ordinal`. */
interface Start extends LogKey {
  delivery_id: string;
  delivery_ordinal: number;
}

interface StartRequest {
  starts: readonly Start[];
  next_attempt_at: number;
  sweep_at: number;
  /** The id of the key that asks. */
  requested_by: string;
  /** Null if the request has no idempotency key. */
  claim: Claim | null;
}

/** The call ids whose delivery was started. None were if another request has the idempotency key. */
interface StartOutcome {
  isOurs: boolean;
  began: Set<string>;
}

const START = `status = 'pending', reason = NULL, delivery_id = j.value ->> 'delivery_id',
  delivery_ordinal = l.delivery_ordinal + 1, send_type = ?2, attempts = 0, losses = 0, faults = 0,
  next_attempt_at = ?3, sweep_at = ?4, parked = NULL, trials = NULL, spared = NULL, erase_at = NULL, requested_by = ?5`;

/** Every part of the key comes from the row: with a constant among them, SQLite would walk all logs of the org. */
const STARTED_LOG = `l.user_id = j.value ->> 'user_id' AND l.call_id = j.value ->> 'call_id'
  AND l.event = j.value ->> 'event' AND l.delivery_ordinal = j.value ->> 'delivery_ordinal'
  AND l.payload_erased_at IS NULL AND ${isClaimed("?6")}`;

/**
 * Starts resends. If a log has got a newer delivery meanwhile, nothing is started: the resend joins that delivery.
 */
export async function startResends(db: D1Database, request: StartRequest): Promise<StartOutcome> {
  const statement = db.prepare(
    `UPDATE webhook_logs AS l SET ${START} FROM json_each(?1) AS j WHERE ${STARTED_LOG} RETURNING call_id`,
  );
  return startedBy(db, request, statement.bind(...bindings(request, "resend")));
}

/**
 * Starts the first deliveries of calls that were stored without a webhook. If one of them has got a webhook
 * meanwhile, none is started.
 */
export async function startCreates(
  db: D1Database,
  request: StartRequest & { url: string },
): Promise<StartOutcome> {
  const statement = db.prepare(
    `UPDATE webhook_logs AS l SET ${START}, url = ?7 FROM json_each(?1) AS j WHERE ${STARTED_LOG}
     AND json_array_length(?1) = (
       SELECT count(*) FROM json_each(?1) AS other CROSS JOIN webhook_logs AS o
       ON o.user_id = other.value ->> 'user_id' AND o.call_id = other.value ->> 'call_id'
         AND o.event = other.value ->> 'event' AND o.url IS NULL AND o.payload_erased_at IS NULL
     ) RETURNING call_id`,
  );
  return startedBy(db, request, statement.bind(...bindings(request, "create"), request.url));
}

/** Makes first attempts due that wait after a consumer fault. Other logs, and parked ones, are left as they are. */
export async function makeFaultedDue(
  db: D1Database,
  due: { keys: readonly AttemptKey[]; next_attempt_at: number; sweep_at: number },
): Promise<void> {
  await db
    .prepare(
      `UPDATE webhook_logs AS l SET next_attempt_at = ?2, sweep_at = ?3 FROM json_each(?1) AS j
       WHERE l.user_id = j.value ->> 'user_id' AND l.call_id = j.value ->> 'call_id' AND l.event = j.value ->> 'event'
         AND l.delivery_id = j.value ->> 'delivery_id' AND l.status = 'pending' AND l.attempts = 0 AND l.faults > 0
         AND l.parked IS NULL AND l.next_attempt_at > ?2`,
    )
    .bind(JSON.stringify(due.keys), due.next_attempt_at, due.sweep_at)
    .run();
}

const bindings = (request: StartRequest, sendType: SendType) => [
  JSON.stringify(request.starts),
  sendType,
  request.next_attempt_at,
  request.sweep_at,
  request.requested_by,
  claimText(request.claim),
];

async function startedBy(
  db: D1Database,
  { starts, claim }: StartRequest,
  statement: D1PreparedStatement,
): Promise<StartOutcome> {
  const write = starts.length > 0 ? statement : null;
  const { isOurs, rows } = await writeWithClaim<{ call_id: string }>(db, claim, write);
  return { isOurs, began: new Set(rows.map((row) => row.call_id)) };
}
