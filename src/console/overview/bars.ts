/** The bars of the overview's chart, and what stands below them. Pure: the zone is that of the machine. */
import type { Stats } from "../answers.ts";
import { count, counted, timeOfDay } from "../format.ts";
import { STEPS } from "./range.ts";

type Bucket = Stats["buckets"][number];
type Interval = Stats["interval"];

/** From `since`, inclusive, to `until`, exclusive. */
export interface Bar {
  since: string;
  until: string;
  delivered: number;
  failed: number;
  other: number;
}

const DAY = 86_400_000;
/** How many buckets a bar may stand for: with each, bars of hours begin at the same hours every day. */
const MERGES = [1, 2, 3, 4, 6, 8, 12, 24];

/** How far the clock here is ahead of UTC. */
const zoneMs = (time: number): number => -60_000 * new Date(time).getTimezoneOffset();

/** The buckets as `most` bars at most, aligned to the clock here. Days stay days of UTC. */
export function barsOf(buckets: readonly Bucket[], interval: Interval, most: number): Bar[] {
  const step = STEPS[interval];
  const merged = MERGES.find((times) => buckets.length <= times * (most - 1)) ?? 24;
  const size = (buckets.length <= most ? 1 : merged) * step;
  const bars = new Map<number, Bar>();
  for (const { at, delivered, failed, other } of buckets) {
    const time = Date.parse(at);
    const group = Math.floor((time + (step < DAY ? zoneMs(time) : 0)) / size);
    const bar = bars.get(group) ?? { since: at, until: at, delivered: 0, failed: 0, other: 0 };
    bar.until = new Date(time + step).toISOString();
    bar.delivered += delivered;
    bar.failed += failed;
    bar.other += other;
    bars.set(group, bar);
  }
  return [...bars.values()];
}

export const totalOf = ({ delivered, failed, other }: Pick<Bar, "delivered" | "failed" | "other">): number =>
  delivered + failed + other;

const date = (at: string, options: Intl.DateTimeFormatOptions): string =>
  new Date(at).toLocaleDateString("en-GB", options);
const inUtc = { day: "numeric", month: "short", timeZone: "UTC" } as const;
const minutes = (at: string): string => timeOfDay(at).slice(0, 5);

/** When a bar is: "Thu 26 Nov, 16:30 to 17:00". */
export function spanOf({ since, until }: Pick<Bar, "since" | "until">, interval: Interval): string {
  if (interval !== "1d")
    return `${date(since, { weekday: "short", day: "numeric", month: "short" }).replace(",", "")}, ${minutes(since)} to ${minutes(until)}`;
  const last = new Date(Date.parse(until) - 1).toISOString();
  const [from, to] = [date(since, inUtc), date(last, inUtc)];
  return from === to ? `${from} UTC` : `${from} to ${to} UTC`;
}

/** What a bar has: "240 delivered, 12 failed". */
export function barWords(bar: Pick<Bar, "delivered" | "failed" | "other">, approx = ""): string {
  const has = [
    [bar.delivered, "delivered"],
    [bar.failed, "failed"],
    [bar.other, "other"],
  ] as const;
  const words = has.filter(([value]) => value > 0).map(([value, word]) => `${approx}${count(value)} ${word}`);
  return words.join(", ") || "no call";
}

export interface Tick {
  /** How far from the left, in percent. */
  left: number;
  label: string;
}

/** What stands below the bars: when they begin, round times between, and "now". */
export function ticksOf(bars: readonly Bar[], interval: Interval, isNarrow: boolean): Tick[] {
  const [first] = bars;
  if (first === undefined) return [];
  const isDay = interval === "5m" || interval === "30m";
  const begin = isDay ? `yesterday ${minutes(first.since)}` : dayOf(first.since, interval);
  const gap = isNarrow ? (isDay ? 30 : 16) : 10;
  const ticks: Tick[] = [{ left: 0, label: begin }];
  for (const [index, { since }] of bars.entries()) {
    const left = (100 * index) / bars.length;
    const before = ticks.at(-1)?.left ?? 0;
    if (!isRound(since, interval, index) || left < before + gap || left > (isNarrow ? 84 : 92)) continue;
    ticks.push({ left, label: isDay ? minutes(since) : dayOf(since, interval) });
  }
  return [...ticks, { left: 100, label: "now" }];
}

const dayOf = (at: string, interval: Interval): string =>
  interval === "1d" ? date(at, inUtc) : date(at, { weekday: "short", day: "numeric" });

function isRound(at: string, interval: Interval, index: number): boolean {
  const here = new Date(at);
  if (interval === "1d") return index % 5 === 0;
  const every = interval === "1h" ? 24 : 6;
  return here.getHours() % every === 0 && here.getMinutes() === 0;
}

/** The upper end of the scale: a round number, so that it does not jump with each call. */
export function scaleOf(bars: readonly Bar[]): number {
  const most = Math.max(1, ...bars.map(totalOf));
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((top) => top >= most) ?? most;
}

/** What the chart says in one line, to somebody who doesn't see it. */
export function chartWords(bars: readonly Bar[], interval: Interval): string {
  const worst = bars.reduce<Bar | null>(
    (found, bar) => (bar.failed > (found?.failed ?? 0) ? bar : found),
    null,
  );
  const most =
    worst === null ? "None failed." : `Most failed on ${spanOf(worst, interval)}: ${count(worst.failed)}.`;
  return `Outcomes over time in ${counted(bars.length, "bar")}. ${most}`;
}
