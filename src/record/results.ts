/** Writes all results of a batch in one transaction. */
import type { FaultState, NextState } from "../core/transition.ts";
import type { AttemptKey } from "../core/webhook-log.ts";
import { APPEND_ATTEMPT, AWAITING_LOG, attemptRow } from "./attempts.ts";
import { type EndpointChange, type EndpointKey, endpointOf, endpointStatement } from "./endpoints.ts";
import { appendLate, type MadeAttempt } from "./late-attempts.ts";
import { type OperationalWebhook, operationalWebhookStatement } from "./operational-webhooks.ts";
import { slotStatement } from "./pace.ts";
import { parameters } from "./parameters.ts";
import type { Wake } from "./parked.ts";
import { parkStatement, suspendedEndpointsStatement, wakeStatement } from "./parking.ts";
import { addGrown } from "./usage.ts";

/** A made attempt, and the log's next state if the log still waits for this attempt. */
export interface Result extends MadeAttempt {
  next: NextState;
  /** 1 if the log's content is to be erased. */
  erases?: 1;
}

/** An attempt that waits for its slot at an endpoint with a rate. */
export interface Slot {
  key: AttemptKey;
  next_attempt_at: number;
  sweep_at: number;
}

/** An attempt that the consumer could not process, and the log's next state. */
export interface Fault {
  key: AttemptKey;
  next: FaultState;
}

/** An attempt that was cut off before it could be recorded, for the `losses`th time. */
export interface Loss {
  key: AttemptKey;
  losses: number;
}

/** Everything that a batch writes. */
export interface Writing {
  results: readonly Result[];
  losses: readonly Loss[];
  faults: readonly Fault[];
  /** Attempts whose logs are parked if their endpoint is not active. */
  parked: readonly AttemptKey[];
  /** Attempts whose logs are parked if their org is suspended. */
  suspended: readonly AttemptKey[];
  slots: readonly Slot[];
  /** The endpoints at which logs may be parked by this. */
  parking: readonly EndpointKey[];
  endpoints: readonly EndpointChange[];
  operationalWebhooks: readonly OperationalWebhook[];
  now: number;
}

export const NOTHING: Omit<Writing, "now"> = {
  results: [],
  losses: [],
  faults: [],
  parked: [],
  suspended: [],
  slots: [],
  parking: [],
  endpoints: [],
  operationalWebhooks: [],
};

/**
 * What took effect: the attempts whose log moved on, the endpoints as they changed, the endpoints that got a time to
 * wake, and the attempts of operational webhooks. `unappended`: attempts that came too late to move their log and could
 * not be appended either.
 */
export interface Written {
  unappended: AttemptKey[];
  moved: AttemptKey[];
  changed: (EndpointKey & { version: string; wake_at: number | null })[];
  notified: AttemptKey[];
  waking: Wake[];
}

/**
 * Writes a batch's results in one transaction. A log moves on only from the attempt before, and the statement that
 * moves it appends the attempt; an endpoint moves on only from the version it was judged by. Attempts that came too
 * late to move their log are appended afterwards; if that fails, the rest holds. Repeating the whole write changes
 * nothing.
 */
export async function writeResults(db: D1Database, writing: Writing): Promise<Written> {
  const { results, losses, faults, parked, suspended, slots, parking, endpoints, now } = writing;
  const moving = [
    ...parameters(results.map(updateRow)).map((rows) => updateStatement(db, rows)),
    ...parameters(parked).map((rows) => parkStatement(db, { rows, because: "endpoint" })),
    ...parameters(suspended).flatMap((rows) => [
      parkStatement(db, { rows, because: "org" }),
      suspendedEndpointsStatement(db, rows),
    ]),
    ...parameters(slots.map(({ key, ...due }) => ({ ...key, ...due }))).map((rows) =>
      slotStatement(db, rows),
    ),
    ...parameters(faults.map(({ key, next }) => ({ ...key, ...next }))).map((rows) =>
      faultStatement(db, rows),
    ),
  ];
  const changing = endpoints.map((change) => endpointStatement(db, { ...change, now }));
  const notifying = parameters(writing.operationalWebhooks).map((rows) =>
    operationalWebhookStatement(db, rows),
  );
  const waking = parameters(parking).map((rows) => wakeStatement(db, { rows, now }));
  const grown = addGrown(db, results.filter(({ isFull }) => !isFull).map(grownBy));
  const statements = [
    ...moving,
    ...changing,
    ...notifying,
    ...waking,
    ...(grown === null ? [] : [grown]),
    ...parameters(losses.map(({ key, losses: count }) => ({ ...key, losses: count }))).map((rows) =>
      lossStatement(db, rows),
    ),
  ];
  if (statements.length === 0) return { moved: [], changed: [], notified: [], waking: [], unappended: [] };
  const answers = await db.batch<AttemptKey & Wake & { version: string }>(statements);
  const rowsOf = (start: number, { length }: { length: number }) =>
    answers.slice(start, start + length).flatMap((answer) => answer.results);
  const moved = rowsOf(0, moving);
  return {
    moved,
    unappended: await appendLate(db, results, moved),
    changed: rowsOf(moving.length, changing),
    notified: rowsOf(moving.length + changing.length, notifying),
    waking: rowsOf(moving.length + changing.length + notifying.length, waking),
  };
}

