/** The times that the overview looks at: 24 hours, 7 days, 30 days. Pure. */
import type { Stats } from "../answers.ts";
import { INTERVALS_MS } from "../outcomes/bars.ts";

const DAY = INTERVALS_MS["1d"];

interface Range {
  label: string;
  /** Completes "Nothing was reported in …". */
  words: string;
  ms: number;
  interval: Stats["interval"];
}

export type RangeName = "24h" | "7d" | "30d";

export const RANGES: Record<RangeName, Range> = {
  "24h": { label: "24 h", words: "the last 24 hours", ms: DAY, interval: "30m" },
  "7d": { label: "7 d", words: "the last 7 days", ms: 7 * DAY, interval: "1h" },
  "30d": { label: "30 d", words: "the last 30 days", ms: 30 * DAY, interval: "1d" },
};

export const RANGE_NAMES: readonly RangeName[] = ["24h", "7d", "30d"];

/** Anything that is no range means a day. */
export const rangeOf = (given: string | null): RangeName =>
  RANGE_NAMES.find((name) => name === given) ?? "24h";

/** From when on: the start of a bucket, so that the first bar is a whole one. */
export function sinceOf(name: RangeName, now: number): string {
  const { ms, interval } = RANGES[name];
  const step = INTERVALS_MS[interval];
  return new Date(Math.floor((now - ms) / step) * step).toISOString();
}
