/** A stored signing secret: it decrypts for its own org only, and reveals nothing. */
import { expect, test } from "vitest";
import { MASTER_KEY_BYTES, NONCE_BYTES } from "../../src/core/encryption.ts";
import { toBase64 } from "../../src/core/signature.ts";
import {
  decryptSigningSecret,
  makeSigningSecret,
  SIGNING_SECRET_RANDOM_BYTES,
} from "../../src/core/signing-secret.ts";

const masterKeys = [new Uint8Array(MASTER_KEY_BYTES).fill(7)] as const;
const random = Uint8Array.from({ length: SIGNING_SECRET_RANDOM_BYTES }, (_, index) => index);
const NONCE = random.subarray(-NONCE_BYTES);

test("a new secret is its random bytes in base64, and opens for its org and no other", async () => {
  const { secret, ciphertext } = await makeSigningSecret({ user_id: "org_1", masterKeys, random });
  expect(secret).toBe(`whsec_${toBase64(random.subarray(0, 32))}`);
  expect(await decryptSigningSecret({ user_id: "org_1", masterKeys, ciphertext })).toBe(secret);
  expect(await decryptSigningSecret({ user_id: "org_2", masterKeys, ciphertext })).toBeNull();
});

test("its nonce is none of the secret's bytes", async () => {
  const { ciphertext } = await makeSigningSecret({ user_id: "org_1", masterKeys, random });
  expect(ciphertext.split(".")[1]).toBe(toBase64(NONCE));
});
