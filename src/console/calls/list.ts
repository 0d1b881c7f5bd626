/**
 * The list of calls that is shown, and how it is kept up: page one and the rows that may change are asked again every
 * 2 s. There is one list at a time; it is kept while somebody looks at one of its calls.
 */
import { signal } from "@preact/signals";
import { announce } from "../announce.ts";
import type { ListedLog, Stats, WebhookLog } from "../answers.ts";
import { type ApiError, ask, messageOf, untold } from "../api.ts";
import { counted } from "../format.ts";
import { apiQuery, type Filter, keyOfFilter } from "./filter.ts";
import * as rowsOf from "./rows.ts";
import { NO_ROWS, PAGE_SIZE, type Rows } from "./rows.ts";
import { rangeOf } from "./time.ts";

interface List {
  /** Which filter the rows are of; null before the first answer. */
  key: string | null;
  rows: Rows;
  /** What a cursor belongs to. */
  query: Record<string, string | null>;
  /** Why the filter was refused. */
  refusal: readonly ApiError[];
  /** When the rows were last as they are. */
  goodAt: number;
  isFailing: boolean;
  /** What the last answer said, if it was a refusal that no banner tells. */
  failure: string | null;
  /** How many short pages have been searched. */
  shortPages: number;
  /** Page one is short and yet not the end: it cost the server much. */
  isCostly: boolean;
}

const NOTHING: List = {
  ...{ key: null, rows: NO_ROWS, query: {}, refusal: [], goodAt: 0, isFailing: false, failure: null },
  ...{ shortPages: 0, isCostly: false },
};

export const list = signal<List>(NOTHING);
export const stats = signal<{ key: string; figures: Stats } | null>(null);

/** An answer that takes longer is none. */
const PATIENCE_MS = 15_000;
const PATH = "/v1/postcall/webhooks";

let turn = 0;

const setRows = (change: (rows: Rows) => Rows): void => {
  list.value = { ...list.value, rows: change(list.value.rows) };
};

/** Asks for page one and for the rows that may change. `isHeld`: whether new rows have to wait. */
export async function poll(filter: Filter, isHeld: () => boolean, ended: AbortSignal): Promise<void> {
  const key = keyOfFilter(filter);
  const now = Date.now();
  const signal = AbortSignal.any([ended, AbortSignal.timeout(PATIENCE_MS)]);
  const ids = list.value.key === key ? rowsOf.idsToAsk(list.value.rows, turn++) : [];
  const query = apiQuery(filter, now);
  const [page, named] = await Promise.all([
    ask<ListedLog[]>("GET", PATH, { query: { ...query, limit: PAGE_SIZE }, signal }),
    ids.length === 0 ? null : ask<ListedLog[]>("GET", PATH, { query: { call_ids: ids.join(",") }, signal }),
  ]);
  if (ended.aborted) return;
  if (!page.ok) {
    list.value =
      page.status === 400
        ? { ...NOTHING, key, refusal: page.errors }
        : { ...list.value, isFailing: true, failure: messageOf({ errors: untold(page) }) || null };
    return;
  }
  const fresh = { logs: page.data, next: page.next_cursor };
  const isShort = fresh.next !== null && fresh.logs.length < PAGE_SIZE;
  const good = {
    refusal: [],
    failure: null,
    goodAt: now,
    isFailing: named !== null && !named.ok,
    isCostly: isShort,
  };
  if (list.value.key !== key) {
    const rows = rowsOf.begin(fresh);
    list.value = { ...good, key, rows, query, shortPages: isShort ? 1 : 0 };
    announce(`${counted(fresh.logs.length, "call")} shown`);
    return;
  }
  const { since } = rangeOf(filter.time, now);
  const before = list.value.rows;
  // Rows that were asked for by name first: page one may be the newer answer about them.
  const renewed = named?.ok ? rowsOf.mergeNamed(before, ids, named.data) : before;
  const rows = rowsOf.mergePage(renewed, fresh, { isHeld: isHeld(), since });
  // A list that began anew goes on from its own page one.
  const isAnew = before.next !== rows.next;
  list.value = { ...list.value, ...good, rows, ...(isAnew && { query, shortPages: isShort ? 1 : 0 }) };
  if (rows.arrived !== before.arrived) announce(`${counted(rows.arrived.size, "call")} came into the list`);
  else if (rows.waiting.length > before.waiting.length)
    announce(`${counted(rows.waiting.length, "new call waits", "new calls wait")} above the list`);
}

/** Shows what waits behind "12 new". */
export const letIn = (): void => setRows(rowsOf.letIn);

/** One page more. Returns why not. */
export async function more(): Promise<string | null> {
  const { key, query, rows } = list.value;
  if (rows.next === null) return null;
  const answer = await ask<ListedLog[]>("GET", PATH, {
    query: { ...query, limit: PAGE_SIZE, cursor: rows.next },
  });
  if (!answer.ok) return answer.errors[0]?.message ?? "The page did not come.";
  if (list.value.key !== key || list.value.rows.next !== rows.next) return null;
  const page = { logs: answer.data, next: answer.next_cursor };
  const isShort = page.next !== null && page.logs.length < PAGE_SIZE;
  const { shortPages } = list.value;
  list.value = {
    ...{ ...list.value, rows: rowsOf.append(list.value.rows, page) },
    shortPages: isShort ? shortPages + 1 : shortPages,
  };
  announce(`${counted(list.value.rows.shown.length, "call")} shown`);
  return null;
}

export const showSent = (logs: readonly WebhookLog[]): void =>
  setRows((rows) => rowsOf.mergeSent(rows, logs));
