/**
 * Inserts the logs of reported calls and of their citations. Each insert is one statement, and the commit point of
 * its request.
 */

import { FIRST_STATES, type FirstConditions } from "../core/citations.ts";
import type { Parking } from "../core/endpoint.ts";
import type { LogState } from "../core/webhook-log.ts";
import { isStorageUnavailable } from "./availability.ts";
import { endpointOf } from "./endpoints.ts";
import { IS_NOT_ERASED } from "./erasure.ts";
import { openGroupCommit } from "./group-commit.ts";
import { putPayload, putSql } from "./payload.ts";
import { createdAt } from "./walk.ts";

/** What every new log has. A held one is late `sweepGraceMs` after it was due; others are found by the sweep's walk. */
interface NewLog {
  user_id: string;
  call_id: string;
  webhook_id: string;
  /** The id of its first delivery, if it has one. */
  delivery_id: string;
  report_digest: string;
  payload: string;
  payload_bytes: number;
  now: number;
  sweepGraceMs: number;
}

/** A reported call's log. What the report leaves open is taken from the number and the org at this moment. */
export interface NewReport extends NewLog {
  /** The members of the report other than the payload, as JSON text. */
  report_options: string;
  /** `filled` if a SIP code changed the payload; null if it is as it was reported. */
  payload_altered: "filled" | null;
  /** As given: null means no webhook, undefined means what the settings say. */
  webhook: string | null | undefined;
  webhook_events: readonly string[] | undefined;
  /** The number that was called, if its settings apply. */
  phone_number: string | null;
  isCompleted: boolean;
  /** The payload's `to` and `from`, if they are short texts. */
  to_number: string | null;
  from_number: string | null;
  /** The payload's `inbound`, if it is true or false. */
  inbound: boolean | null;
}

/**
 * A log of citations. `url` is the call's as it was read. Nothing is written if that has changed or the call has
 * citations already.
 */
export interface NewCitations extends NewLog {
  url: string | null;
  isToSend: boolean;
}

/** What the insert decided. */
export type Inserted = Pick<LogState, "url" | "status" | "reason" | "created_at" | "next_attempt_at"> &
  Parking;

/**
 * Inserts a log from a row (event, url, state, due, wants_citations, …), unless its key is taken or its call was erased. Each LIMIT keeps
 * SQLite from computing that row again for every column. The endpoint's state is read in the same statement, so that
 * nothing changes it in between.
 */
const insertFrom = (
  source: string,
): string => `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload,
    payload_encoding, payload_bytes, to_number, from_number, delivery_id, delivery_ordinal, send_type, attempts, losses, status, reason, next_attempt_at,
    sweep_at, parked, trials, wants_citations, report_options, payload_altered, inbound, erase_at)
  SELECT ?1, ?2, event, ?3, url, created_at, ?5, ${putSql("?6", "?10")}, ?10, ?7, to_number, from_number, iif(url IS NULL, NULL, ?4), url IS NOT NULL,
    iif(url IS NULL, NULL, 'spawn'), 0, 0, iif(state = 'parked', 'pending', state), iif(state = 'held', 'awaiting_citations', NULL),
    due, iif(state = 'held', due + ?9, NULL), iif(state = 'parked', created_at, NULL), iif(state = 'parked', 0, NULL),
    wants_citations, report_options, payload_altered, inbound, erase_at
  FROM (SELECT *, ${createdAt("?8")} AS created_at FROM (${source} LIMIT 1) LIMIT 1) WHERE ${IS_NOT_ERASED}
  ON CONFLICT DO NOTHING RETURNING url, status, reason, created_at, next_attempt_at, parked, iif(parked IS NULL, NULL, (
    SELECT e.state FROM endpoints AS e WHERE e.user_id = ?1 AND e.url = ${endpointOf("webhook_logs.url")})) AS endpoint_state`;

const ENDPOINT_IS = (states: string) => `EXISTS (
  SELECT 1 FROM endpoints AS e WHERE e.user_id = ?1 AND e.url = ${endpointOf("d.url")} AND ${states})`;

/**
 * The table of `core/citations.ts` as an SQL expression over a row `d` (url). The caller gives the conditions for
 * `held`.
 */
function firstStateSql(held: Record<"wanted" | "delayed" | "completed", string>): string {
  const conditions: Record<keyof FirstConditions, string> = {
    hasUrl: "url IS NOT NULL",
    isDisabled: ENDPOINT_IS("e.state = 'disabled'"),
    // A degraded endpoint that sleeps has to be given a time to wake, and that is done by the batch which parks a call.
    isParking: ENDPOINT_IS("(e.state = 'paused' OR (e.state = 'degraded' AND e.wake_at IS NOT NULL))"),
    ...held,
  };
  const rows = FIRST_STATES.map(({ state, when }) => {
    const holding = Object.entries(when).map(
      ([name, is]) => `(${conditions[name as keyof FirstConditions]}) IS ${is ? "" : "NOT "}TRUE`,
    );
    return `WHEN ${holding.join(" AND ")} THEN '${state}'`;
  });
  return `CASE ${rows.join(" ")} ELSE 'pending' END`;
}

