/** What a list of calls is narrowed down by: from the address, for the API, and in words. Pure. */
import type { AnyLog } from "../answers.ts";
import { endpointName, phone, visible } from "../format.ts";
import { WORDS } from "../log-state.ts";
import { rangeOf, readTime, type Time } from "./time.ts";

type Status = AnyLog["status"];

/** All but the time is as the address has it: the server judges it, and says what is wrong. */
export interface Filter {
  time: Time;
  status: readonly string[];
  waiting: string;
  reason: string;
  event: string;
  url: string;
  to: string;
  from: string;
  q: string;
  is_test: string;
}

/** In the order of the menu. */
// biome-ignore format: as many on a line as there is room for
export const STATUSES = [
  "delivered", "retrying", "pending", "failed", "held", "disabled", "no_webhook",
] as const satisfies Status[];

export const WAITING_WORD = "Waiting for its endpoint";

export const statusWord = (status: string): string => wordOf(WORDS, status, visible(status));

/** What is in the address may name what every object has, such as `constructor`. */
const wordOf = (words: Readonly<Record<string, string>>, name: string, otherwise: string): string =>
  (Object.hasOwn(words, name) ? words[name] : undefined) ?? otherwise;

export function readFilter(query: URLSearchParams): Filter {
  const text = (name: string) => query.get(name)?.trim() ?? "";
  return {
    time: readTime(query),
    status: text("status").split(",").filter(Boolean),
    ...{ waiting: text("waiting"), reason: text("reason"), event: text("event"), url: text("url") },
    ...{ to: text("to"), from: text("from"), q: text("q"), is_test: text("is_test") },
  };
}

/** The query of a list's or of the statistics' request. */
export function apiQuery({ time, status, ...texts }: Filter, now: number): Record<string, string | null> {
  const { since, until } = rangeOf(time, now);
  const iso = (instant: number | null, given: string | null) =>
    instant === null ? given : new Date(instant).toISOString();
  const given = "preset" in time ? { since: null, until: null } : time;
  return {
    ...texts,
    status: status.join(","),
    since: iso(since, given.since),
    until: iso(until, given.until),
  };
}

/** Tells one filter from another. */
export const keyOfFilter = (filter: Filter): string => JSON.stringify(filter);

/** The changes of the address's query that drop every filter. */
export const CLEARED = {
  ...{ status: null, waiting: null, reason: null, event: null, url: null, to: null, from: null, q: null },
  ...{ is_test: null, last: null, since: null, until: null },
};

const { last: _last, since: _since, until: _until, ...NARROWING } = CLEARED;
export const isNarrowed = (filter: Filter): boolean =>
  (Object.keys(NARROWING) as (keyof typeof NARROWING)[]).some((name) => filter[name].length > 0);

/** Either end of a call, as the chip and the menu have it. */
export type Side = "q" | "to" | "from";
export const SIDES: Record<Side, string> = { q: "Either end", to: "Called (to)", from: "Calling (from)" };

export function numberOf(filter: Filter): { side: Side; number: string } | null {
  if (filter.to !== "") return { side: "to", number: filter.to };
  if (filter.from !== "") return { side: "from", number: filter.from };
  return filter.q.startsWith("+") ? { side: "q", number: filter.q } : null;
}

/** "Failed, Retrying"; empty if there is no such filter. */
export const statusChip = ({ status, waiting }: Filter): string =>
  [
    ...(waiting === "" ? [] : [waiting === "true" ? "Waiting" : "Not waiting"]),
    ...status.map(statusWord),
  ].join(", ");

export function numberChip(filter: Filter): string {
  const number = numberOf(filter);
  if (number === null) return "";
  const side = { q: "", to: "to ", from: "from " }[number.side];
  return `${side}${visible(phone(number.number))}`;
}

export const endpointChip = ({ url }: Filter): string =>
  URL.canParse(url) ? visible(endpointName(url)) : visible(url);

const EVENT_WORDS: Record<string, string> = { call: "Calls only", citations: "Citations only" };
const REASON_WORDS: Record<string, string> = { attempts_exhausted: "All attempts used up" };

export const moreChip = ({ event, is_test, reason }: Filter): string =>
  [
    ...(is_test === "true" ? ["Tests"] : []),
    ...(event === "" ? [] : [wordOf(EVENT_WORDS, event, visible(event))]),
    ...(reason === "" ? [] : [wordOf(REASON_WORDS, reason, visible(reason.replaceAll("_", " ")))]),
  ].join(", ");

/** A number as people write it, as the API takes it: "+1 (415) 555-0100" is "+14155550100". */
export function plainNumber(text: string): string {
  const bare = text.trim();
  if (!/^(\+|00)[\d\s().\-/]+$/.test(bare)) return bare;
  return `+${bare.replace(/\D/g, "").replace(bare.startsWith("+") ? /^/ : /^00/, "")}`;
}

export type Search = { ok: true; q: string } | { ok: false; why: string };

/** What is typed into the search box: a number, or the beginning of a call id. */
export function readSearch(text: string): Search {
  const q = plainNumber(text);
  if (q === "" || /^(\+[^\s]+|[A-Za-z0-9._:-]+)$/.test(q))
    return q.length <= 128
      ? { ok: true, q }
      : { ok: false, why: "A call id has 128 characters at most. Type its beginning." };
  if (/^[\d\s().\-/]+$/.test(q))
    return { ok: false, why: "A phone number begins with + and its country, such as +1 415 555 0100." };
  return {
    ok: false,
    why: "Type the beginning of a call id (letters, digits and . _ : -), or a number that begins with +.",
  };
}

/** A refusal of the filters, in the words of who reads it. */
export function refusalWords({ message, field }: { message: string; field?: string }): string {
  if (field === "q") return "The search takes the beginning of a call id, or a number that begins with +.";
  if (field === "since" || field === "until") return `The time can't be used: ${message}`;
  return message;
}