/**
 * The assumed outcome of a write that was repeated: the second try may have found the first one committed, and can't
 * tell. Sending follow-up messages is safe even if nothing took effect, because each message is checked against the
 * record.
 */
export const assumeWritten = (
  { results, faults, parked, suspended, slots, endpoints }: Writing,
  { changed, notified, waking, unappended }: Written,
): Written => ({
  unappended,
  moved: [...[...results, ...faults, ...slots].map(({ key }) => key), ...parked, ...suspended],
  changed: [...changed, ...endpoints.map((change) => ({ ...change, wake_at: null }))],
  notified,
  waking,
});

/** About what an attempt adds to its log. */
const grownBy = ({ key: { user_id }, entry }: Result) => ({
  user_id,
  bytes: entry.response_body.length + JSON.stringify(entry.response_headers).length,
});

const updateRow = ({ key, entry, next, erases, isFull }: Result) => ({
  ...attemptRow(key, entry, { isFull }),
  ...next,
  ...(erases && { erases }),
});

/**
 * Log `l` has ended or was parked meanwhile: its delivery failed through a fault of ours, or its endpoint is not
 * active. A late outcome is counted and may still end the log, but it makes nothing due.
 */
const STAYS_UNDUE = "(l.next_attempt_at IS NULL AND j.value ->> 'status' = 'retrying')";

/** A failed trial of log `l` is parked again. An endpoint that was forgotten meanwhile would never release it. */
const PARKS = `(j.value ->> 'parked' IS NOT NULL AND EXISTS (
  SELECT 1 FROM endpoints AS e WHERE e.user_id = l.user_id AND e.url = ${endpointOf("l.url")}))`;

/** A column's new value: null if the log is not due. */
const ifDue = (column: string): string => `iif(${STAYS_UNDUE} OR ${PARKS}, NULL, j.value ->> '${column}')`;

/** When the content of log `l` is erased: once it is delivered, and no citations are awaited. */
const ERASE_AT = `iif(j.value ->> 'erases' IS NULL, NULL, (
  SELECT max(j.value ->> 'sent_at', iif(l.wants_citations IS NULL OR l.citations_digest IS NOT NULL, 0,
    l.created_at + 1000 * s.citations_timeout_seconds)) FROM orgs AS s WHERE s.user_id = l.user_id))`;

const updateStatement = (db: D1Database, rows: string) =>
  db
    .prepare(
      `UPDATE webhook_logs AS l SET attempts = j.value ->> 'attempt', losses = 0, faults = 0, ${APPEND_ATTEMPT},
         status = iif(${STAYS_UNDUE}, l.status, j.value ->> 'status'),
         reason = iif(${STAYS_UNDUE}, l.reason, j.value ->> 'reason'),
         parked = CASE WHEN ${STAYS_UNDUE} THEN l.parked WHEN ${PARKS} THEN j.value ->> 'parked' END,
         trials = CASE WHEN ${STAYS_UNDUE} THEN l.trials WHEN ${PARKS} THEN j.value ->> 'trials' END,
         spared = nullif(coalesce(l.spared, 0) + (j.value ->> 'spared'), 0),
         next_attempt_at = ${ifDue("next_attempt_at")}, sweep_at = ${ifDue("sweep_at")}, erase_at = ${ERASE_AT}
       FROM json_each(?1) AS j WHERE ${AWAITING_LOG}
       RETURNING user_id, call_id, event, delivery_id, attempts AS attempt`,
    )
    .bind(rows);

const faultStatement = (db: D1Database, rows: string) =>
  db
    .prepare(
      `UPDATE webhook_logs AS l SET status = j.value ->> 'status', reason = j.value ->> 'reason',
         faults = j.value ->> 'faults', parked = NULL, next_attempt_at = j.value ->> 'next_attempt_at', sweep_at = j.value ->> 'sweep_at'
       FROM json_each(?1) AS j WHERE ${AWAITING_LOG} AND l.next_attempt_at IS NOT NULL
         AND l.faults = (j.value ->> 'faults') - 1
       RETURNING user_id, call_id, event, delivery_id, attempts + 1 AS attempt`,
    )
    .bind(rows);

/** The count is part of the condition, so that a repeated write counts a loss once. */
const lossStatement = (db: D1Database, rows: string) =>
  db
    .prepare(
      `UPDATE webhook_logs AS l SET losses = j.value ->> 'losses' FROM json_each(?1) AS j
       WHERE ${AWAITING_LOG} AND l.losses = (j.value ->> 'losses') - 1`,
    )
    .bind(rows);