const REPORT = insertFrom(`
  SELECT 'call' AS event, url, state, wants_citations, nullif(?16, '{}') AS report_options, ?17 AS payload_altered,
    ?18 AS to_number, ?19 AS from_number, ?20 AS inbound,
    CASE state WHEN 'pending' THEN ?8 WHEN 'held' THEN ?8 + 1000 * citations_timeout_seconds END AS due,
    NULL AS erase_at
  FROM (
    SELECT *, ${firstStateSql({ wanted: "wants_citations", delayed: "delay_for_citations", completed: "?15" })} AS state
    FROM (
      SELECT iif(?11, ?12, coalesce(n.webhook, o.default_webhook)) AS url,
        iif(instr(coalesce(?13, n.webhook_events, o.webhook_events), '"citations"'), 1, NULL) AS wants_citations,
        o.delay_for_citations, o.citations_timeout_seconds
      FROM orgs AS o -- of an org that was erased meanwhile nothing is written
        LEFT JOIN numbers AS n ON n.user_id = ?1 AND n.phone_number = ?14
      WHERE o.user_id = ?1
    ) AS d LIMIT 1
  )`);

const CITATIONS = insertFrom(`
  SELECT 'citations' AS event, url, NULL AS wants_citations, NULL AS report_options, NULL AS payload_altered,
    to_number, from_number, inbound, iif(state = 'pending', ?8, NULL) AS due, state, iif(url IS NULL AND is_erased, ?8, NULL) AS erase_at
  FROM (
    SELECT url, to_number, from_number, inbound, is_erased, ${firstStateSql({ wanted: "false", delayed: "false", completed: "false" })} AS state
    FROM (
      SELECT iif(?11, url, NULL) AS url, to_number, from_number, inbound, payload_erased_at IS NOT NULL AS is_erased
      FROM webhook_logs WHERE user_id = ?1 AND call_id = ?2 AND event = 'call'
        AND url IS ?12 AND status <> 'held' AND citations_digest IS NULL
    ) AS d LIMIT 1
  )`);

/** A payload longer than this, in characters, is written by itself: nobody else's report waits for it. */
const GROUP_PAYLOAD_CHARACTERS = 65_536;

/** Inserts a call's log, together with others that come at the same time; null if the call was reported before. */
export function insertReport(db: D1Database, log: NewReport): Promise<Inserted | null> {
  const statement = insertStatement(db, REPORT, log, [
    log.webhook === undefined ? 0 : 1,
    log.webhook ?? null,
    log.webhook_events === undefined ? null : JSON.stringify(log.webhook_events),
    log.phone_number,
    log.isCompleted ? 1 : 0,
    log.report_options,
    log.payload_altered,
    log.to_number,
    log.from_number,
    log.inbound === null ? null : Number(log.inbound),
  ]);
  const isLarge = log.payload.length > GROUP_PAYLOAD_CHARACTERS;
  return isLarge ? statement.first<Inserted>() : groupCommitOf(db)(statement);
}

/** The group commit of each database in this isolate. */
const groupCommits = new WeakMap<D1Database, (insert: D1PreparedStatement) => Promise<Inserted | null>>();
function groupCommitOf(db: D1Database) {
  const groupCommit =
    groupCommits.get(db) ??
    openGroupCommit({
      commit: async (inserts: readonly D1PreparedStatement[]) => {
        const [single, ...more] = inserts;
        if (single !== undefined && more.length === 0) return [await single.first<Inserted>()];
        return (await db.batch<Inserted>([...inserts])).map(({ results }) => results[0] ?? null);
      },
      isShared: isStorageUnavailable,
    });
  groupCommits.set(db, groupCommit);
  return groupCommit;
}

/** Inserts a log of citations; null if there is one already, or if the call is not as it was read. */
export const insertCitations = (db: D1Database, log: NewCitations): Promise<Inserted | null> =>
  insertStatement(db, CITATIONS, log, [log.isToSend ? 1 : 0, log.url]).first<Inserted>();

function insertStatement(db: D1Database, statement: string, log: NewLog, further: readonly unknown[]) {
  const { payload, payload_encoding, payload_bytes } = putPayload(log.payload, log.payload_bytes);
  const { user_id, call_id, webhook_id, delivery_id, report_digest, now, sweepGraceMs } = log;
  return db
    .prepare(statement)
    .bind(
      ...[
        user_id,
        call_id,
        webhook_id,
        delivery_id,
        report_digest,
        payload,
        payload_bytes,
        now,
        sweepGraceMs,
        payload_encoding,
      ],
      ...further,
    );
}
