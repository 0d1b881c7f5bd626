/** Calls each function of the record that is about logs, from report to removal, or about the database itself. */
import { env } from "cloudflare:workers";
import { type AttemptEntry, LOG_EVENTS } from "../../../src/core/webhook-log.ts";
import { readBatch } from "../../../src/record/batch-read.ts";
import { endHold, endHoldByCitations, readCited } from "../../../src/record/citations.ts";
import { makeFaultedDue, startCreates, startResends } from "../../../src/record/deliveries.ts";
import {
  eraseCall,
  eraseContents,
  readErasedAt,
  readSent,
  removeTombstones,
} from "../../../src/record/erasure.ts";
import {
  type Claim,
  dropClaim,
  findIdempotencyKey,
  hasTooManyKeys,
  noteAnswered,
  removeIdempotencyKeys,
} from "../../../src/record/idempotency.ts";
import { findLogs, readListed } from "../../../src/record/listing.ts";
import type { LogFilter } from "../../../src/record/log-filter.ts";
import { readFirstAttempts, readHistory, readLogs, readStates } from "../../../src/record/logs.ts";
import { MIGRATIONS, missingMigrations } from "../../../src/record/migrations.ts";
import { newOperationalWebhook } from "../../../src/record/operational-webhooks.ts";
import { claimOverdue, readOverdue } from "../../../src/record/overdue.ts";
import { readLateness } from "../../../src/record/readiness.ts";
import { insertCitations, insertReport } from "../../../src/record/reports.ts";
import { writeResults } from "../../../src/record/results.ts";
import { removeEnded } from "../../../src/record/retention.ts";
import { readSlices } from "../../../src/record/stats.ts";
import { insertTestLog } from "../../../src/record/test-logs.ts";
import { readSize, tryWrite } from "../../../src/record/trial-write.ts";
import { walkStep } from "../../../src/record/walk.ts";
import { type Calls, ENDPOINT, KEY, NOW } from "./samples.ts";

const DUE = { next_attempt_at: NOW, sweep_at: NOW };
const LOG = {
  ...KEY,
  webhook_id: "msg",
  report_digest: "",
  payload: "{}",
  payload_bytes: 2,
  now: NOW,
  sweepGraceMs: 60_000,
};
const CLAIM: Claim = {
  ...{ user_id: "org", route: "/", key: "k", nonce: "n", body_digest: "", call_id: null, now: NOW },
};
const ENTRY: AttemptEntry = {
  ...{ send_type: "spawn", sent_at: NOW, response_code: 200, response_ms: 1, error: null },
  ...{ request_headers: {}, response_headers: {}, response_body: "" },
};
const HEALTH = {
  ...{ state: "active" as const, reason: null, consecutive_failures: 0, first_failure_at: null },
  ...{
    last_failure_at: null,
    last_error: null,
    recovered_at: null,
    last_success_at: null,
    disabled_at: null,
  },
};
const ALL: LogFilter = {
  ...{ events: LOG_EVENTS, is_test: false, waiting: null, number: null, prefix: null },
  ...{ status: null, reason: null, since: null, until: null, url: null, to: null, from: null },
};
const RULES = { rules: { sweepGraceMs: 60_000 }, now: NOW, newId: () => "id" };

