/**
 * Holds the query plan of every statement that the record can prepare, with statistics and without. Each table is
 * entered by the key or index that is meant. No table is scanned, except those named here.
 */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { encrypt, NONCE_BYTES } from "../../src/core/encryption.ts";
import { NO_SETTINGS } from "../../src/core/endpoint-settings.ts";
import { fromBase64 } from "../../src/core/signature.ts";
import { type AttemptEntry, type AttemptKey, LOG_EVENTS } from "../../src/core/webhook-log.ts";
import { changeOrg, createOrg, findOrgEntry, listOrgs } from "../../src/record/admin-orgs.ts";
import { hasActedEnough, insertAct, listActs, removeActs } from "../../src/record/audit.ts";
import { readBatch } from "../../src/record/batch-read.ts";
import { endHold, endHoldByCitations, readCited } from "../../src/record/citations.ts";
import { findToken, insertToken, removeTokens, takeToken } from "../../src/record/console-tokens.ts";
import { makeFaultedDue, startCreates, startResends } from "../../src/record/deliveries.ts";
import { forgetEndpoint, setEndpoint } from "../../src/record/endpoint-settings.ts";
import { enableEndpoint, pauseEndpoint, probeEndpoint } from "../../src/record/endpoint-state.ts";
import { listEndpoints, readEndpoints } from "../../src/record/endpoints.ts";
import { eraseOrg, markToErase } from "../../src/record/erased-orgs.ts";
import {
  eraseCall,
  eraseContents,
  readErasedAt,
  readSent,
  removeTombstones,
} from "../../src/record/erasure.ts";
import {
  type Claim,
  dropClaim,
  findIdempotencyKey,
  hasTooManyKeys,
  noteAnswered,
  removeIdempotencyKeys,
} from "../../src/record/idempotency.ts";
import { addInbox, listInboxes, removeInbox } from "../../src/record/inboxes.ts";
import { findKey, insertKey, listKeys, revokeKey, writeLastUse } from "../../src/record/keys.ts";
import { findLogs, readListed } from "../../src/record/listing.ts";
import type { LogFilter } from "../../src/record/log-filter.ts";
import { readFirstAttempts, readHistory, readLogs, readStates } from "../../src/record/logs.ts";
import { MIGRATIONS, missingMigrations } from "../../src/record/migrations.ts";
import { findNumber, listNumbers, removeNumber, setNumber } from "../../src/record/numbers.ts";
import { newOperationalWebhook } from "../../src/record/operational-webhooks.ts";
import { findOrg, insertOrg, updateOrg } from "../../src/record/orgs.ts";
import { claimOverdue, readOverdue } from "../../src/record/overdue.ts";
import { giveSlots, takeTurns } from "../../src/record/pace.ts";
import {
  countWaiting,
  readLateWakes,
  readWaking,
  releaseCalls,
  type WakingEndpoint,
  wakeEndpoints,
} from "../../src/record/parked.ts";
import { countReports, readQuota } from "../../src/record/quota.ts";
import { readLateness } from "../../src/record/readiness.ts";
import { reencryptSecrets } from "../../src/record/reencrypt.ts";
import { insertCitations, insertReport } from "../../src/record/reports.ts";
import { writeResults } from "../../src/record/results.ts";
import { removeEnded, removeWell } from "../../src/record/retention.ts";
import {
  endSigningSecret,
  findSigningSecret,
  listEncryptedSecrets,
  listSigningSecrets,
  rotateSigningSecret,
} from "../../src/record/signing-secrets.ts";
import { readSlices } from "../../src/record/stats.ts";
import { readSuspended, wakeUnsuspended } from "../../src/record/suspension.ts";
import { insertTestLog } from "../../src/record/test-logs.ts";
import { readSize, tryWrite } from "../../src/record/trial-write.ts";
import { addWalked, countUsage } from "../../src/record/usage.ts";
import { readWalked, walkStep } from "../../src/record/walk.ts";
import { meter } from "../support/meter.ts";
import { makeOrg } from "../support/words.ts";

