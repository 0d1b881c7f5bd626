/** What a log's state means to somebody who looks: a kind with a word, its attempts as marks, and one sentence. Pure. */
import type { AnyLog, Attempt } from "./answers.ts";
import { counted, duration, hostOf, outcomeOf, timeOfDay, until, zone } from "./format.ts";

export type Kind = "ok" | "bad" | "wait" | "off" | "held" | "none";

/** Why a log waits without a time of its own: something else has to change first. */
const PARKED = ["endpoint_degraded", "endpoint_paused", "org_suspended"];

export const isParked = ({ status, reason }: Pick<AnyLog, "status" | "reason">): boolean =>
  (status === "pending" || status === "retrying") && PARKED.includes(reason ?? "");

/** Whether it may still change by itself: a live view asks for these again. */
export const isEnded = ({ status }: Pick<AnyLog, "status">): boolean =>
  ["delivered", "failed", "disabled", "no_webhook"].includes(status);

export const WORDS: Record<AnyLog["status"], string> = {
  delivered: "Delivered",
  failed: "Failed",
  retrying: "Retrying",
  pending: "Sending",
  held: "Held",
  disabled: "Stopped",
  no_webhook: "No webhook",
};

const KINDS: Record<AnyLog["status"], Kind> = {
  ...{ delivered: "ok", failed: "bad", retrying: "wait", pending: "wait" },
  ...{ held: "held", disabled: "off", no_webhook: "none" },
};

export function stateOf(log: Pick<AnyLog, "status" | "reason">): { kind: Kind; word: string } {
  if (isParked(log) || log.reason === "rate_limited") return { kind: "off", word: "Waiting" };
  return { kind: KINDS[log.status], word: WORDS[log.status] };
}

/** One mark of the attempt strip. `gap`: a new delivery begins. `next`: it is due. `parked`: it waits for its endpoint. */
export type Mark = "ok" | "bad" | "gap" | "next" | "parked";

type Shown = Pick<AnyLog, "metadata" | "status" | "reason" | "next_attempt_at">;

export function marksOf(log: Shown): Mark[] {
  const marks = log.metadata.flatMap(({ error, delivery_id }, index): Mark[] => {
    const before = log.metadata[index - 1];
    const mark: Mark = error === null ? "ok" : "bad";
    return before === undefined || before.delivery_id === delivery_id ? [mark] : ["gap", mark];
  });
  const next: Mark[] = isParked(log) ? ["parked"] : log.next_attempt_at !== null ? ["next"] : [];
  return [...marks, ...(marks.length > 0 && next.length > 0 ? ["gap" as const] : []), ...next];
}

/** The strip in words: "503, 503, next in 4 min". */
export function stripWords(log: Shown, now: number): string {
  const outcomes = log.metadata.map(outcomeOf);
  const next = isParked(log)
    ? ["waits for its endpoint"]
    : log.next_attempt_at === null
      ? []
      : [`next ${until(log.next_attempt_at, now)}`];
  return [...outcomes, ...next].join(", ") || "no attempt";
}

/** A part of a sentence. Strong parts are what somebody looks for. */
export type Part = string | { strong: string; kind?: Kind };

const TIMES = ["never", "once", "twice"];
const times = (value: number): string => TIMES[value] ?? `${value} times`;

/** The attempts at the end of a history that had the same outcome. */
function lastAlike(metadata: readonly Attempt[]): { last: Attempt; alike: number } | null {
  const last = metadata.at(-1);
  if (last === undefined) return null;
  const different = metadata.findLastIndex(
    (entry) => outcomeOf(entry) !== outcomeOf(last) || entry.delivery_id !== last.delivery_id,
  );
  return { last, alike: metadata.length - 1 - different };
}

/** What the receiver did, such as "crm.example answered 503 twice". Empty before the first attempt. */
function whatHappened({ url, metadata }: Pick<AnyLog, "url" | "metadata">): Part[] {
  const found = lastAlike(metadata);
  if (found === null) return [];
  const { last, alike } = found;
  const host = { strong: hostOf(url) };
  const kind: Kind = last.error === null ? "ok" : "bad";
  const how = alike === 1 ? "" : ` ${times(alike)}`;
  if (last.response_code !== null)
    return [host, " answered ", { strong: String(last.response_code), kind }, how];
  const outcome = NO_ANSWER[last.error ?? ""] ?? `can't be reached (${outcomeOf(last)})`;
  return [host, " ", { strong: outcome, kind }, alike === 1 ? "" : `, ${times(alike)} in a row`];
}

