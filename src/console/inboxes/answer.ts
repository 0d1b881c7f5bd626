/** What an inbox is told to answer: as a form, in words, and what it does to a call. Pure. */
import type { Inbox } from "../answers.ts";
import { duration } from "../format.ts";
import type { Kind } from "../log-state.ts";
import { sentNumber } from "../sent-number.ts";

export type Respond = Inbox["respond"];

/** What the form holds. Numbers are texts until they are sent; the server judges them. */
export interface AnswerDraft {
  status: string;
  delay_ms: string;
  headers: { name: string; value: string }[];
  body: string;
}

export const PRESETS: readonly { name: string; respond: Respond }[] = [
  { name: "200 at once", respond: { status: 200, delay_ms: 0, headers: {}, body: "{}" } },
  {
    name: "503 with Retry-After",
    respond: { status: 503, delay_ms: 0, headers: { "retry-after": "30" }, body: '{"error":"maintenance"}' },
  },
  { name: "410 gone", respond: { status: 410, delay_ms: 0, headers: {}, body: '{"error":"gone"}' } },
  { name: "Slow: 20 s", respond: { status: 200, delay_ms: 20_000, headers: {}, body: "{}" } },
];

export const isSameAnswer = (a: Respond, b: Respond): boolean =>
  a.status === b.status &&
  a.delay_ms === b.delay_ms &&
  a.body === b.body &&
  JSON.stringify(Object.entries(a.headers).sort()) === JSON.stringify(Object.entries(b.headers).sort());

export const draftOf = ({ status, delay_ms, headers, body }: Respond): AnswerDraft => ({
  status: String(status),
  delay_ms: String(delay_ms),
  headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
  body,
});

/** What is sent. Rows without a name are left out. */
export const respondOf = ({ status, delay_ms, headers, body }: AnswerDraft) => ({
  status: sentNumber(status),
  delay_ms: sentNumber(delay_ms),
  headers: Object.fromEntries(
    headers.filter(({ name }) => name.trim() !== "").map(({ name, value }) => [name.trim(), value]),
  ),
  body,
});

/** Such as "503 at once, retry after 30 s" or "200 after 20 s". */
export function answerWords({ status, delay_ms, headers }: Respond): string {
  const when = delay_ms === 0 ? "at once" : `after ${duration(delay_ms)}`;
  const retry = headers["retry-after"];
  const later = retry === undefined ? "" : `, retry after ${/^\d+$/.test(retry) ? `${retry} s` : retry}`;
  return `${status} ${when}${later}`;
}

/** One attempt takes this long at most, unless its endpoint says otherwise. */
const TIMEOUT_MS = 15_000;

/** What this answer does to a call that is sent here. */
export function consequenceOf({ status, delay_ms, headers }: Respond): { kind: Kind; text: string } {
  if (delay_ms >= TIMEOUT_MS)
    return {
      kind: "wait",
      text: "An attempt waits 15 s unless its endpoint says otherwise: this is a timeout, and the call is sent again later.",
    };
  if (status === 410)
    return {
      kind: "bad",
      text: "410 means that the address is gone: the call fails, and this address is disabled as an endpoint until somebody enables it.",
    };
  if (status >= 200 && status < 300) return { kind: "ok", text: "A call that is sent here is delivered." };
  if (status < 400)
    return {
      kind: "wait",
      text: "Redirects are never followed: the attempt fails, and the call is sent again later.",
    };
  return {
    kind: "wait",
    text:
      headers["retry-after"] === undefined
        ? "The attempt fails, and the call is sent again on its schedule."
        : "The attempt fails. The call is sent again on its schedule, but not before Retry-After allows.",
  };
}
