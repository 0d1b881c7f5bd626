/** The bars of outcomes over time: how wide they are, what is in them, and what their axis says. Pure. */
import type { Stats } from "../answers.ts";
import { dayWord, moment, type Range } from "../calls/time.ts";
import { count } from "../format.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const INTERVALS_MS = { "5m": 5 * MINUTE_MS, "30m": 30 * MINUTE_MS, "1h": HOUR_MS, "1d": DAY_MS };
type Interval = keyof typeof INTERVALS_MS;

/** How long a bar may be, and of which intervals it is made: the server knows four of them. */
const WIDTHS: [ms: number, interval: Interval][] = [
  ...[5, 10, 15].map((minutes): [number, Interval] => [minutes * MINUTE_MS, "5m"]),
  [30 * MINUTE_MS, "30m"],
  ...[1, 2, 3, 4, 6, 12].map((hours): [number, Interval] => [hours * HOUR_MS, "1h"]),
  ...[1, 2, 4, 7].map((days): [number, Interval] => [days * DAY_MS, "1d"]),
];

const BARS = 73;
/** The server answers this many intervals at most. */
const BUCKETS_LIMIT = 400;

const countOf = ({ since, until }: Span, ms: number): number =>
  Math.floor((until - 1) / ms) - Math.floor(since / ms) + 1;

export interface Span {
  since: number;
  until: number;
}

/** The finest bars that fit. */
export function widthOf(span: Span): { ms: number; interval: Interval } {
  const [ms, interval] = WIDTHS.find(
    ([width, name]) => countOf(span, width) <= BARS && countOf(span, INTERVALS_MS[name]) <= BUCKETS_LIMIT,
  ) ?? [7 * DAY_MS, "1d"];
  return { ms, interval };
}

/** The time that the bars are of. Without a beginning it is as long as calls are kept. */
export function spanOf({ since, until }: Range, { now, keptDays }: { now: number; keptDays: number }): Span {
  const end = until ?? now;
  const first = end - (BUCKETS_LIMIT - 2) * DAY_MS;
  const begin = Math.max(since ?? end - (keptDays + 1) * DAY_MS, first);
  return { since: Math.min(begin, end - 1), until: end };
}

export interface Bar extends Span {
  delivered: number;
  failed: number;
  other: number;
}

export const totalOf = ({ delivered, failed, other }: Bar): number => delivered + failed + other;

/** The server's buckets, put together to bars. Bars begin at multiples of their length, so that they keep their place. */
export function barsOf(
  { buckets, since, until }: Pick<Stats, "buckets" | "since" | "until">,
  ms: number,
): Bar[] {
  const bars = new Map<number, Bar>();
  for (const { at, delivered, failed, other } of buckets) {
    const begin = Math.floor(Date.parse(at) / ms) * ms;
    const bar = bars.get(begin) ?? { since: begin, until: begin + ms, delivered: 0, failed: 0, other: 0 };
    bar.delivered += delivered;
    bar.failed += failed;
    bar.other += other;
    bars.set(begin, bar);
  }
  return [...bars.values()].map((bar) => ({
    ...bar,
    since: Math.max(bar.since, Date.parse(since)),
    until: Math.min(bar.until, Math.max(bar.since + 1, Date.parse(until))),
  }));
}

const STEPS_MS = [
  ...[5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 28, 91].map((days) => days * DAY_MS),
];
const TICKS = 4;
/** Nearer to an end, a tick's words would run into those of the end. */
const CLEAR = 0.11;

/** What the axis says, at which share of its length: both ends, and round times here between them. */
export function ticksOf(span: Span, now: number): { at: number; text: string }[] {
  const length = span.until - span.since;
  const step = STEPS_MS.find((ms) => length / ms <= TICKS + 1) ?? length;
  const isOfDays = step >= DAY_MS;
  const word = (time: number, day: string) =>
    isOfDays ? day || "today" : `${day} ${moment(time, time)}`.trim();
  const offset = new Date(span.until).getTimezoneOffset() * MINUTE_MS;
  const first = Math.ceil((span.since - offset) / step) * step + offset;
  const between = Array.from(
    { length: Math.ceil((span.until - first) / step) },
    (_, index) => first + index * step,
  )
    .map((time) => ({
      at: (time - span.since) / length,
      text: word(time, isOfDays ? dayWord(time, now) : ""),
    }))
    .filter(({ at }) => at > CLEAR && at < 1 - CLEAR);
  const end = now - span.until < MINUTE_MS ? "now" : word(span.until, dayWord(span.until, now));
  return [{ at: 0, text: word(span.since, dayWord(span.since, now)) }, ...between, { at: 1, text: end }];
}

/** "14:00 – 14:30". */
export const barTime = ({ since, until }: Span, now: number): string =>
  `${moment(since, now)} – ${dayWord(since, now) === dayWord(until, now) ? moment(until, until) : moment(until, now)}`;

/** "14:00 – 14:30: 120 delivered, 3 failed, 2 others". */
export function barWords(bar: Bar, { now, isSampled }: { now: number; isSampled: boolean }): string {
  const about = isSampled ? "≈ " : "";
  const parts = [
    `${about}${count(bar.delivered)} delivered`,
    ...(bar.failed > 0 ? [`${about}${count(bar.failed)} failed`] : []),
    ...(bar.other > 0 ? [`${about}${count(bar.other)} others`] : []),
  ];
  return `${barTime(bar, now)}: ${totalOf(bar) === 0 ? "no call" : parts.join(", ")}`;
}

/** Bounds as the keyboard moves them: bars `from` to `to`, exclusive. At least one bar is between them. */
export interface Bounds {
  from: number;
  to: number;
}

const STEPS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -6,
  PageUp: 6,
};

/** Where a bound is after a key; null if the key does not move it. */
export function moveBound(
  { from, to }: Bounds,
  { end, key, bars }: { end: "from" | "to"; key: string; bars: number },
): Bounds | null {
  const place = end === "from" ? from : to;
  const step = STEPS[key];
  const wanted = key === "Home" ? 0 : key === "End" ? bars : step === undefined ? null : place + step;
  if (wanted === null) return null;
  return end === "from"
    ? { from: Math.max(0, Math.min(wanted, to - 1)), to }
    : { from, to: Math.min(bars, Math.max(wanted, from + 1)) };
}

export interface ChosenTime {
  since: string;
  /** Null: it reaches to now, and moves on with it. */
  until: string | null;
}

/** The time of some of the bars. It stays open if it reaches to now. */
export function chosenTime(bars: readonly Bar[], { from, to }: Bounds, isOpen: boolean): ChosenTime | null {
  const [first, last] = [bars[from], bars[to - 1]];
  if (first === undefined || last === undefined) return null;
  const reachesNow = isOpen && to === bars.length;
  return {
    since: new Date(first.since).toISOString(),
    until: reachesNow ? null : new Date(last.until).toISOString(),
  };
}
