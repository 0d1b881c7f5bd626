/** Calls each function of the record that is about orgs and what they have: keys, secrets, numbers, inboxes, usage. */
import { env } from "cloudflare:workers";
import { fromBase64 } from "../../../src/core/signature.ts";
import { changeOrg, createOrg, findOrgEntry, listOrgs } from "../../../src/record/admin-orgs.ts";
import { hasActedEnough, insertAct, listActs, removeActs } from "../../../src/record/audit.ts";
import { findToken, insertToken, removeTokens, takeToken } from "../../../src/record/console-tokens.ts";
import { eraseOrg, markToErase } from "../../../src/record/erased-orgs.ts";
import { addInbox, listInboxes, removeInbox } from "../../../src/record/inboxes.ts";
import { findKey, insertKey, listKeys, revokeKey, writeLastUse } from "../../../src/record/keys.ts";
import { findNumber, listNumbers, removeNumber, setNumber } from "../../../src/record/numbers.ts";
import { findOrg, insertOrg, updateOrg } from "../../../src/record/orgs.ts";
import { countReports, readQuota } from "../../../src/record/quota.ts";
import { reencryptSecrets } from "../../../src/record/reencrypt.ts";
import {
  endSigningSecret,
  findSigningSecret,
  listEncryptedSecrets,
  listSigningSecrets,
  rotateSigningSecret,
} from "../../../src/record/signing-secrets.ts";
import { addWalked, countUsage } from "../../../src/record/usage.ts";
import { readWalked } from "../../../src/record/walk.ts";
import { type Calls, NOW } from "./samples.ts";

const NEW_KEY = {
  ...{ digest: "d", id: "k", user_id: "org", name: "n", prefix: "p", scopes: [] },
  ...{ created_at: 1, expires_at: null },
};
const TOKEN = { expires_at: NOW, digest: "d" };

export const CALLS_OF_ORGS: Calls = {
  findKey: (db) => findKey(db, "digest"),
  markToErase: (db) => markToErase(db, { user_id: "org", now: NOW }),
  eraseOrg: async (db) => {
    await env.DB.prepare(
      "INSERT INTO orgs (user_id, name, created_at, erasing_at) VALUES ('gone', 'n', 1, 1)",
    ).run();
    await eraseOrg(db, { now: NOW, endInbox: async () => {} });
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
  findNumber: (db) => findNumber(db, { user_id: "org", phone_number: "+1" }),
  listNumbers: (db) => listNumbers(db, { user_id: "org", after: "", limit: 50 }),
  setNumber: (db) => setNumber(db, { user_id: "org", phone_number: "+1" }, { webhook: null }),
  removeNumber: (db) => removeNumber(db, { user_id: "org", phone_number: "+1" }),
  insertOrg: (db) => insertOrg(db, { user_id: "other", name: "", created_at: 1 }),
  findOrg: (db) => findOrg(db, "org"),
  updateOrg: (db) => updateOrg(db, { user_id: "org", settings: { name: "n" } }),
  reencryptSecrets: (db) => reencryptSecrets(db, [new Uint8Array(32), fromBase64(env.SECRETS_KEY)]),
  insertToken: (db) => insertToken(db, { kind: "session", ...TOKEN, user_id: "org", key_digest: "d" }),
  findToken: (db) => findToken(db, TOKEN),
  takeToken: (db) => takeToken(db, TOKEN),
  removeTokens: (db) => removeTokens(db, NOW),
  readWalked: (db) => readWalked(db),
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
};