export const CALLS_OF_LOGS: Calls = {
  readBatch: (db) =>
    readBatch(db, { keys: ["large", "fill-4"].map((call_id) => ({ ...KEY, call_id })), now: NOW }),
  readCited: (db) => readCited(db, KEY),
  endHoldByCitations: (db) =>
    endHoldByCitations(db, KEY, { digest: "", payload: "{}", payload_bytes: 2, isCombined: true, ...DUE }),
  startResends: (db) =>
    startResends(db, {
      claim: CLAIM,
      starts: [{ ...KEY, delivery_ordinal: 1 }],
      requested_by: "key",
      ...DUE,
    }),
  startCreates: (db) =>
    startCreates(db, {
      claim: CLAIM,
      starts: [{ ...KEY, delivery_ordinal: 1 }],
      requested_by: "key",
      ...DUE,
      url: ENDPOINT.url,
    }),
  makeFaultedDue: (db) => makeFaultedDue(db, { keys: [KEY], ...DUE }),
  readStates: (db) => readStates(db, { user_id: "org", event: "call", call_ids: ["call"] }),
  readLogs: (db) => readLogs(db, { user_id: "org", event: "call", call_ids: ["call"] }),
  findLogs: async (db) => {
    const search = { user_id: "org", after: undefined, limit: 1 };
    const none = { ...ALL, status: ["disabled" as const] };
    await findLogs(db, { ...search, filter: { ...none, prefix: "call" } });
    await findLogs(db, { ...search, filter: { ...none, waiting: true } });
    await findLogs(db, { ...search, filter: { ...none, waiting: true, url: ENDPOINT.url } });
  },
  readSlices: (db) =>
    readSlices(db, {
      ...{ user_id: "org", filter: ALL, overdueBefore: NOW },
      ...{ interval: "1d", since: 0, until: 300_000 },
    }),
  readListed: (db) => readListed(db, { user_id: "org", keys: [["call", "call"]] }),
  readHistory: (db) => readHistory(db, KEY),
  readFirstAttempts: (db) =>
    readFirstAttempts(db, { user_id: "org", event: "call", deliveries: new Map([["call", "dlv"]]) }),
  missingMigrations: async (db) => {
    const [newest] = MIGRATIONS.slice(-1);
    await env.DB.prepare("DELETE FROM d1_migrations WHERE name = ?").bind(newest).run();
    await missingMigrations(db);
    await env.DB.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(newest).run();
  },
  walkStep: async (db) => {
    await env.DB.prepare("DELETE FROM sweep_walk").run();
    await walkStep(db, { now: NOW, sweepGraceMs: 1 });
  },
  tryWrite: (db) => tryWrite(db),
  readSize: (db) => readSize(db),
  readOverdue: (db) => readOverdue(db, { now: NOW, limit: 100 }),
  claimOverdue: (db) => claimOverdue(db, { keys: [KEY], now: NOW, sweepGraceMs: 1 }),
  readLateness: (db) => readLateness(db, { now: NOW, sweepGraceMs: 1 }),
  insertReport: (db) =>
    insertReport(db, {
      ...LOG,
      ...{ webhook: undefined, webhook_events: undefined, phone_number: "+1", isCompleted: true },
      ...{ report_options: "{}", payload_altered: null, to_number: null, from_number: null },
      inbound: null,
    }),
  insertCitations: (db) => insertCitations(db, { ...LOG, url: ENDPOINT.url, isToSend: true }),
  writeResults: (db) =>
    writeResults(db, {
      results: [
        {
          key: { ...KEY, call_id: "large", delivery_id: "late" },
          entry: ENTRY,
          next: { status: "retrying", reason: null, ...DUE, parked: 1, trials: 1, spared: 1 },
        },
      ],
      losses: [{ key: KEY, losses: 1 }],
      faults: [{ key: KEY, next: { status: "pending", reason: "dead_letter", faults: 1, ...DUE } }],
      parked: [KEY],
      suspended: [KEY],
      slots: [{ key: KEY, ...DUE }],
      parking: [ENDPOINT],
      endpoints: [{ ...ENDPOINT, from: null, version: "v", health: HEALTH, probed: null }],
      now: NOW,
      operationalWebhooks: [
        newOperationalWebhook(
          { user_id: "org", id: "o", payload: "{}", about: { url: ENDPOINT.url, version: "v" } },
          RULES,
        ),
      ],
    }),
  removeEnded: (db) => removeEnded(db, { now: NOW, retentionDays: 30 }),
  readSent: (db) => readSent(db, KEY),
  eraseCall: (db) => eraseCall(db, { user_id: "org", call_id: "none", now: NOW }),
  readErasedAt: (db) => readErasedAt(db, KEY),
  removeTombstones: (db) => removeTombstones(db, NOW),
  eraseContents: async (db) => {
    await env.DB.prepare("UPDATE webhook_logs SET erase_at = 1 WHERE call_id = 'large'").run();
    await eraseContents(db, NOW);
  },
  findIdempotencyKey: (db) => findIdempotencyKey(db, CLAIM),
  noteAnswered: (db) => noteAnswered(db, CLAIM),
  dropClaim: (db) => dropClaim(db, CLAIM),
  removeIdempotencyKeys: (db) => removeIdempotencyKeys(db, NOW),
  hasTooManyKeys: (db) => hasTooManyKeys(db, "org"),
  endHold: (db) => endHold(db, KEY, DUE),
  insertTestLog: (db) =>
    insertTestLog(
      db,
      {
        ...LOG,
        ...{ to_number: null, from_number: null, inbound: null, requested_by: "key" },
        url: ENDPOINT.url,
        ...DUE,
      },
      CLAIM,
    ),
};