/** Of attempts that got no answer: completes "HOST …". */
const NO_ANSWER: Record<string, string> = {
  timeout: "did not answer in time",
  dns: "has no address",
  connect: "did not take the connection, or broke it off",
  tls: "could not be reached securely",
  protocol: "answered something that is not HTTP",
  blocked_url: "is an address that may not be called",
  resolver: "could not be looked up",
  interrupted: "was asked, and we lost the outcome",
};

/** The whole state in one sentence or two: what happened, and what happens next. */
export function sentenceOf(log: AnyLog, now: number, nextProbeAt: string | null = null): Part[] {
  const happened = whatHappened(log);
  const andThen = (...parts: Part[]): Part[] =>
    happened.length === 0 ? parts : [...happened, ". ", ...parts];
  const host = hostOf(log.url);
  const next = log.next_attempt_at;
  const when: Part[] =
    next === null ? [] : [{ strong: until(next, now) }, `, at ${timeOfDay(next)} ${zone(next)}`];
  if (log.reason === "endpoint_degraded")
    return andThen(
      "The endpoint is failing, so the call ",
      { strong: "waits" },
      " and is sent once it answers again.",
      ...(nextProbeAt === null ? [] : [" It is probed ", { strong: until(nextProbeAt, now) }, "."]),
    );
  if (log.reason === "endpoint_paused" && !isEnded(log))
    return andThen(
      "The endpoint is paused, so the call ",
      { strong: "waits" },
      " until somebody enables it.",
    );
  if (log.reason === "org_suspended")
    return andThen("The org is suspended, so the call ", { strong: "waits" }, " until that is lifted.");
  switch (log.status) {
    case "delivered": {
      const last = log.metadata.at(-1);
      const isSentAgain = log.metadata.some(({ delivery_id }) => delivery_id !== last?.delivery_id);
      const first = isSentAgain ? "when it was sent again" : "at the first try";
      const tries = last === undefined || last.attempt === 1 ? first : `at attempt ${last.attempt}`;
      return [...happened, ` ${tries}${last === undefined ? "" : `, in ${duration(msOf(last))}`}.`];
    }
    case "failed":
      return andThen(...(FAILED[log.reason ?? ""] ?? ["Nothing more is sent by itself."]));
    case "disabled":
      return andThen(`${host} is disabled, so nothing is sent until somebody enables it.`);
    case "held":
      return next === null
        ? ["It is held for its citations."]
        : ["It is held for its citations. Without them it is sent ", ...when, "."];
    case "no_webhook":
      return ["No URL was named for this call, so nothing is sent. It can be sent to one now."];
    case "pending":
    case "retrying": {
      if (next === null) return andThen("It is on its way.");
      const isRate = log.reason === "rate_limited";
      const made = log.metadata.filter(({ delivery_id }) => delivery_id === log.metadata.at(-1)?.delivery_id);
      const begin = isRate ? "The endpoint's rate is reached: it is sent " : "The next attempt goes ";
      return happened.length === 0
        ? [isRate ? begin : "The first attempt goes ", ...when, "."]
        : andThen(`${counted(made.length, "attempt is", "attempts are")} made. ${begin}`, ...when, ".");
    }
  }
}

const FAILED: Record<string, Part[]> = {
  attempts_exhausted: ["All attempts are used up; nothing more is sent by itself."],
  gone: ["410 means that it is gone: the endpoint is disabled, and nothing more is sent."],
  consumer_fault: ["A fault of our own ended it; it can be sent again."],
  dead_letter: ["Its message could not be handled and ended here; it can be sent again."],
};

/** An attempt's "142ms" as a number. */
export const msOf = ({ response_time }: Pick<Attempt, "response_time">): number =>
  Number.parseInt(response_time, 10);

export const textOf = (parts: readonly Part[]): string =>
  parts.map((part) => (typeof part === "string" ? part : part.strong)).join("");
