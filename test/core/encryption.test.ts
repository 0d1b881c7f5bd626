/** Secrets at rest: a ciphertext decrypts with its own key and context only, and never after a change. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decrypt, encrypt, MASTER_KEY_BYTES, NONCE_BYTES } from "../../src/core/encryption.ts";
import { fromBase64, toBase64 } from "../../src/core/signature.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const someSecret = fc.record({
  masterKeys: bytes(MASTER_KEY_BYTES).map((key) => [key] as const),
  plain: fc.string({ unit: "binary", maxLength: 80 }),
  context: fc.string({ unit: "binary", maxLength: 20 }),
  nonce: bytes(NONCE_BYTES),
});

const masterKey = new Uint8Array(MASTER_KEY_BYTES).fill(7);
const context = "org_1";
const masterKeys = [masterKey] as const;
const secret = { masterKeys, plain: "whsec_c2VjcmV0", context, nonce: new Uint8Array(NONCE_BYTES).fill(9) };

/** The same bytes in base64 with one bit of byte `index` flipped. */
function flipped(base64: string, index: number): string {
  const changed = fromBase64(base64);
  changed[index] = (changed[index] ?? 0) ^ 1;
  return toBase64(changed);
}

describe("a ciphertext secret", () => {
  test("opens with its key and context", async () => {
    await fc.assert(
      fc.asyncProperty(someSecret, async (input) => {
        const ciphertext = await encrypt(input);
        expect(await decrypt({ ...input, ciphertext })).toBe(input.plain);
      }),
    );
  });

  test("names its key, shows its nonce, and hides all else", async () => {
    const ciphertext = await encrypt(secret);
    expect(ciphertext).toMatch(/^[0-9a-f]{8}\.[A-Za-z0-9+/]{16}\.[A-Za-z0-9+/]+=*$/);
    expect(ciphertext.split(".")[1]).toBe(toBase64(secret.nonce));
    expect(ciphertext).not.toContain(btoa(secret.plain).slice(0, 8));
  });

  test("does not open with another key", async () => {
    await fc.assert(
      fc.asyncProperty(someSecret, bytes(MASTER_KEY_BYTES), async (input, other) => {
        fc.pre(toBase64(other) !== toBase64(input.masterKeys[0]));
        expect(await decrypt({ ...input, ciphertext: await encrypt(input), masterKeys: [other] })).toBeNull();
      }),
    );
  });

  test("opens with any of several keys that holds its own, and is ciphertext with the first", async () => {
    const other = new Uint8Array(MASTER_KEY_BYTES).fill(8);
    const older = await encrypt(secret);
    const newer = await encrypt({ ...secret, masterKeys: [other, masterKey] });
    expect(newer.slice(0, 8)).not.toBe(older.slice(0, 8));
    for (const ciphertext of [older, newer])
      expect(await decrypt({ masterKeys: [other, masterKey], context, ciphertext })).toBe(secret.plain);
    expect(await decrypt({ masterKeys: [other], context, ciphertext: newer })).toBe(secret.plain);
    expect(await decrypt({ masterKeys, context, ciphertext: newer })).toBeNull();
  });

  test("does not open with another key that goes by its name", async () => {
    const other = new Uint8Array(MASTER_KEY_BYTES).fill(8);
    const [, ...rest] = (await encrypt(secret)).split(".");
    const [otherId] = (await encrypt({ ...secret, masterKeys: [other] })).split(".");
    const ciphertext = [otherId, ...rest].join(".");
    expect(await decrypt({ masterKeys: [other], context, ciphertext })).toBeNull();
    expect(await decrypt({ masterKeys, context, ciphertext })).toBeNull();
  });

  test("does not open for another context", async () => {
    await fc.assert(
      fc.asyncProperty(someSecret, fc.string(), async (input, other) => {
        fc.pre(other !== input.context);
        expect(await decrypt({ ...input, ciphertext: await encrypt(input), context: other })).toBeNull();
      }),
    );
  });

  test("does not open once any byte of it was changed", async () => {
    const [keyId = "", nonce = "", ciphertext = ""] = (await encrypt(secret)).split(".");
    const open = (...parts: string[]) => decrypt({ masterKeys, context, ciphertext: parts.join(".") });
    for (const index of secret.nonce.keys())
      expect(await open(keyId, flipped(nonce, index), ciphertext)).toBeNull();
    for (const index of fromBase64(ciphertext).keys())
      expect(await open(keyId, nonce, flipped(ciphertext, index))).toBeNull();
    expect(await open(keyId, nonce, ciphertext)).toBe(secret.plain);
  });

  test("does not open where it is malformed or cut short", async () => {
    const encrypted = await encrypt(secret);
    const [keyId = "", nonce = "", ciphertext = ""] = encrypted.split(".");
    const malformed = [
      "",
      "..",
      "plain text",
      keyId,
      `${keyId}.${nonce}`,
      `${keyId}.${nonce}.`,
      `${keyId}..${ciphertext}`,
      `${keyId}.!!!.${ciphertext}`,
      `${keyId}.${nonce}.%%%`,
      `00000000.${nonce}.${ciphertext}`,
      encrypted.slice(0, -8),
      `${encrypted}.more`,
    ];
    for (const text of malformed) expect(await decrypt({ masterKeys, context, ciphertext: text })).toBeNull();
  });
});
