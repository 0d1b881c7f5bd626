/**
 * A list that is asked again and again, page by page. It keeps two pages at most: whoever goes on after them leaves the
 * first one behind.
 */
import { useState } from "preact/hooks";
import { type ApiError, ask, untold } from "./api.ts";
import { useLive } from "./live.ts";

const PAGE_MOST = 200;
const PAGES_MOST = 2;

export interface Paged<T> {
  /** Null until the first answer. */
  rows: readonly T[] | null;
  /** Whether the rows answer the latest question: another query's stay until its own come. */
  isCurrent: boolean;
  /** Of the last question, if it was refused and no banner tells of it. */
  errors: readonly ApiError[];
  /** Since when no answer comes. */
  staleSince: number | null;
  hasMore: boolean;
  hasEarlier: boolean;
  more: () => void;
  earlier: () => void;
  /** Asks at once. */
  reload: () => void;
}

interface Found<T> {
  key: string;
  rows: readonly T[];
  /** Where the second page begins, and where the next one does that is not shown. */
  second: string | null;
  next: string | null;
}

interface Place {
  key: string;
  /** Where the first shown page begins, and where those before it did. */
  starts: readonly string[];
  pages: number;
}

export function usePaged<T>(
  path: string,
  {
    query = {},
    everyMs,
    pageSize = PAGE_MOST,
  }: { query?: Record<string, string | null>; everyMs: number; pageSize?: number },
): Paged<T> {
  const key = JSON.stringify([path, query]);
  const begin: Place = { key, starts: [], pages: 1 };
  const [kept, setPlace] = useState(begin);
  const place = kept.key === key ? kept : begin;
  const [found, setFound] = useState<Found<T> | null>(null);
  const [trouble, setTrouble] = useState<{ errors: readonly ApiError[]; since: number } | null>(null);
  const [version, setVersion] = useState(0);

  const load = async (signal: AbortSignal) => {
    const rows: T[] = [];
    let cursor = place.starts.at(-1) ?? null;
    let second: string | null = null;
    for (let page = 1; page <= place.pages; page++) {
      const answer = await ask<T[]>("GET", path, { query: { ...query, limit: pageSize, cursor }, signal });
      if (signal.aborted) return;
      if (!answer.ok) {
        setTrouble((before) => ({ errors: untold(answer), since: before?.since ?? Date.now() }));
        return;
      }
      rows.push(...answer.data);
      cursor = answer.next_cursor;
      if (page === 1) second = cursor;
      if (cursor === null) break;
    }
    setFound({ key, rows, second, next: cursor });
    setTrouble(null);
  };
  useLive(load, { key: JSON.stringify([place, version]), everyMs });

  const shown = found?.key === key ? found : null;
  const { starts, pages } = place;
  return {
    rows: found?.rows ?? null,
    isCurrent: shown !== null,
    errors: trouble?.errors ?? [],
    staleSince: trouble?.since ?? null,
    hasMore: shown != null && shown.next !== null,
    hasEarlier: starts.length > 0,
    more: () => {
      if (pages < PAGES_MOST) setPlace({ ...place, pages: pages + 1 });
      else if (shown?.second != null) setPlace({ ...place, starts: [...starts, shown.second] });
    },
    earlier: () => setPlace({ ...place, starts: starts.slice(0, -1) }),
    reload: () => setVersion((before) => before + 1),
  };
}
