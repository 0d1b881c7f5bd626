/** Writes all results of a batch in one transaction. */
import type { FaultState, NextState } from "../core/transition.ts";
import { type AttemptEntry, type AttemptKey, attemptKeyText, logKeyText } from "../core/webhook-log.ts";
import { APPEND_ATTEMPT, attemptRow, IS_NEW_ATTEMPT } from "./attempts.ts";
import { type EndpointChange, endpointOf, endpointStatement } from "./endpoints.ts";
import { type OperationalWebhook, operationalWebhookStatement } from "./operational-webhooks.ts";

/** A made attempt, and the log's next state if the log still waits for this attempt. */
export interface Result {
  key: AttemptKey;
  entry: AttemptEntry;
  next: NextState;
}

/** An attempt that is deferred until its endpoint recovers, or until `next_attempt_at`. */
export interface Deferral {
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
  deferred: readonly Deferral[];
  /** Attempts whose endpoint is disabled: their logs are parked until it is enabled. */
  disabled: readonly AttemptKey[];
  endpoints: readonly EndpointChange[];
  operationalWebhooks: readonly OperationalWebhook[];
}

export const NOTHING: Writing = {
  results: [],
  losses: [],
  faults: [],
  deferred: [],
  disabled: [],
  endpoints: [],
  operationalWebhooks: [],
};

/**
 * What took effect: the attempts whose log moved on, the endpoints' new versions, and the attempts of operational
 * webhooks. `unappended`: attempts that came too late to move their log and could not be appended either.
 */
export interface Written {
  unappended: AttemptKey[];
  moved: AttemptKey[];
  versions: string[];
  notified: AttemptKey[];
}

/** The largest JSON parameter of a statement, in characters: D1 refuses parameters over 2 MB. */
const PARAMETER_LIMIT_CHARACTERS = 500_000;

/**
 * Writes a batch's results in one transaction. A log moves on only from the attempt before, and the statement that
 * moves it appends the attempt; an endpoint moves on only from the version it was judged by. Attempts that came too
 * late to move their log are appended afterwards; if that fails, the rest holds. Repeating the whole write changes
 * nothing.
 */
export async function writeResults(db: D1Database, writing: Writing): Promise<Written> {
  const { results, losses, faults, deferred, disabled, endpoints, operationalWebhooks } = writing;
  const moving = [
    ...parameters(results.map(updateRow)).map((rows) => updateStatement(db, rows)),
    ...parameters(deferred.map(({ key, ...due }) => ({ ...key, ...due }))).map((rows) =>
      deferStatement(db, rows),
    ),
    ...parameters(disabled).map((rows) => disableStatement(db, rows)),
    ...parameters(faults.map(({ key, next }) => ({ ...key, ...next }))).map((rows) =>
      faultStatement(db, rows),
    ),
  ];
  const changing = endpoints.map((change) => endpointStatement(db, change));
  const notifying = parameters(operationalWebhooks).map((rows) => operationalWebhookStatement(db, rows));
  const statements = [
    ...moving,
    ...changing,
    ...notifying,
    ...parameters(losses.map(({ key, losses: count }) => ({ ...key, losses: count }))).map((rows) =>
      lossStatement(db, rows),
    ),
  ];
  if (statements.length === 0) return { moved: [], versions: [], notified: [], unappended: [] };
  const answers = await db.batch<AttemptKey & { version: string }>(statements);
  const rowsOf = (start: number, { length }: { length: number }) =>
    answers.slice(start, start + length).flatMap((answer) => answer.results);
  const moved = rowsOf(0, moving);
  return {
    moved,
    unappended: await appendLate(db, results, moved),
    versions: rowsOf(moving.length, changing).map(({ version }) => version),
    notified: rowsOf(moving.length + changing.length, notifying),
  };
}

/**
 * The assumed outcome of a write that was repeated: the second try may have found the first one committed, and can't
 * tell. Sending follow-up messages is safe even if nothing took effect, because each message is checked against the
 * record.
 */
export const assumeWritten = (
  { results, faults, deferred, disabled, endpoints }: Writing,
  { versions, notified, unappended }: Written,
): Written => ({
  unappended,
  moved: [...[...results, ...faults, ...deferred].map(({ key }) => key), ...disabled],
  versions: [...versions, ...endpoints.map(({ version }) => version)],
  notified,
});

const updateRow = ({ key, entry, next }: Result) => ({ ...attemptRow(key, entry), ...next });

const LOG_OF_ROW = `l.user_id = j.value ->> 'user_id' AND l.call_id = j.value ->> 'call_id'
  AND l.event = j.value ->> 'event'`;

/** The log of row `j`, if it still waits for the attempt in that row. */
const AWAITING_LOG = `${LOG_OF_ROW} AND l.delivery_id = j.value ->> 'delivery_id'
  AND l.attempts = (j.value ->> 'attempt') - 1`;

