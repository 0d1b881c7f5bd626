/** A log's attempts as a timeline has them: newest first, by delivery, and what comes next. Pure. */
import type { AnyLog, Attempt, AttemptWithDetails, Endpoint } from "../answers.ts";
import { duration, timeOfDay } from "../format.ts";
import { isParked, msOf } from "../log-state.ts";

/** What names an attempt in an address. */
export const keyOf = ({ delivery_id, attempt }: Pick<Attempt, "delivery_id" | "attempt">): string =>
  `${delivery_id}.${attempt}`;

export interface DeliveryGroup {
  delivery_id: string;
  /** From 1, the oldest. */
  ordinal: number;
  send_type: Attempt["send_type"];
  /** Newest first. */
  attempts: AttemptWithDetails[];
}

/** The deliveries, newest first. `attempts` are oldest first. */
export function deliveriesOf(attempts: readonly AttemptWithDetails[]): DeliveryGroup[] {
  const groups: DeliveryGroup[] = [];
  for (const attempt of attempts) {
    const { delivery_id, send_type } = attempt;
    const last = groups.at(-1);
    // An attempt of an older delivery may have begun after one of the next: it stays with its own.
    const own =
      last?.delivery_id === delivery_id
        ? last
        : groups.findLast((group) => group.delivery_id === delivery_id);
    if (own !== undefined) own.attempts.unshift(attempt);
    else groups.push({ delivery_id, ordinal: groups.length + 1, send_type, attempts: [attempt] });
  }
  return groups.reverse();
}

/** Attempts without their details, until those are there. */
const withoutDetails = (metadata: readonly Attempt[]): AttemptWithDetails[] =>
  metadata.map((attempt) => ({
    ...attempt,
    ...{ request: null, response: null, requested_by: null, details_dropped: false },
  }));

/** The attempts with their details, and those of the log that have been made since. Oldest first. */
export function merged(
  attempts: readonly AttemptWithDetails[] | null,
  metadata: readonly Attempt[],
): AttemptWithDetails[] {
  if (attempts === null) return withoutDetails(metadata);
  const last = attempts.at(-1)?.sent_at ?? "";
  return [...attempts, ...withoutDetails(metadata.filter(({ sent_at }) => sent_at > last))];
}

/** "+5.4 s" after the report. */
export const sinceReport = (since: string, at: string): string => {
  const ms = Math.max(0, Date.parse(at) - Date.parse(since));
  return `+${ms < 1_000 ? `${(ms / 1_000).toFixed(2)} s` : duration(ms)}`;
};

/** `at`: when it is due; null if something else has to change first. */
export interface Next {
  at: string | null;
  title: string;
  why: string;
  look: "wait" | "held" | "off";
}

type LogNow = Pick<AnyLog, "status" | "reason" | "next_attempt_at">;

/** What is to come, if anything is: the attempt that is due, or what the call waits for. */
export function nextOf(
  log: LogNow,
  { attempts, endpoint = null }: { attempts: readonly AttemptWithDetails[]; endpoint?: Endpoint | null },
): Next | null {
  const last = attempts.at(-1);
  // `pending`: its current delivery has made no attempt yet.
  const number = last === undefined || log.status === "pending" ? 1 : last.attempt + 1;
  const title = `Attempt ${number}`;
  const at = log.next_attempt_at;
  if (isParked(log)) return { at: null, title, why: PARKED[log.reason ?? ""] ?? "It waits.", look: "off" };
  if (log.status === "held") return { at, title, why: "It is held for its citations.", look: "held" };
  if (at === null) return null;
  return { at, title, why: dueWords(log, at, { last, endpoint }), look: "wait" };
}

const PARKED: Record<string, string> = {
  endpoint_degraded: "The endpoint is failing. The call goes once it answers again.",
  endpoint_paused: "The endpoint is paused. The call goes once somebody enables it.",
  org_suspended: "The org is suspended. The call goes once that is lifted.",
};

interface Before {
  last: AttemptWithDetails | undefined;
  endpoint: Endpoint | null;
}

function dueWords({ reason }: LogNow, at: string, { last, endpoint }: Before): string {
  if (reason === "rate_limited") return "The endpoint's rate is reached: this is its turn.";
  if (last === undefined) return `At ${timeOfDay(at)}.`;
  const wait = Date.parse(at) - Date.parse(last.sent_at) - msOf(last);
  if (wait <= 0) return `At ${timeOfDay(at)}.`;
  const asked = Number(last.response?.headers["retry-after"] ?? Number.NaN);
  if (asked > 0 && Math.abs(wait / 1_000 - asked) < 2)
    return `${duration(asked * 1_000)} after the last, as its retry-after asks`;
  const step = stepOf(endpoint, last);
  return step === null
    ? `${duration(wait)} after the last, at ${timeOfDay(at)}`
    : `${step} after the last, ±10 %`;
}

const UNITS: Record<string, string> = { ms: "ms", s: "s", m: "min", h: "h" };

/** The wait of the endpoint's own schedule after this attempt: "5 min". The deployment's schedule is not known here. */
function stepOf(endpoint: Endpoint | null, { attempt }: Pick<Attempt, "attempt">): string | null {
  const [, value, unit] =
    /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(endpoint?.settings.retry_schedule?.[attempt - 1] ?? "") ?? [];
  return value === undefined ? null : `${value} ${UNITS[unit ?? ""]}`;
}
