/** Both signatures: against known answers, against node:crypto, and against a receiver's own library. */
import { createHash, createHmac } from "node:crypto";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  bodySignature,
  fromBase64,
  SECRET_PREFIX,
  sha256Hex,
  signingSecretOf,
  standardSignature,
  toBase64,
} from "../../src/core/signature.ts";
import { NOW } from "./samples.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const randomBytes = fc.uint8Array({ minLength: 32, maxLength: 32 });

/** Keys whose base64 has every character that base64url and paddings differ in. */
const SECRETS = [
  "whsec_+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/+/",
  "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==",
];

describe("x-webhook-signature", () => {
  test("is the known answer of RFC 4231, test case 2", async () => {
    expect(bodySignature("Jefe", utf8("what do ya want for nothing?"))).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
  });

  test("is what node:crypto computes with the whole secret, prefix and all", async () => {
    await fc.assert(
      fc.asyncProperty(randomBytes, fc.uint8Array({ maxLength: 300 }), async (random, body) => {
        const secret = signingSecretOf(random);
        const expected = createHmac("sha256", secret).update(body).digest("hex");
        expect(bodySignature(secret, body)).toBe(expected);
      }),
    );
  });
});

describe("webhook-signature", () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: NOW }));
  afterEach(() => vi.useRealTimers());

  const sign = async (input: { secret: string; id?: string; at?: number; body: string }) => {
    const { secret, id: webhookId = "msg_1", at: timestampSeconds = NOW / 1_000, body } = input;
    return {
      "webhook-id": webhookId,
      "webhook-timestamp": String(timestampSeconds),
      "webhook-signature": standardSignature({
        secret,
        webhookId,
        timestampSeconds,
        body: utf8(body),
      }),
    };
  };

  test("is the known answer of the Standard Webhooks libraries", async () => {
    const headers = await sign({
      secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      at: 1_614_265_330,
      body: '{"test": 2432232314}',
    });
    expect(headers["webhook-signature"]).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  });

  test("is what node:crypto computes with the decoded secret", async () => {
    const at = fc.nat({ max: 4_000_000_000 });
    await fc.assert(
      fc.asyncProperty(randomBytes, fc.string(), at, fc.string(), async (random, id, at, body) => {
        const headers = await sign({ secret: signingSecretOf(random), id, at, body });
        const digest = createHmac("sha256", random).update(`${id}.${at}.${body}`).digest("base64");
        expect(headers["webhook-signature"]).toBe(`v1,${digest}`);
      }),
    );
  });

  test.each(SECRETS)("made with %s is verified by the receiver's library", async (secret) => {
    const body = '{"price":1.10,"name":"Zoë 🎧"}';
    const headers = await sign({ secret, body });
    expect(new Webhook(secret).verify(body, headers)).toEqual({ price: 1.1, name: "Zoë 🎧" });
  });

  test("fails the receiver's check once any byte of the body is another", async () => {
    const [secret = ""] = SECRETS;
    const body = '{"call_id":"call-1"}';
    const headers = await sign({ secret, body });
    const receiver = new Webhook(secret);
    for (const [index] of [...body].entries()) {
      const flipped = Buffer.from(body);
      flipped.writeUInt8(flipped.readUInt8(index) ^ 1, index);
      expect(() => receiver.verify(flipped, headers)).toThrow("No matching signature found");
    }
    expect(receiver.verify(body, headers)).toEqual({ call_id: "call-1" });
  });

  test.each([
    ["id", { "webhook-id": "msg_2" }],
    ["timestamp", { "webhook-timestamp": String(NOW / 1_000 + 1) }],
    ["signature", { "webhook-signature": `v1,${toBase64(new Uint8Array(32))}` }],
  ])("fails the receiver's check with another %s", async (_name, change) => {
    const [secret = ""] = SECRETS;
    const headers = { ...(await sign({ secret, body: "{}" })), ...change };
    expect(() => new Webhook(secret).verify("{}", headers)).toThrow("No matching signature found");
  });

  test("fails the receiver's check with another secret", async () => {
    const [secret = "", other = ""] = SECRETS;
    const headers = await sign({ secret, body: "{}" });
    expect(() => new Webhook(other).verify("{}", headers)).toThrow("No matching signature found");
  });
});

test("a signing secret is its prefix and the random bytes in base64", () => {
  fc.assert(
    fc.property(randomBytes, (random) => {
      const secret = signingSecretOf(random);
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      expect(fromBase64(secret.slice(SECRET_PREFIX.length))).toEqual(random);
    }),
  );
});

test("base64 is what Buffer writes, and is read back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
      expect(fromBase64(toBase64(bytes))).toEqual(bytes);
    }),
  );
});

test("SHA-256 is what node:crypto computes, in lower-case hex", async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary" }), async (text) => {
      expect(sha256Hex(text)).toBe(createHash("sha256").update(text).digest("hex"));
    }),
  );
});
