/**
 * Which page is shown, and what its address says. Each page is a file of its own (`/console/calls`), so that the server
 * answers a reload; within the console only the address changes. Filters are the address's query.
 */
import { computed, signal } from "@preact/signals";
import { PAGES, type Page } from "./pages.ts";

export type Query = Record<string, string | null | undefined>;

const here = () => ({ path: location.pathname, search: location.search });
const place = signal(here());

export const page = computed<Page | null>(() => {
  const name = place.value.path.replace(/^\/console\/?/, "").replace(/\/$/, "");
  return name === "" ? "overview" : (PAGES.find((known) => known === name) ?? null);
});

export const query = computed(() => new URLSearchParams(place.value.search));

/** The address of a page with this query; what is null or empty is left out. */
export function addressOf(to: Page, given: Query = {}): string {
  const filled = Object.entries(given).filter((entry): entry is [string, string] => !!entry[1]);
  const text = new URLSearchParams(filled).toString();
  return `/console${to === "overview" ? "" : `/${to}`}${text === "" ? "" : `?${text}`}`;
}

/** Goes to an address of the console. `replace`: the back button does not come back here. */
export function go(address: string, { replace = false } = {}): void {
  const isOtherPage = new URL(address, location.href).pathname !== location.pathname;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  place.value = here();
  if (!isOtherPage) return;
  scrollTo(0, 0);
  focusPage();
}

/** What had the focus is gone with its page. */
const focusPage = (): void => document.getElementById("main")?.focus({ preventScroll: true });

export const isLeaving = signal(false);

/** Leaves this document for another one, whatever was typed here. */
export function leave(address: string): void {
  isLeaving.value = true;
  location.assign(address);
}

/** Changes parts of the page's query. */
export function setQuery(changes: Query, options: { replace?: boolean } = {}): void {
  const changed = { ...Object.fromEntries(query.value), ...changes };
  go(addressOf(page.value ?? "overview", changed), options);
}

addEventListener("popstate", () => {
  const isOtherPage = location.pathname !== place.value.path;
  place.value = here();
  if (isOtherPage) focusPage();
});

/** Follows links within the console without loading a document. */
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (link === null || !isPlain || link.target !== "" || link.origin !== location.origin) return;
  const isHere = link.pathname === location.pathname && link.search === location.search;
  if (isHere && link.hash !== "") return; // the browser goes to the part of the page
  const name = link.pathname.replace(/^\/console\/?/, "");
  if (!/^\/console(\/|$)/.test(link.pathname) || (name !== "" && !PAGES.some((known) => known === name)))
    return;
  event.preventDefault();
  go(link.href.slice(location.origin.length));
});
