/**
 * Checks the signatures of a request that arrived, as a receiver does: the other side of `signature.ts`. Bytes,
 * headers and secrets in, a verdict out; the time is an argument.
 */
import { bodySignature, standardSignature } from "./signature.ts";

export type SignatureVerdict = "valid" | "invalid" | "absent";

/** Header names in lower case. */
type Headers = Record<string, string>;

/** Standard Webhooks, "Verifying webhook authenticity": requests further off than this may be replayed ones. */
const TOLERANCE_MS = 300_000;

/** Whether a request has a signature header. */
export const isSigned = (headers: Headers): boolean =>
  headers["webhook-signature"] !== undefined || headers["x-webhook-signature"] !== undefined;

/** Whether each signature has the form of one. Otherwise the body need not be read. */
export const areWellFormed = ({
  "webhook-signature": standard,
  "x-webhook-signature": older,
}: Headers): boolean =>
  (standard === undefined || /(^| )v1,[A-Za-z0-9+/]{43}=( |$)/.test(standard)) &&
  (older === undefined || /^[0-9a-f]{64}$/.test(older));

/** `valid` if there is a signature header and each one matches one of the secrets. */
export function judgeSignature(input: {
  headers: Headers;
  body: Uint8Array;
  secrets: readonly string[];
  now: number;
}): SignatureVerdict {
  const { headers, body, secrets } = input;
  if (!isSigned(headers)) return "absent";
  if (!areWellFormed(headers)) return "invalid";
  const older = headers["x-webhook-signature"];
  const fits =
    (headers["webhook-signature"] === undefined || standardFits(input)) &&
    (older === undefined || secrets.some((secret) => bodySignature(secret, body) === older));
  return fits ? "valid" : "invalid";
}

function standardFits(input: Parameters<typeof judgeSignature>[0]): boolean {
  const { headers, body, secrets, now } = input;
  const { "webhook-id": webhookId, "webhook-timestamp": timestamp = "" } = headers;
  if (webhookId === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  const timestampSeconds = Number(timestamp);
  if (Math.abs(now - timestampSeconds * 1_000) > TOLERANCE_MS) return false;
  const expected = secrets.map((secret) => standardSignature({ secret, webhookId, timestampSeconds, body }));
  const given = (headers["webhook-signature"] ?? "").split(" ");
  return given.some((signature) => expected.includes(signature));
}
