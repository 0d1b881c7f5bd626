/** How much of its limits an org uses, and how ready the service is. Pure. */
import type { ApiKey, Readiness } from "./answers.ts";
import { bytes, count, counted, duration } from "./format.ts";
import type { Kind } from "./log-state.ts";

/** What an org may store where no limit is set for it. */
export const DEFAULT_STORED_GB = 5;
const BYTES_PER_GB = 1e9;
const NEARLY_FULL = 0.8;

/** What is stored of what may be: as a share from 0 to 1, and in words. */
export function storedOf(
  stored_bytes: number,
  stored_gb: number,
): { share: number; kind: Kind; text: string } {
  const share = Math.min(1, stored_bytes / (stored_gb * BYTES_PER_GB));
  const kind = share >= 1 ? "bad" : share >= NEARLY_FULL ? "wait" : "ok";
  return { share, kind, text: `${bytes(stored_bytes)} of ${count(stored_gb)} GB` };
}

/** What `/readyz` answers, or why it does not. */
export function readinessWords(
  answer: { ok: true; data: Readiness } | { ok: false; errors: readonly { message: string }[] },
): { kind: Kind; text: string } {
  if (!answer.ok) return { kind: "bad", text: answer.errors[0]?.message ?? "The service is not ready." };
  const { overdue, counted_all = true, floor_age_seconds } = answer.data;
  const late =
    overdue === undefined
      ? ""
      : overdue === 0
        ? ", nothing is overdue"
        : `, ${counted_all ? "" : "over "}${counted(overdue, "call is", "calls are")} overdue`;
  const swept =
    floor_age_seconds == null
      ? ""
      : `, the sweep has walked up to ${duration(floor_age_seconds * 1_000)} ago`;
  return {
    kind: overdue !== undefined && overdue > 0 ? "wait" : "ok",
    text: `The service is ready${late}${swept}.`,
  };
}

/** Whether a key still opens anything. */
export function keyState(
  { revoked_at, expires_at }: Pick<ApiKey, "revoked_at" | "expires_at">,
  now: number,
): { kind: Kind; word: string } {
  if (revoked_at !== null) return { kind: "off", word: "Revoked" };
  if (expires_at !== null && Date.parse(expires_at) <= now) return { kind: "off", word: "Expired" };
  return { kind: "ok", word: "Valid" };
}
