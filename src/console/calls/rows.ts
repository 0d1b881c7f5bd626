/**
 * The rows of a list that goes on by itself: how pages and news become rows. Plain data in, plain data out; no I/O, no
 * clock. A log that is as it was stays the same object, so that its row is not drawn again.
 */
import type { ListedLog, WebhookLog } from "../answers.ts";
import { isEnded, isParked } from "../log-state.ts";

/** A page of the console holds this many rows at most. */
export const ROWS_LIMIT = 500;
export const PAGE_SIZE = 50;

export interface Rows {
  /** Newest first. */
  shown: readonly ListedLog[];
  /** New ones that wait until they disturb nobody. */
  waiting: readonly ListedLog[];
  /** So many are new that nothing of what is shown is on page one: then it begins anew with these. */
  anew: Page | null;
  /** Where "Show more" goes on; null at the end. */
  next: string | null;
  /** Ids of rows that page one should have and has not: they have changed, or are gone. */
  missing: readonly string[];
  /** Keys of those on page one: they are kept up by it. */
  onPageOne: ReadonlySet<string>;
  /** Keys of those that came last, by themselves. */
  arrived: ReadonlySet<string>;
}

export interface Page {
  logs: readonly ListedLog[];
  next: string | null;
}

export const NO_ROWS: Rows = {
  ...{
    shown: [],
    waiting: [],
    anew: null,
    next: null,
    missing: [],
    onPageOne: new Set(),
    arrived: new Set(),
  },
};

export const keyOf = ({ call_id, event }: { call_id: string; event: string }): string =>
  `${call_id} ${event}`;

const placeOf = ({ created_at, call_id, event }: ListedLog): string => `${created_at} ${call_id} ${event}`;
const inOrder = (logs: readonly ListedLog[]): ListedLog[] =>
  logs.toSorted((one, other) => (placeOf(one) < placeOf(other) ? 1 : -1));

const byKey = (logs: readonly ListedLog[]) => new Map(logs.map((log) => [keyOf(log), log]));

/** These logs as they are now: those that have not changed are the same objects. */
function renewed(shown: readonly ListedLog[], fresh: ReadonlyMap<string, ListedLog>): ListedLog[] {
  return shown.map((log) => {
    const now = fresh.get(keyOf(log));
    return now === undefined || JSON.stringify(now) === JSON.stringify(log) ? log : now;
  });
}

/** The first page of a filter. */
export const begin = ({ logs, next }: Page): Rows => ({
  ...{ ...NO_ROWS, shown: logs, next },
  onPageOne: new Set(logs.map(keyOf)),
});

/** Page one, asked again. `isHeld`: new rows must not move what somebody looks at. `since`: older ones fall out. */
export function mergePage(
  rows: Rows,
  page: Page,
  { isHeld, since }: { isHeld: boolean; since: number | null },
): Rows {
  const fresh = byKey(page.logs);
  const known = byKey(rows.shown);
  const unknown = page.logs.filter((log) => !known.has(keyOf(log)));
  const isAnew =
    unknown.length > 0 && unknown.length === page.logs.length && rows.shown.length > 0 && page.next !== null;
  if (isAnew)
    return isHeld
      ? { ...rows, anew: page, waiting: unknown }
      : { ...begin(page), arrived: new Set(fresh.keys()) };
  const last = page.next === null ? undefined : page.logs.at(-1);
  const end = last === undefined ? "" : placeOf(last);
  const shown = renewed(rows.shown, fresh);
  const missing = shown.filter((log) => placeOf(log) >= end && !fresh.has(keyOf(log)));
  const before = rows.waiting.filter((log) => !known.has(keyOf(log)) && !fresh.has(keyOf(log)));
  const merged: Rows = {
    ...{ ...rows, shown, waiting: inOrder([...unknown, ...before]), anew: null },
    onPageOne: new Set(fresh.keys()),
    missing: [...new Set(missing.map(({ call_id }) => call_id))],
  };
  if (isHeld) return merged;
  const kept = shown.filter(({ created_at }) => since === null || Date.parse(created_at) >= since);
  return letIn(kept.length === shown.length ? merged : { ...merged, shown: kept });
}

/** Shows the rows that waited. */
export function letIn(rows: Rows): Rows {
  if (rows.anew !== null) return { ...begin(rows.anew), arrived: new Set(rows.anew.logs.map(keyOf)) };
  if (rows.waiting.length === 0) return rows;
  return {
    ...rows,
    shown: inOrder([...rows.waiting, ...rows.shown]).slice(0, ROWS_LIMIT),
    waiting: [],
    arrived: new Set(rows.waiting.map(keyOf)),
  };
}

