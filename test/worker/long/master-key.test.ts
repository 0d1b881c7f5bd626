/**
 * The master key is replaced while webhooks go out: every secret is re-encrypted under the new key, and then the old
 * one can be removed.
 */
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { masterKeyId } from "../../../src/core/encryption.ts";
import { fromBase64 } from "../../../src/core/signature.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  reportUnheard,
  request,
  sweepOnce,
} from "../../support/handlers.ts";
import { makeOrg, type Org, receiver, rotate } from "../../support/words.ts";

const OLD = env.SECRETS_KEY;
const NEW = btoa("abcdefghijklmnopqrstuvwxyzabcdef");
const ROTATE = { method: "POST", path: "/v1/org/signing-secrets/rotate" };
const keyId = (masterKey: string) => masterKeyId(fromBase64(masterKey));
const withKeys = (...masterKeys: string[]) => envWithLosingQueues({ SECRETS_KEY: masterKeys.join(",") }).env;

/** One run of the scheduled handler, and what it logged about re-encryption. */
async function resealOnce(on: Env): Promise<unknown> {
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await sweepOnce(on);
  const lines = log.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('"reencrypt"'));
  log.mockRestore();
  return lines.map((line) => JSON.parse(line));
}

const encryptedRows = async () =>
  (
    await env.DB.prepare("SELECT user_id, id, ciphertext, created_at, expires_at FROM signing_secrets").all<{
      ciphertext: string;
    }>()
  ).results;

const keyIdsInUse = async () =>
  new Set((await encryptedRows()).map(({ ciphertext }) => ciphertext.split(".")[0]));

/** Delivers a call in this environment; the secrets that its signatures verify with. */
async function signersOf(on: Env, org: Org, secrets: string[]): Promise<string[]> {
  const crm = await receiver(200);
  expect(await handleAttempts(on, [await reportUnheard(org, crm.url)])).toEqual(["ack"]);
  const [{ body, headers } = { body: "", headers: {} }] = await crm.received();
  return secrets.filter((secret) => {
    try {
      return new Webhook(secret).verify(body, headers) !== undefined;
    } catch {
      return false;
    }
  });
}

beforeEach(async () => {
  await env.DB.prepare("DELETE FROM signing_secrets").run();
});
afterEach(() => vi.restoreAllMocks());

test("each secret is ciphertext again under the new key, signs as before, and needs the old key no more", async () => {
  const org = await makeOrg();
  const rotated = (await rotate(org)).body.data.secret;
  const before = await encryptedRows();
  expect(await signersOf(withKeys(NEW, OLD), org, [rotated, org.secret])).toEqual([rotated, org.secret]);
  expect(await encryptedRows()).toEqual(before);

  expect(await resealOnce(withKeys(NEW, OLD))).toEqual([{ event: "reencrypt", reencrypted: 2, left: 0 }]);
  expect(await keyIdsInUse()).toEqual(new Set([await keyId(NEW)]));
  const decrypted = ({ ciphertext: _encrypted, ...row }: { ciphertext: string }) => row;
  expect((await encryptedRows()).map(decrypted)).toEqual(before.map(decrypted));
  expect(await signersOf(withKeys(NEW), org, [rotated, org.secret])).toEqual([rotated, org.secret]);

  const after = await encryptedRows();
  expect(await resealOnce(withKeys(NEW, OLD))).toEqual([{ event: "reencrypt", reencrypted: 0, left: 0 }]);
  expect(await encryptedRows()).toEqual(after);
});

test("an endpoint's headers are ciphertext again under the new key too, and are sent as before", async () => {
  const org = await makeOrg();
  const crm = await receiver(200);
  const settings = { url: crm.url, headers: { authorization: "Bearer abcdefgh1234", "x-team": "voice" } };
  await request(withKeys(OLD), org, { method: "PATCH", path: "/v1/endpoints", body: settings });
  expect(await resealOnce(withKeys(NEW, OLD))).toEqual([{ event: "reencrypt", reencrypted: 2, left: 0 }]);
  expect(await handleAttempts(withKeys(NEW), [await reportUnheard(org, crm.url)])).toEqual(["ack"]);
  expect(await crm.received()).toMatchObject([{ headers: settings.headers }]);
  await env.DB.prepare("DELETE FROM endpoints").run();
});

test("a secret made meanwhile is ciphertext under the new key at once", async () => {
  const org = await makeOrg();
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  const { body } = await request(withKeys(NEW, OLD), org, ROTATE);
  expect(await keyIdsInUse()).toEqual(new Set([await keyId(OLD), await keyId(NEW)]));
  expect(await signersOf(withKeys(NEW), org, [body.data.secret])).toEqual([body.data.secret]);
  expect(warn.mock.calls.flat().join()).toContain(`1 of org ${org.user_id}'s 2 signing secrets`);
});

test("with one key listed nothing is ciphertext again and nothing logged", async () => {
  await makeOrg();
  const before = await encryptedRows();
  expect(await resealOnce(withKeys(OLD))).toEqual([]);
  expect(await encryptedRows()).toEqual(before);
});

test("secrets that open with no listed key stay as they are, are counted, and hold up none behind them", async () => {
  await makeOrg();
  await env.DB.prepare(
    `INSERT INTO signing_secrets (user_id, id, ciphertext, created_at)
     SELECT 'a_' || value, 'sec', '00000000.AAAAAAAAAAAAAAAA.AAAA', 1 FROM json_each(?)`,
  )
    .bind(JSON.stringify(Array.from({ length: 250 }, (_, index) => index)))
    .run();
  expect(await resealOnce(withKeys(NEW, OLD))).toEqual([{ event: "reencrypt", reencrypted: 1, left: 250 }]);
  expect(await keyIdsInUse()).toEqual(new Set(["00000000", await keyId(NEW)]));
});

test("more secrets than one write takes are ciphertext again in one run", async () => {
  for (let org = 0; org < 26; org++) {
    const made = await makeOrg();
    for (let rotation = 0; rotation < 4; rotation++) await rotate(made);
  }
  expect(await resealOnce(withKeys(NEW, OLD))).toEqual([{ event: "reencrypt", reencrypted: 130, left: 0 }]);
  expect(await keyIdsInUse()).toEqual(new Set([await keyId(NEW)]));
});
