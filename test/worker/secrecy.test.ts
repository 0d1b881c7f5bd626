/** No secret is shown twice: not in an answer, a log line or a stored row, in success or failure. */
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  envWithLosingQueues,
  handleAttempts,
  handleBatch,
  letTimePass,
  reportUnheard,
  request,
  sweepOnce,
} from "../support/handlers.ts";
import {
  call,
  endedLogOf,
  logOf,
  makeKey,
  makeOrg,
  NOBODY,
  type Org,
  receiver,
  reportCall,
  resend,
  rotate,
  secretsOf,
} from "../support/words.ts";

const ORG = "/v1/org";
const ROTATE = "/v1/org/signing-secrets/rotate";
const NEW_MASTER_KEY = btoa("abcdefghijklmnopqrstuvwxyzabcdef");
const BOTH_KEYS = `${NEW_MASTER_KEY},${env.SECRETS_KEY}`;

const LEVELS = ["debug", "error", "info", "log", "trace", "warn"] as const;
let lines: string[];
beforeEach(() => {
  lines = [];
  const keep = (...parts: unknown[]) => void lines.push(parts.map(written).join(" "));
  for (const level of LEVELS) vi.spyOn(console, level).mockImplementation(keep);
});
afterEach(() => vi.restoreAllMocks());

/**
 * Everything that a log line could show of a value: an error's message, stack and causes, and every member of an
 * object.
 */
function written(value: unknown): string {
  if (value instanceof Error) return `${value.message} ${value.stack} ${written(value.cause ?? "")}`;
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Every row of every table, as text. */
async function storedText(): Promise<string> {
  const tables = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%'",
  ).all<{ name: string }>();
  const rows = await Promise.all(
    tables.results.map(({ name }) => env.DB.prepare(`SELECT * FROM "${name}"`).all()),
  );
  return JSON.stringify(rows.map(({ results }) => results));
}

/** The parts of a secret that must not be found: the whole, and what follows its prefix. */
const formsOf = (secret: string): string[] => [secret, secret.replace(/^(whsec|pc)_/, "")];

const brokenDatabase = (message: string) =>
  ({
    prepare: () => {
      throw new Error(message);
    },
  }) as unknown as D1Database;

/** Deliveries that succeed, fail, are refused, have no receiver, and can't be signed. Returns the answers' texts. */
async function playDeliveries(org: Org): Promise<string[]> {
  const [good, failing, gone] = [await receiver(200), await receiver(500, 200), await receiver(410)];
  const reported = await reportCall(org, { webhook: good.url });
  await endedLogOf(org, reported.call_id);
  const { env: lossy } = envWithLosingQueues();
  const keys = await Promise.all(
    [good, failing, gone, { url: NOBODY }].map(({ url }) => reportUnheard(org, url)),
  );
  expect(await handleAttempts(lossy, keys)).toEqual(["ack", "ack", "ack", "ack"]);
  await letTimePass(keys[1] ?? { user_id: "", call_id: "" }, 5_000);
  await sweepOnce(lossy);
  const blocked = await reportCall(org, { webhook: "ftp://crm.example.com/" });
  expect(blocked.answer.status).toBe(422);
  const logs = await Promise.all(keys.map(({ call_id }) => logOf(org, call_id)));
  expect(logs.map(({ status }) => status)).toEqual(["delivered", "retrying", "failed", "retrying"]);
  const resent = await resend(org, [reported.call_id]);
  return [reported.answer.text, blocked.answer.text, resent.text, JSON.stringify(logs)];
}

/** Requests that are refused, with secrets where they don't belong, and faults of our own. */
async function playTrouble(org: Org): Promise<string[]> {
  const post = { method: "POST", path: ROTATE };
  const deadDatabase = { ...env, DB: brokenDatabase("D1_ERROR: no such table: SQLITE_ERROR") };
  const awayDatabase = { ...env, DB: brokenDatabase("D1_ERROR: Network connection lost.") };
  const badKeys = { ...env, SECRETS_KEY: `${env.SECRETS_KEY},short` };
  const answers = [
    await call({ key: `${org.key}x` }, "GET", ORG),
    await call(org, "PATCH", ORG, { body: { nmae: 1 } }),
    await call(org, "PATCH", ORG, { body: "{" }),
    await call(org, "POST", ROTATE, { body: { overlap_hours: 1_000 } }),
    await call({ key: await makeKey(org.user_id, { scopes: ["read"] }) }, "POST", ROTATE),
    await request(deadDatabase, { key: `${org.key}y` }, post),
    await request(deadDatabase, org, post),
    await request(awayDatabase, org, post),
    await request(badKeys, org, post),
  ];
  expect(answers.map(({ status }) => status)).toEqual([401, 400, 400, 400, 403, 500, 500, 503, 500]);
  await handleBatch(envWithLosingQueues().env, [{ v: 99 }, {}]);
  const key = await reportUnheard(org, NOBODY);
  const deadBatch = envWithLosingQueues({ DB: deadDatabase.DB }).env;
  expect(await handleAttempts(deadBatch, [key])).toEqual([5]);
  return answers.map(({ text }) => text);
}

/** A secret that can't be decrypted, first among others and then alone. */
async function playUnopenable(org: Org): Promise<void> {
  const { env: lossy } = envWithLosingQueues();
  const crm = await receiver(200);
  const spoil = (where: string) =>
    env.DB.prepare(
      `UPDATE signing_secrets SET ciphertext = substr(ciphertext, 1, 30) WHERE user_id = ? AND ${where}`,
    )
      .bind(org.user_id)
      .run();
  await spoil("expires_at IS NOT NULL");
  expect(await handleAttempts(lossy, [await reportUnheard(org, crm.url)])).toEqual(["ack"]);
  await spoil("true");
  expect(await handleAttempts(lossy, [await reportUnheard(org, crm.url)])).toEqual([60]);
}

test("a secret is in the one answer that made it and nowhere else", async () => {
  const [org, other] = [await makeOrg(), await makeOrg()];
  const texts = await playDeliveries(org);
  const rotated = [(await rotate(org)).body.data.secret, (await rotate(org)).body.data.secret];
  texts.push(...(await playDeliveries(org)), ...(await playTrouble(org)));
  texts.push(JSON.stringify(await secretsOf(org)), (await call(org, "GET", ORG)).text);
  await sweepOnce(envWithLosingQueues({ SECRETS_KEY: BOTH_KEYS }).env);
  await rotate(other);
  await playUnopenable(other);

  const written = lines.join("\n");
  for (const expected of [
    '"event":"fault"',
    '"event":"storage_unavailable"',
    '"event":"configuration_unusable"',
    '"event":"reencrypt"',
    "No usable signing secret for org",
    "can't be decrypted and don't sign",
    "is not one of ours",
    "is of a newer version",
    "could not be read",
  ]) {
    expect(written).toContain(expected);
  }
  const stored = await storedText();
  expect(stored).toContain(org.user_id);
  expect(stored).toContain("x-webhook-signature");
  const secrets = [org.secret, other.secret, ...rotated, org.key, other.key];
  const own = [env.SECRETS_KEY, NEW_MASTER_KEY, env.ADMIN_KEY, env.SESSION_KEY];
  for (const form of [...secrets, ...own].flatMap(formsOf)) {
    expect(written).not.toContain(form);
    expect(stored).not.toContain(form);
    expect(texts.join("\n")).not.toContain(form);
  }
});
