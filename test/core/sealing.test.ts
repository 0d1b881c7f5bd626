/** Secrets at rest: what was sealed opens with its own key and context only, and never once it was changed. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MASTER_KEY_BYTES, NONCE_BYTES, seal, unseal } from "../../src/core/sealing.ts";
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

describe("a sealed secret", () => {
  test("opens with its key and context", async () => {
    await fc.assert(
      fc.asyncProperty(someSecret, async (input) => {
        const sealed = await seal(input);
        expect(await unseal({ ...input, sealed })).toBe(input.plain);
      }),
    );
  });

  test("names its key, shows its nonce, and hides all else", async () => {
    const sealed = await seal(secret);
    expect(sealed).toMatch(/^[0-9a-f]{8}\.[A-Za-z0-9+/]{16}\.[A-Za-z0-9+/]+=*$/);
    expect(sealed.split(".")[1]).toBe(toBase64(secret.nonce));
    expect(sealed).not.toContain(btoa(secret.plain).slice(0, 8));
  });

  test("does not open with another key", async () => {
    await fc.assert(
      fc.asyncProperty(someSecret, bytes(MASTER_KEY_BYTES), async (input, other) => {
        fc.pre(toBase64(other) !== toBase64(input.masterKeys[0]));
        expect(await unseal({ ...input, sealed: await seal(input), masterKeys: [other] })).toBeNull();
      }),
    );
  });

  test("opens with any of several keys that holds its own, and is sealed with the first", async () => {
    const other = new Uint8Array(MASTER_KEY_BYTES).fill(8);
    const older = await seal(secret);
    const newer = await seal({ ...secret, masterKeys: [other, masterKey] });
    expect(newer.slice(0, 8)).not.toBe(older.slice(0, 8));
    for (const sealed of [older, newer])
      expect(await unseal({ masterKeys: [other, masterKey], context, sealed })).toBe(secret.plain);
    expect(await unseal({ masterKeys: [other], context, sealed: newer })).toBe(secret.plain);
    expect(await unseal({ masterKeys, context, sealed: newer })).toBeNull();
  });

  test("does not open with another key that goes by its name", async () => {
    const other = new Uint8Array(MASTER_KEY_BYTES).fill(8);
    const [, ...rest] = (await seal(secret)).split(".");
    const [otherId] = (await seal({ ...secret, masterKeys: [other] })).split(".");
    const sealed = [otherId, ...rest].join(".");
    expect(await unseal({ masterKeys: [other], context, sealed })).toBeNull();
    expect(await unseal({ masterKeys, context, sealed })).toBeNull();
  });

  test("does not open for another context", async () => {
    await fc.assert(
      fc.asyncProperty(someSecret, fc.string(), async (input, other) => {
        fc.pre(other !== input.context);
        expect(await unseal({ ...input, sealed: await seal(input), context: other })).toBeNull();
      }),
    );
  });

  test("does not open once any byte of it was changed", async () => {
    const [keyId = "", nonce = "", ciphertext = ""] = (await seal(secret)).split(".");
    const open = (...parts: string[]) => unseal({ masterKeys, context, sealed: parts.join(".") });
    for (const index of secret.nonce.keys())
      expect(await open(keyId, flipped(nonce, index), ciphertext)).toBeNull();
    for (const index of fromBase64(ciphertext).keys())
      expect(await open(keyId, nonce, flipped(ciphertext, index))).toBeNull();
    expect(await open(keyId, nonce, ciphertext)).toBe(secret.plain);
  });

  test("does not open where it is malformed or cut short", async () => {
    const sealed = await seal(secret);
    const [keyId = "", nonce = "", ciphertext = ""] = sealed.split(".");
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
      sealed.slice(0, -8),
      `${sealed}.more`,
    ];
    for (const text of malformed) expect(await unseal({ masterKeys, context, sealed: text })).toBeNull();
  });
});