const NOW = 1_800_000_000_000;
const KEY: AttemptKey = { user_id: "org", call_id: "call", event: "call", delivery_id: "dlv", attempt: 1 };
const ENDPOINT = { user_id: "org", url: "https://crm.example/" };
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
const WAKING: WakingEndpoint = {
  ...{ ...ENDPOINT, wake_at: NOW, state: "active", probes: 0, timeout_seconds: null, waiting: [KEY] },
};
const ALL: LogFilter = {
  ...{ events: LOG_EVENTS, is_test: false, waiting: null, number: null, prefix: null },
  ...{ status: null, reason: null, since: null, until: null, url: null, to: null, from: null },
};
const NEW_KEY = {
  ...{ digest: "d", id: "k", user_id: "org", name: "n", prefix: "p", scopes: [] },
  ...{ created_at: 1, expires_at: null },
};
const TOKEN = { expires_at: NOW, digest: "d" };
const RULES = { rules: { sweepGraceMs: 60_000 }, now: NOW, newId: () => "id" };

/** Calls each function of the record so that it prepares all of its statements. */
const CALLS: Record<string, (db: D1Database) => Promise<unknown>> = {
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
  readEndpoints: (db) => readEndpoints(db, [ENDPOINT]),
  listEndpoints: (db) => listEndpoints(db, { user_id: "org", state: "degraded", after: "", limit: 50 }),
  setEndpoint: (db) =>
    setEndpoint(db, { ...ENDPOINT, version: "v", settings: { ...NO_SETTINGS, retry_schedule: ["5s"] } }),
  forgetEndpoint: (db) => forgetEndpoint(db, ENDPOINT),
  removeWell: (db) => removeWell(db, NOW),
  enableEndpoint: (db) =>
    enableEndpoint(db, { ...ENDPOINT, version: "v", now: NOW, redeliver: false, operationalWebhooks: [] }),
  pauseEndpoint: (db) => pauseEndpoint(db, { ...ENDPOINT, version: "v", now: NOW, operationalWebhooks: [] }),
  probeEndpoint: (db) => probeEndpoint(db, { ...ENDPOINT, now: NOW }),
  readWaking: (db) => readWaking(db, { keys: [ENDPOINT], now: NOW, limit: 10 }),
  wakeEndpoints: (db) =>
    wakeEndpoints(db, {
      woken: [
        { endpoint: WAKING, waking: { kind: "release", limit: 10, wake_at: NOW + 1 } },
        { endpoint: WAKING, waking: null },
      ],
      ...{ now: NOW, sweepGraceMs: 1 },
    }),
  releaseCalls: (db) =>
    releaseCalls(db, { releases: [{ ...ENDPOINT, limit: 10 }], now: NOW, sweepGraceMs: 1 }),
  takeTurns: (db) => takeTurns(db, { asked: [{ ...ENDPOINT, ratePerSecond: 1, count: 1 }], now: NOW }),
  giveSlots: (db) => giveSlots(db, { asked: [{ ...ENDPOINT, ratePerSecond: 1, count: 1 }], now: NOW }),
  readLateWakes: (db) => readLateWakes(db, { before: NOW, limit: 100 }),
  countWaiting: (db) => countWaiting(db, [ENDPOINT]),
  findKey: (db) => findKey(db, "digest"),
  markToErase: (db) => markToErase(db, { user_id: "org", now: NOW }),
  eraseOrg: async (db) => {
    await env.DB.prepare(
      "INSERT INTO orgs (user_id, name, created_at, erasing_at) VALUES ('gone', 'n', 1, 1)",
    ).run();
    await eraseOrg(db, { now: NOW, endInbox: async () => {} });
  },
  readSuspended: (db) => readSuspended(db, "org"),
  wakeUnsuspended: async (db) => {
    await env.DB.prepare("UPDATE orgs SET woken_to = '' WHERE user_id = 'org'").run();
    await wakeUnsuspended(db, NOW);
  },
  insertAct: (db) =>
    insertAct(db, {
      ...{
        user_id: "org",
        at: NOW,
        id: "id",
        key_id: "key",
        action: "PATCH /",
        target: null,
        request_id: "r",
      },
    }),
  listActs: (db) => listActs(db, { user_id: "org", before: { at: NOW, id: "" }, limit: 50 }),
  removeActs: async (db) => {
    await env.DB.prepare(`INSERT INTO walks VALUES ('audit', '{"user_id":"before"}')`).run();
    await removeActs(db, NOW);
  },
  addInbox: (db) => addInbox(db, { user_id: "org", id: "inbox", now: NOW, expires_at: NOW + 1 }),
  listInboxes: (db) => listInboxes(db, { user_id: "org", now: NOW, before: { at: NOW, id: "" }, limit: 50 }),
  removeInbox: (db) => removeInbox(db, { user_id: "org", id: "inbox" }),
  insertKey: (db) => insertKey(db, NEW_KEY),
  listKeys: (db) => listKeys(db, { user_id: "org", before: { at: NOW, id: "" }, limit: 50 }),
  revokeKey: (db) => revokeKey(db, { id: "key", now: NOW }),
  writeLastUse: (db) => writeLastUse(db, { digest: "d", now: NOW }),
  createOrg: (db) =>
    createOrg(db, {
      org: { user_id: "new", name: "n", created_at: 1 },
      ...{ limits: {}, secret: { id: "s", ciphertext: "" }, key: NEW_KEY },
    }),
  findOrgEntry: (db) => findOrgEntry(db, "org"),
  listOrgs: (db) => listOrgs(db, { after: "", limit: 50 }),
  changeOrg: (db) =>
    changeOrg(db, { user_id: "org", name: "n", limits: undefined, suspended: undefined, now: NOW }),
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
  findNumber: (db) => findNumber(db, { user_id: "org", phone_number: "+1" }),
  listNumbers: (db) => listNumbers(db, { user_id: "org", after: "", limit: 50 }),
  setNumber: (db) => setNumber(db, { user_id: "org", phone_number: "+1" }, { webhook: null }),
  removeNumber: (db) => removeNumber(db, { user_id: "org", phone_number: "+1" }),
  insertOrg: (db) => insertOrg(db, { user_id: "other", name: "", created_at: 1 }),
  findOrg: (db) => findOrg(db, "org"),
  updateOrg: (db) => updateOrg(db, { user_id: "org", settings: { name: "n" } }),
  walkStep: async (db) => {
    await env.DB.prepare("DELETE FROM sweep_walk").run();
    await walkStep(db, { now: NOW, sweepGraceMs: 1 });
  },
  tryWrite: (db) => tryWrite(db),
  readSize: (db) => readSize(db),
  readOverdue: (db) => readOverdue(db, { now: NOW, limit: 100 }),
  claimOverdue: (db) => claimOverdue(db, { keys: [KEY], now: NOW, sweepGraceMs: 1 }),
  readLateness: (db) => readLateness(db, { now: NOW, sweepGraceMs: 1 }),
  reencryptSecrets: (db) => reencryptSecrets(db, [new Uint8Array(32), fromBase64(env.SECRETS_KEY)]),
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
  insertToken: (db) => insertToken(db, { kind: "session", ...TOKEN, user_id: "org", key_digest: "d" }),
  findToken: (db) => findToken(db, TOKEN),
  takeToken: (db) => takeToken(db, TOKEN),
  removeTokens: (db) => removeTokens(db, NOW),
  removeIdempotencyKeys: (db) => removeIdempotencyKeys(db, NOW),
  readWalked: (db) => readWalked(db),
  hasTooManyKeys: (db) => hasTooManyKeys(db, "org"),
  hasActedEnough: (db) => hasActedEnough(db, { user_id: "org", now: NOW }),
  readQuota: (db) => readQuota(db, "org"),
  countReports: (db) => countReports(db, { user_id: "org", since: 1, limit: 10 }),
  addWalked: async (db) => {
    const passed = {
      user_id: "org",
      created_at: 1,
      call_id: "c",
      event: "call" as const,
      is_found: 0 as const,
    };
    await addWalked(db, [{ ...passed, bytes: 2_000_000 }])?.run();
  },
  countUsage: (db) => countUsage(db, { now: NOW, floor: NOW }),
  endHold: (db) => endHold(db, KEY, DUE),
  listSigningSecrets: (db) => listSigningSecrets(db, { user_id: "org", now: NOW }),
  listEncryptedSecrets: (db) => listEncryptedSecrets(db, { user_id: "org", now: NOW }),
  findSigningSecret: (db) => findSigningSecret(db, { user_id: "org", now: NOW }),
  rotateSigningSecret: (db) =>
    rotateSigningSecret(db, {
      user_id: "org",
      id: "s",
      ciphertext: "",
      now: NOW,
      activatesAt: null,
      overlapMs: 0,
    }),
  endSigningSecret: (db) => endSigningSecret(db, { user_id: "org", id: "s", now: NOW }),
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

/** Scans that are intended, and why they stay short. */
const WALKS: Record<string, string[]> = {
  wakeUnsuspended: ["SCAN orgs USING INDEX orgs_waking"], // the first one of those, of which there are few
  missingMigrations: ["SCAN d1_migrations USING COVERING INDEX sqlite_autoindex_d1_migrations_1"], // a handful, and only where one is missing
  reencryptSecrets: ["SCAN signing_secrets", "SCAN endpoints USING INDEX endpoints_kept"], // only while master keys are replaced
};

/** The indexes that are meant, beside primary keys. */
const INDEXES: Record<string, string[]> = {
  walkStep: ["webhook_logs_listing"],
  readBatch: ["orgs_suspended"],
  findKey: ["orgs_suspended"],
  readSuspended: ["orgs_suspended"],
  wakeUnsuspended: ["orgs_suspended", "orgs_waking", "webhook_logs_waiting"],
  removeWell: ["webhook_logs_waiting"],
  enableEndpoint: ["webhook_logs_waiting"],
  forgetEndpoint: ["webhook_logs_waiting"],
  reencryptSecrets: ["endpoints_kept"],
  setEndpoint: ["endpoints_kept"],
  pauseEndpoint: ["endpoints_kept"],
  eraseOrg: ["api_keys_org", "console_tokens_key", "orgs_erasing", "webhook_logs_listing"],
  readWaking: ["orgs_suspended", "webhook_logs_waiting"],
  wakeEndpoints: ["orgs_suspended", "webhook_logs_waiting"],
  releaseCalls: ["webhook_logs_waiting"],
  countWaiting: ["webhook_logs_waiting"],
  findLogs: ["webhook_logs_listing", "webhook_logs_waiting"],
  readSlices: ["webhook_logs_listing"],
  readLateWakes: ["endpoints_wake"],
  writeResults: ["orgs_suspended", "webhook_logs_waiting"],
  insertToken: ["console_tokens_key"],
  insertKey: ["api_keys_org"],
  createOrg: ["api_keys_org"],
  listKeys: ["api_keys_org"],
  revokeKey: ["api_keys_id"],
  missingMigrations: ["sqlite_autoindex_d1_migrations_1"],
  readOverdue: ["webhook_logs_sweep"],
  readLateness: ["webhook_logs_sweep"],
  removeEnded: ["webhook_logs_listing"],
  removeTombstones: ["erased_calls_old"],
  removeIdempotencyKeys: ["idempotency_keys_old"],
  countReports: ["webhook_logs_listing"],
  countUsage: ["webhook_logs_listing"],
  eraseContents: ["webhook_logs_erase"],
};

/** The texts that each call prepared. */
const prepared = new Map<string, Set<string>>();

/** Enough rows for meaningful statistics. */
const FILL = [
  `INSERT INTO webhook_logs (user_id, call_id, event, webhook_id, url, created_at, report_digest, payload,
     payload_bytes, status, delivery_id, delivery_ordinal, send_type, attempts, losses, next_attempt_at, sweep_at, parked)
   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
   SELECT 'org', iif(i = 1, 'large', 'fill-' || i), 'call', 'msg', 'https://crm.example/', i, '', '{}',
     iif(i = 1, 4000000, 2), CASE i % 4 WHEN 0 THEN 'held' WHEN 1 THEN 'pending' ELSE 'delivered' END, 'dlv', 1, 'spawn',
     0, 0, iif(i % 4 < 2, i, NULL), iif(i % 4 = 1, i, NULL), iif(i % 4 = 2, 1, NULL) FROM n`,
  `INSERT INTO endpoints (user_id, url, state, version, consecutive_failures, wake_at)
   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
   SELECT 'org-' || i % 50, 'https://crm.example/' || i, 'active', 'v', 0, iif(i % 100 = 0, i, NULL) FROM n`,
  `INSERT INTO signing_secrets (user_id, id, ciphertext, created_at)
   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
   SELECT 'org-' || i % 50, i, 'x', i FROM n`,
  `INSERT INTO audit (user_id, at, id, key_id, action, request_id)
   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
   SELECT 'org-' || i % 50, i, i, 'key', 'PATCH /v1/org', 'r' FROM n`,
  `INSERT INTO orgs (user_id, name, created_at)
   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) SELECT 'org-' || i, 'n', i FROM n`,
];

/**
 * Places that prepare two statements: the INSERT of reports and of citations, three of two tables' re-encryption, two of
 * the walks of the sweep, of the removal and of the count (each three), the erasure of contents, and the parking because
 * of an endpoint or of an org; four of the search for logs, and ten of the tables that an erased org's rows leave.
 */
const PLACES_SHARED = 22;

beforeAll(async () => {
  await makeOrg({ user_id: "org" });
  const plain = { plain: "voice", context: "org", nonce: new Uint8Array(NONCE_BYTES) };
  const ciphertext = await encrypt({ ...plain, masterKeys: [fromBase64(env.SECRETS_KEY)] });
  const settings = { headers: { "x-team": { ciphertext, shown: "•••" } } };
  await setEndpoint(env.DB, { user_id: "org", url: "https://headers.example/", version: "v", settings });
  for (const text of FILL) await env.DB.prepare(text).run();
  for (const [name, call] of Object.entries(CALLS)) {
    const texts = new Set<string>();
    const prepare = (text: string) => {
      texts.add(text);
      return env.DB.prepare(text);
    };
    const batch = (statements: D1PreparedStatement[]) => env.DB.batch(statements);
    await call({ prepare, batch } as unknown as D1Database);
    prepared.set(name, texts);
  }
});

test("waking an endpoint and releasing its calls reads the one that is parked, and none of 3,000 others", async () => {
  await env.DB.prepare(
    `INSERT INTO endpoints (user_id, url, state, version, consecutive_failures) VALUES ('org', 'https://one.example/', 'degraded', 'v', 5)`,
  ).run();
  await env.DB.prepare(
    `UPDATE webhook_logs SET url = 'https://one.example/', parked = 1 WHERE call_id = 'fill-5'`,
  ).run();
  let rows = 0;
  const db = meter(env.DB, ({ rows_read }) => {
    rows += rows_read;
  });
  const one = { user_id: "org", url: "https://one.example/" };
  const limits = { now: NOW, sweepGraceMs: 1 };
  await enableEndpoint(db, { ...one, version: "w", now: NOW, redeliver: true, operationalWebhooks: [] });
  expect(await countWaiting(db, [one])).toEqual([{ waiting: 1, waiting_exact: true }]);
  const [endpoint] = await readWaking(db, { keys: [one], now: NOW, limit: 10 });
  expect(endpoint?.waiting).toMatchObject([{ call_id: "fill-5" }]);
  expect(await releaseCalls(db, { releases: [{ ...one, limit: 10 }], ...limits })).toMatchObject([
    { call_id: "fill-5" },
  ]);
  expect(rows).toBeLessThan(30);
});

test("each place that prepares a statement has been driven", () => {
  const sources = import.meta.glob<string>("../../src/record/*.ts", {
    eager: true,
    query: "?raw",
    import: "default",
  });
  const places = Object.values(sources).flatMap((source) => source.match(/\.prepare\(/g) ?? []);
  const texts = new Set([...prepared.values()].flatMap((of) => [...of]));
  expect(texts.size).toBe(places.length + PLACES_SHARED);
});

/** How SQLite would run each statement of a function. */
async function planOf(name: string): Promise<string[]> {
  const plans = [...(prepared.get(name) ?? [])].map(async (text) => {
    const numbers = [...text.replaceAll(/'[^']*'/g, "").matchAll(/\?(\d*)/g)].map(([, digits], index) =>
      Number(digits || index + 1),
    );
    const values = Array.from({ length: Math.max(0, ...numbers) }, () => "[]");
    const explained = env.DB.prepare(`EXPLAIN QUERY PLAN ${text}`).bind(...values);
    return (await explained.all<{ detail: string }>()).results.map(({ detail }) => detail);
  });
  return (await Promise.all(plans)).flat();
}

/** A scan of a JSON parameter or of a subquery, whose own scan is listed apart. */
const isNoTable = (step: string) =>
  /^SCAN (\S+ (EXISTS )?VIRTUAL TABLE|CONSTANT ROW|\(subquery-\d+\)|[sdn]$)/.test(step);
/** Logs are many: they must be found by call, not by org alone. */
const isWholeOrg = (step: string) =>
  /^SEARCH (webhook_logs|l|w|o|c) .*PRIMARY KEY \(user_id=\?\)/.test(step) && !step.startsWith("SEARCH o ");

describe.each(["without statistics", "with statistics"])("%s", (statistics) => {
  beforeAll(async () => {
    if (statistics === "with statistics") await env.DB.prepare("ANALYZE").run();
  });

  test.each(Object.keys(CALLS))(
    "%s walks no table, and enters by the indexes that are meant",
    async (name) => {
      const plan = await planOf(name);
      const walks = plan.filter((step) => step.startsWith("SCAN ") && !isNoTable(step));
      expect(new Set(walks)).toEqual(new Set(WALKS[name] ?? []));
      expect(plan.filter(isWholeOrg)).toEqual([]);
      const indexes = plan.flatMap((step) => /USING (?:COVERING )?INDEX (\w+)/.exec(step)?.[1] ?? []);
      expect([...new Set(indexes)].sort()).toEqual(INDEXES[name] ?? []);
    },
  );
});