/**
 * Log `l` was given up meanwhile: its delivery failed through a fault of ours, or its endpoint was disabled. A late
 * outcome is counted and may still end the log, but it starts no retries after the failure was reported.
 */
const STAYS_ENDED = "l.next_attempt_at IS NULL AND j.value ->> 'status' = 'retrying'";

const updateStatement = (db: D1Database, rows: string) =>
  db
    .prepare(
      `UPDATE webhook_logs AS l SET attempts = j.value ->> 'attempt', losses = 0, faults = 0, ${APPEND_ATTEMPT},
         status = iif(${STAYS_ENDED}, l.status, j.value ->> 'status'),
         reason = iif(${STAYS_ENDED}, l.reason, j.value ->> 'reason'),
         parked = iif(${STAYS_ENDED}, l.parked, NULL),
         next_attempt_at = iif(${STAYS_ENDED}, NULL, j.value ->> 'next_attempt_at'),
         sweep_at = iif(${STAYS_ENDED}, NULL, j.value ->> 'sweep_at')
       FROM json_each(?1) AS j WHERE ${AWAITING_LOG}
       RETURNING user_id, call_id, event, delivery_id, attempts AS attempt`,
    )
    .bind(rows);

const deferStatement = (db: D1Database, rows: string) =>
  db
    .prepare(
      `UPDATE webhook_logs AS l SET parked = 1, next_attempt_at = j.value ->> 'next_attempt_at',
         sweep_at = j.value ->> 'sweep_at'
       FROM json_each(?1) AS j WHERE ${AWAITING_LOG} AND l.next_attempt_at IS NOT NULL
       RETURNING user_id, call_id, event, delivery_id, attempts + 1 AS attempt`,
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

/** Decided here and not by the batch's read: an endpoint that was enabled meanwhile keeps its calls. */
const disableStatement = (db: D1Database, rows: string) =>
  db
    .prepare(
      `UPDATE webhook_logs AS l SET parked = 1, status = 'disabled', reason = 'endpoint_disabled',
         next_attempt_at = NULL, sweep_at = NULL
       FROM json_each(?1) AS j WHERE ${AWAITING_LOG} AND l.next_attempt_at IS NOT NULL AND EXISTS (
         SELECT 1 FROM endpoints AS e WHERE e.user_id = l.user_id AND e.url = ${endpointOf("l.url")} AND e.state = 'disabled')
       RETURNING user_id, call_id, event, delivery_id, attempts + 1 AS attempt`,
    )
    .bind(rows);

/**
 * Appends the attempts whose log did not move on by them and does not have them. They move nothing. Returns them if
 * that failed.
 */
async function appendLate(
  db: D1Database,
  results: readonly Result[],
  moved: readonly AttemptKey[],
): Promise<AttemptKey[]> {
  const known = new Set(moved.map(attemptKeyText));
  const late = results.filter(({ key }) => !known.has(attemptKeyText(key)));
  if (late.length === 0) return [];
  const rows = oncePerLog(late).flatMap((part) =>
    parameters(part.map(({ key, entry }) => attemptRow(key, entry))),
  );
  try {
    await db.batch(rows.map((part) => appendStatement(db, part)));
    return [];
  } catch (error) {
    console.error("Late attempts could not be recorded; their messages come back.", error);
    return late.map(({ key }) => key);
  }
}

const appendStatement = (db: D1Database, rows: string) =>
  db
    .prepare(
      `UPDATE webhook_logs AS l SET ${APPEND_ATTEMPT} FROM json_each(?1) AS j
       WHERE ${LOG_OF_ROW} AND ${IS_NEW_ATTEMPT}`,
    )
    .bind(rows);

/** Parts the attempts so that no part has two of one log: a statement would apply one of them and drop the other. */
function oncePerLog(results: readonly Result[]): Result[][] {
  const ofLogs = [...Map.groupBy(results, ({ key }) => logKeyText(key)).values()];
  const most = Math.max(...ofLogs.map(({ length }) => length));
  return Array.from({ length: most }, (_, index) => ofLogs.flatMap((ofLog) => ofLog[index] ?? []));
}

/** The count is part of the condition, so that a repeated write counts a loss once. */
const lossStatement = (db: D1Database, rows: string) =>
  db
    .prepare(
      `UPDATE webhook_logs AS l SET losses = j.value ->> 'losses' FROM json_each(?1) AS j
       WHERE ${AWAITING_LOG} AND l.losses = (j.value ->> 'losses') - 1`,
    )
    .bind(rows);

/** Packs rows into as few JSON arrays as the limit allows. A row over the limit goes alone. */
function parameters(rows: readonly object[]): string[] {
  const packed: string[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (size + text.length > PARAMETER_LIMIT_CHARACTERS) {
      packed.push([]);
      size = 0;
    }
    packed.at(-1)?.push(text);
    size += text.length + 1;
  }
  return packed.map((texts) => `[${texts.join(",")}]`);
}
