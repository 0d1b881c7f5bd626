/** Which calls are selected: of the shown ones, or all that match up to a bound. */
import { computed, signal } from "@preact/signals";
import type { ListedLog } from "../answers.ts";
import { ask } from "../api.ts";
import { list } from "./list.ts";
import { between, keyOf } from "./rows.ts";

/** As many as one request for sending again could name. */
export const SELECTION_LIMIT = 1_000;
const PAGE = 200;

/** By key, each as it was when it was selected. */
const chosen = signal<ReadonlyMap<string, ListedLog>>(new Map());

/** Each as it is now, if it is shown. */
export const selected = computed<ReadonlyMap<string, ListedLog>>(() => {
  if (chosen.value.size === 0) return chosen.value;
  const shown = new Map(list.value.rows.shown.map((log) => [keyOf(log), log]));
  return new Map([...chosen.value].map(([key, log]) => [key, shown.get(key) ?? log]));
});

export const hasSelection = computed(() => chosen.value.size > 0);

/** How the search for all that match goes; null if there is none. */
export const gathering = signal<{ found: number } | null>(null);
/** After such a search: all that match are selected, or more match than that. */
export const gathered = signal<"all" | "cut" | null>(null);

let last: string | null = null;
let search: AbortController | null = null;

export function dropSelection(): void {
  search?.abort();
  chosen.value = new Map();
  gathering.value = null;
  gathered.value = null;
  last = null;
}

/** Selects a row or lets go of it. `asRange`: and all from the one that was clicked before. */
export function choose(log: ListedLog, { asRange = false } = {}): void {
  const { shown } = list.value.rows;
  const key = keyOf(log);
  const isOn = !chosen.value.has(key);
  const keys = new Set(asRange && last !== null ? between(shown, last, key) : [key]);
  const changed = new Map(chosen.value);
  for (const row of shown) {
    if (!keys.has(keyOf(row))) continue;
    if (!isOn) changed.delete(keyOf(row));
    else if (changed.size < SELECTION_LIMIT) changed.set(keyOf(row), row);
  }
  last = key;
  gathered.value = null;
  chosen.value = changed;
}

/** All that are shown, or none. */
export function chooseShown(on: boolean): void {
  dropSelection();
  if (on) chosen.value = new Map(list.value.rows.shown.map((log) => [keyOf(log), log]));
}

/** All that match, up to the bound: those that are not shown yet are looked for. Returns why it ended early. */
export async function chooseAll(): Promise<string | null> {
  const { rows, query } = list.value;
  const found = new Map(rows.shown.map((log) => [keyOf(log), log]));
  const ended = new AbortController();
  search = ended;
  let cursor = rows.next;
  gathering.value = { found: found.size };
  while (cursor !== null && found.size < SELECTION_LIMIT) {
    const page = { ...query, limit: PAGE, cursor };
    const answer = await ask<ListedLog[]>("GET", "/v1/postcall/webhooks", {
      query: page,
      signal: ended.signal,
    });
    if (ended.signal.aborted) return null;
    if (!answer.ok) {
      gathering.value = null;
      return answer.errors[0]?.message ?? "Not all could be looked for.";
    }
    for (const log of answer.data) if (found.size < SELECTION_LIMIT) found.set(keyOf(log), log);
    cursor = answer.next_cursor;
    gathering.value = { found: found.size };
    chosen.value = new Map(found);
  }
  chosen.value = found;
  gathered.value = cursor === null ? "all" : "cut";
  gathering.value = null;
  return null;
}

/** Keeps what has been found until now. */
export function stopGathering(): void {
  search?.abort();
  gathering.value = null;
  gathered.value = "cut";
}
