/** What the page of numbers reads and says. Pure. */
import type { AnyLog, InboundNumber } from "../answers.ts";
import { causeOf, hintOf } from "../failure-hints.ts";
import { capitalized, counted, duration, outcomeOf } from "../format.ts";
import { msOf, type Part } from "../log-state.ts";

/** A number as people write it, without what only parts its digits. */
export const withoutSpacing = (text: string): string => text.replace(/[\s().\-/]/g, "");

/** The number's own path in the API. */
export const numberPath = (number: string): string => `/v1/inbound/${encodeURIComponent(number)}`;

/** The sentence above the list. */
export function numbersSentence(numbers: readonly InboundNumber[], hasMore: boolean): string {
  const own = numbers.filter(({ webhook }) => webhook !== null).length;
  const others = numbers.length - own;
  const all = `${hasMore ? "The first " : ""}${counted(numbers.length, "number")}`;
  if (own === 0) return `${all}, with the org's URL.`;
  if (others === 0) return `${all}, ${own === 1 ? "" : "each "}with a URL of its own.`;
  const have = counted(own, "has a URL of its own", "have a URL of their own");
  return `${all}: ${have}, ${others === 1 ? "the other takes" : "the others take"} the org's.`;
}

/** By digits, however they are spaced, or by a part of the URL. */
export function isNumberFound({ phone_number, webhook }: InboundNumber, search: string): boolean {
  const digits = withoutSpacing(search);
  const isNumber = digits !== "" && phone_number.includes(digits);
  return isNumber || (webhook ?? "").toLowerCase().includes(search.toLowerCase());
}

/** Which events a number's calls send. `org`: as the org says. */
export type EventsChoice = "org" | "call" | "citations";

export const EVENTS_WORDS: Record<EventsChoice, string> = {
  org: "As the org says",
  call: "The call alone",
  citations: "The call and its citations",
};

export const eventsChoiceOf = ({ webhook_events }: Pick<InboundNumber, "webhook_events">): EventsChoice =>
  webhook_events === null ? "org" : webhook_events.includes("citations") ? "citations" : "call";

/** The names to send. Those without an effect that were set before stay. */
export function eventsOf(choice: EventsChoice, before: readonly string[] | null): string[] | null {
  if (choice === "org") return null;
  const others = (before ?? []).filter((name) => name !== "citations");
  return choice === "citations" ? [...others, "citations"] : others;
}

/** The outcome of a test in words: "200 in 12 ms". */
export function testSentence({ metadata }: Pick<AnyLog, "metadata">): Part[] {
  const last = metadata.at(-1);
  if (last === undefined) return ["It is on its way, and no answer has come yet."];
  const outcome = outcomeOf(last);
  const took = ` in ${duration(msOf(last))}`;
  if (last.error === null) return [{ strong: outcome, kind: "ok" }, `${took}: it arrived.`];
  const hint = hintOf(outcome);
  const why = hint === null ? "." : `: ${hint}${hint.endsWith("?") ? "" : "."}`;
  return last.response_code === null
    ? [
        { strong: capitalized(causeOf(outcome)), kind: "bad" },
        `${last.error === "timeout" ? ` after ${duration(msOf(last))}` : ""}${why}`,
      ]
    : [{ strong: outcome, kind: "bad" }, `${took}${why}`];
}
