/** The receiver's side of both signatures: what fits, what does not, and what is not signed at all. */
import { expect, test } from "vitest";
import { bodySignature, standardSignature } from "../../src/core/signature.ts";
import { isSigned, judgeSignature } from "../../src/core/verify.ts";

const NOW = 1_767_225_600_000;
const [NEWEST, OLDER, OTHERS] = ["whsec_bmV3ZXN0", "whsec_b2xkZXI=", "whsec_b3RoZXJz"];
const BODY = new TextEncoder().encode('{"call_id":"a","note":"☎"}');

async function signed(secrets: string[], { at = NOW, body = BODY } = {}): Promise<Record<string, string>> {
  const timestampSeconds = Math.floor(at / 1_000);
  const standard = secrets.map((secret) =>
    standardSignature({ secret, webhookId: "msg_1", timestampSeconds, body }),
  );
  return {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(timestampSeconds),
    "webhook-signature": (await Promise.all(standard)).join(" "),
    "x-webhook-signature": bodySignature(secrets[0] ?? "", body),
  };
}

const without = (headers: Record<string, string>, ...names: string[]) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));

const judge = (headers: Record<string, string>, { secrets = [NEWEST, OLDER], body = BODY } = {}) =>
  judgeSignature({ headers, body, secrets, now: NOW });

test("what any live secret has signed is valid, by either header and by both", async () => {
  for (const secrets of [[NEWEST, OLDER], [NEWEST], [OLDER], [OTHERS, OLDER]]) {
    expect(await judge(without(await signed(secrets), "x-webhook-signature"))).toBe("valid");
  }
  for (const secret of [NEWEST, OLDER]) {
    expect(await judge(await signed([secret]))).toBe("valid");
    expect(await judge({ "x-webhook-signature": bodySignature(secret, BODY) })).toBe("valid");
  }
});

test("what is signed by no live secret, in part or for another body is invalid", async () => {
  const headers = await signed([NEWEST]);
  expect(await judge(await signed([OTHERS]))).toBe("invalid");
  expect(await judge(headers, { secrets: [] })).toBe("invalid");
  expect(await judge(headers, { body: BODY.slice(1) })).toBe("invalid");
  expect(await judge({ ...headers, "x-webhook-signature": "00" })).toBe("invalid");
  expect(await judge({ ...headers, "webhook-signature": "v1,AAAA" })).toBe("invalid");
  expect(await judge({ ...headers, "webhook-signature": "" })).toBe("invalid");
  expect(await judge({ ...headers, "x-webhook-signature": "0".repeat(64) })).toBe("invalid");
  expect(await judge({ ...headers, "webhook-signature": `v1,${"A".repeat(43)}=` })).toBe("invalid");
  expect(await judge({ ...headers, "webhook-id": "msg_2" })).toBe("invalid");
  expect(await judge({ ...headers, "webhook-timestamp": "soon" })).toBe("invalid");
  expect(await judge(without(headers, "webhook-id"))).toBe("invalid");
  expect(await judge(without(headers, "webhook-timestamp"))).toBe("invalid");
});

test.each([
  [-301, "invalid"],
  [-300, "valid"],
  [300, "valid"],
  [301, "invalid"],
])("what was signed %i s from now is %s", async (seconds, verdict) => {
  expect(await judge(await signed([NEWEST], { at: NOW + seconds * 1_000 }))).toBe(verdict);
});

test("what has neither header is absent, an id and a timestamp or not", async () => {
  const bare = without(await signed([NEWEST]), "webhook-signature", "x-webhook-signature");
  expect(await judge(bare)).toBe("absent");
  expect(isSigned(bare)).toBe(false);
});