/** A further page, below what is shown. */
export function append(rows: Rows, page: Page): Rows {
  const known = byKey(rows.shown);
  const shown = [...rows.shown, ...page.logs.filter((log) => !known.has(keyOf(log)))];
  return { ...rows, shown: inOrder(shown).slice(0, ROWS_LIMIT), next: page.next, arrived: new Set() };
}

export const isFull = ({ shown }: Rows): boolean => shown.length >= ROWS_LIMIT;

/** Calls that were asked for by their ids, as they are now. Those that are not there any more go. */
export function mergeNamed(rows: Rows, asked: readonly string[], logs: readonly ListedLog[]): Rows {
  const fresh = byKey(logs);
  const gone = new Set(asked);
  const isThere = (log: ListedLog) => !gone.has(log.call_id) || fresh.has(keyOf(log));
  return {
    ...rows,
    shown: renewed(rows.shown, fresh).filter(isThere),
    waiting: renewed(rows.waiting, fresh).filter(isThere),
  };
}

const SHOWN_ATTEMPTS = 20;

/** What was answered when calls were sent again: their new state is seen at once. */
export function mergeSent(rows: Rows, logs: readonly WebhookLog[]): Rows {
  const known = byKey(rows.shown);
  const fresh = logs.flatMap(({ payload: _payload, metadata, ...log }) => {
    const before = known.get(keyOf(log));
    if (before === undefined) return [];
    const news = { attempts_total: metadata.length, metadata: metadata.slice(-SHOWN_ATTEMPTS) };
    return [{ ...before, ...log, ...news }];
  });
  return { ...rows, shown: renewed(rows.shown, byKey(fresh)) };
}

const ASKED_LIMIT = 200;
/** So that an address stays short enough for every server on the way. */
const ASKED_CHARACTERS = 6_000;

/** The ids to ask for beside page one: of rows below it that may change. With many of them, each turn asks for others. */
export function idsToAsk({ shown, missing, onPageOne }: Rows, turn: number): string[] {
  const open = shown.filter((log) => !isEnded(log) && !onPageOne.has(keyOf(log)));
  const all = [...new Set([...missing, ...open.map(({ call_id }) => call_id)])];
  const begin = all.length <= ASKED_LIMIT ? 0 : (turn * ASKED_LIMIT) % all.length;
  const turned = [...all.slice(begin), ...all.slice(0, begin)].slice(0, ASKED_LIMIT);
  let room = ASKED_CHARACTERS;
  return turned.filter((id) => {
    room -= encodeURIComponent(id).length + 3;
    return room >= 0;
  });
}

/** How many came in the last minute. Where page one is less than a minute, what it has is scaled up. */
export function perMinute({ shown, next }: Pick<Rows, "shown" | "next">, now: number): number {
  const ages = shown.slice(0, PAGE_SIZE).map(({ created_at }) => now - Date.parse(created_at));
  const inMinute = ages.filter((age) => age < 60_000).length;
  const oldest = ages.at(-1) ?? 0;
  const isCut = next !== null && ages.length === PAGE_SIZE && inMinute === ages.length;
  return isCut ? Math.round((inMinute * 60_000) / Math.max(1_000, oldest)) : inMinute;
}

/** The keys from one row to another, as they are shown, both included. */
export function between(shown: readonly ListedLog[], one: string, other: string): string[] {
  const keys = shown.map(keyOf);
  const [from, to] = [keys.indexOf(one), keys.indexOf(other)].sort((a, b) => a - b) as [number, number];
  return from < 0 ? [other] : keys.slice(from, to + 1);
}

const STRIP_MARKS = 12;
/** Where there are more attempts, their number takes the room of some marks. */
const MARKS_BESIDE_NUMBER = 8;

type Attempts = ListedLog["metadata"];

/** The newest attempts that a row has room for, beside the mark of what comes next. */
export function newestFitting(log: ListedLog): Attempts {
  const { metadata, attempts_total, next_attempt_at } = log;
  const next = metadata.length > 0 && (isParked(log) || next_attempt_at !== null) ? 2 : 0;
  const all = newestOf(metadata, STRIP_MARKS - next);
  return all.length === attempts_total ? all : newestOf(metadata, MARKS_BESIDE_NUMBER - next);
}

/** The space before a new delivery takes the room of a mark. */
function newestOf(metadata: Attempts, marks: number): Attempts {
  let room = marks;
  let first = metadata.length;
  while (first > 0) {
    const [entry, after] = [metadata[first - 1], metadata[first]];
    room -= after !== undefined && after.delivery_id !== entry?.delivery_id ? 2 : 1;
    if (room < 0) break;
    first--;
  }
  return metadata.slice(first);
}
