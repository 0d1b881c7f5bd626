/** What can be done with a log as it is, and why something else can't. Pure; the server decides all the same. */
import type { AnyLog, Endpoint } from "../answers.ts";
import { isEnded, isParked } from "../log-state.ts";

/**
 * The main action.
 * - `resend`: sends the stored payload again, or now.
 * - `release`: ends the hold for citations.
 * - `create`: sends it to a URL that is asked for.
 * - `none`: nothing can be sent, and why.
 */
export type SendAction =
  | { kind: "resend" | "release" | "create"; word: string }
  | { kind: "none"; word: string; why: string };

type LogNow = Pick<AnyLog, "status" | "reason" | "url" | "payload_erased_at">;

/** `endpoint`: its state; null while it is not known. */
export function sendActionOf(log: LogNow, endpoint: Endpoint["state"] | null): SendAction {
  const word = isEnded(log) && log.status !== "no_webhook" ? "Send again" : "Send now";
  if (log.payload_erased_at !== undefined)
    return {
      kind: "none",
      word,
      why: "Its payload was erased once it was delivered, so there is nothing to send.",
    };
  if (log.url === null) return { kind: "create", word: "Send to a URL …" };
  if (log.status === "held") return { kind: "release", word: "Release now" };
  if (endpoint === "disabled" || (endpoint === null && log.status === "disabled"))
    return { kind: "none", word, why: "Its endpoint is disabled. Enable it first." };
  return { kind: "resend", word };
}

/** What is said once it was asked for. */
export function doneWords(log: LogNow): string {
  if (log.status === "held") return "Released: it goes without its citations.";
  return isParked(log) ? "It goes now, although its endpoint is not well." : "It is on its way.";
}
