/** The time that a list of calls is narrowed down to: from the address, in words, and as date inputs have it. Pure. */
import { dayAndTime, timeOfDay } from "../format.ts";

export const PRESETS = ["1h", "24h", "7d", "30d", "all"] as const;
export type Preset = (typeof PRESETS)[number];

/** A preset moves on with the clock. The ends of a fixed time are texts, as the address has them. */
export type Time = { preset: Preset } | { since: string | null; until: string | null };

/** Milliseconds since the epoch; null: no bound. */
export interface Range {
  since: number | null;
  until: number | null;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const LENGTHS_MS: Record<Exclude<Preset, "all">, number> = {
  "1h": HOUR_MS,
  "24h": DAY_MS,
  "7d": 7 * DAY_MS,
  "30d": 30 * DAY_MS,
};

export const PRESET_WORDS: Record<Preset, string> = {
  "1h": "Last hour",
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
  all: "All time",
};

/** Within a sentence: "No call in the last hour". */
export const timePhrase = (time: Time, now: number): string =>
  "preset" in time
    ? time.preset === "all"
      ? "at any time"
      : `in the ${PRESET_WORDS[time.preset].toLowerCase()}`
    : `in the time ${timeWords(time, now)}`;

/** Who looks for a call by its id wants it however old it is. */
export function readTime(query: URLSearchParams): Time {
  const [since, until] = [query.get("since"), query.get("until")];
  if (since || until) return { since: since || null, until: until || null };
  const q = query.get("q") ?? "";
  const preset = PRESETS.find((known) => known === query.get("last"));
  return { preset: preset ?? (q === "" || q.startsWith("+") ? "24h" : "all") };
}

/** A preset's beginning is a whole minute, so that questions seconds apart are the same one. */
export function rangeOf(time: Time, now: number): Range {
  if ("preset" in time)
    return {
      since:
        time.preset === "all" ? null : Math.floor((now - LENGTHS_MS[time.preset]) / MINUTE_MS) * MINUTE_MS,
      until: null,
    };
  const instant = (text: string | null) => (text === null ? Number.NaN : Date.parse(text));
  const [since, until] = [instant(time.since), instant(time.until)];
  return { since: Number.isNaN(since) ? null : since, until: Number.isNaN(until) ? null : until };
}

const startOfDay = (time: number): number => new Date(time).setHours(0, 0, 0, 0);

/** A day as somebody would call it: nothing for today, "yesterday", "24 Nov". */
export function dayWord(time: number, now: number): string {
  const day = startOfDay(time);
  if (day === startOfDay(now)) return "";
  if (day === startOfDay(startOfDay(now) - 1)) return "yesterday";
  const isThisYear = new Date(time).getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "short",
    ...(!isThisYear && { year: "numeric" }),
  }).format(time);
}

const minuteOf = (time: number): string => timeOfDay(time).slice(0, 5);

export const moment = (time: number, now: number, withSeconds = false): string =>
  `${dayWord(time, now)} ${withSeconds ? timeOfDay(time) : minuteOf(time)}`.trim();

/** "Last 24 hours", "since 15:57", "yesterday 22:00 – 04:00". */
export function timeWords(time: Time, now: number): string {
  if ("preset" in time) return PRESET_WORDS[time.preset];
  const { since, until } = rangeOf(time, now);
  if (since === null || until === null) {
    if (since !== null) return `since ${moment(since, now)}`;
    return until === null ? `${time.since ?? time.until}` : `until ${moment(until, now)}`;
  }
  const isShort = until - since < 2 * MINUTE_MS;
  const isSameDay = startOfDay(since) === startOfDay(until);
  const end = isShort ? timeOfDay(until) : minuteOf(until);
  return `${moment(since, now, isShort)} – ${isSameDay ? end : moment(until, now, isShort)}`;
}

/** As `<input type="datetime-local">` has it: here, to the second. */
export const toInput = (time: number | null): string =>
  time === null ? "" : `${dayAndTime(time).replace(" ", "T")}:${timeOfDay(time).slice(6)}`;

/** What such an input holds as ISO 8601; null if it is empty. */
export function fromInput(text: string): string | null {
  const time = new Date(text).getTime();
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
