/**
 * Whether a request that arrived is one of ours: the receiver's side of `signature.ts`. Bytes, headers and secrets in,
 * a verdict out; the time is an argument.
 */
import { bodySignature, standardSignature } from "./signature.ts";

export type SignatureVerdict = "valid" | "invalid" | "absent";

/** Header names in lower case. */
type Headers = Record<string, string>;

/** Standard Webhooks, "Verifying webhook authenticity": older or newer requests may be recorded ones. */
const TOLERANCE_MS = 300_000;

/** Whether a request says that it is signed. */
export const isSigned = (headers: Headers): boolean =>
  headers["webhook-signature"] !== undefined || headers["x-webhook-signature"] !== undefined;

/** Whether each of its signatures has the form of one: only then does the body decide. */
export const areWellFormed = ({
  "webhook-signature": standard,
  "x-webhook-signature": older,
}: Headers): boolean =>
  (standard === undefined || /(^| )v1,[A-Za-z0-9+/]{43}=( |$)/.test(standard)) &&
  (older === undefined || /^[0-9a-f]{64}$/.test(older));

/** `valid` where every signature header that is there fits one of the secrets, and at least one is there. */
export async function judgeSignature(input: {
  headers: Headers;
  body: Uint8Array;
  secrets: readonly string[];
  now: number;
}): Promise<SignatureVerdict> {
  const { headers, body, secrets } = input;
  if (!isSigned(headers)) return "absent";
  if (!areWellFormed(headers)) return "invalid";
  const older = headers["x-webhook-signature"];
  const olderFits = async () =>
    (await Promise.all(secrets.map((secret) => bodySignature(secret, body)))).some((one) => one === older);
  const fits =
    (headers["webhook-signature"] === undefined || (await standardFits(input))) &&
    (older === undefined || (await olderFits()));
  return fits ? "valid" : "invalid";
}

async function standardFits(input: Parameters<typeof judgeSignature>[0]): Promise<boolean> {
  const { headers, body, secrets, now } = input;
  const { "webhook-id": webhookId, "webhook-timestamp": timestamp = "" } = headers;
  if (webhookId === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  const timestampSeconds = Number(timestamp);
  if (Math.abs(now - timestampSeconds * 1_000) > TOLERANCE_MS) return false;
  const expected = await Promise.all(
    secrets.map((secret) => standardSignature({ secret, webhookId, timestampSeconds, body })),
  );
  const given = (headers["webhook-signature"] ?? "").split(" ");
  return given.some((signature) => expected.includes(signature));
}
