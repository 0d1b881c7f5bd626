/** What the overview asks: a few bounded questions, the same ones every time. */
import { useMemo, useState } from "preact/hooks";
import type { Endpoint, ListedLog, Stats } from "../answers.ts";
import { type Answer, type ApiError, ask, untold } from "../api.ts";
import { useLive } from "../live.ts";
import { troubled } from "../trouble.ts";
import { RANGES, type RangeName, sinceOf } from "./range.ts";
import { failureOf, suspectsOf, troubleSentence } from "./trouble.ts";
import type { Failing } from "./troubled-endpoints.tsx";
import { approxOf } from "./words.ts";

const EVERY_MS = 10_000;
/** What the newest calls of a suspect say is asked again after this time. */
const LOOK_AGAIN_MS = 60_000;
/** So many of an endpoint's newest calls tell whether it still fails. */
const NEWEST = 10;
const ENDPOINTS_MOST = 200;
const STATES: readonly Endpoint["state"][] = ["degraded", "disabled", "paused"];

export interface Overview {
  range: RangeName;
  stats: Stats;
  /** Those that are not active: failing ones first. */
  endpoints: readonly Endpoint[];
  /** Active ones that fail often. */
  failing: readonly Failing[];
  /** Whether there was never any call. */
  isNew: boolean;
}

export function useOverview(range: RangeName) {
  const [overview, setOverview] = useState<Overview | null>(null);
  const [trouble, setTrouble] = useState<{ errors: readonly ApiError[]; since: number } | null>(null);
  const [version, setVersion] = useState(0);
  const lookAt = useMemo(newLooks, []);

  const load = async (signal: AbortSignal) => {
    const found = await askFor(range, signal);
    if (signal.aborted) return;
    if ("ok" in found) {
      setTrouble((before) => ({ errors: untold(found), since: before?.since ?? Date.now() }));
      return;
    }
    const failing = await failingOf(found, (url) => lookAt(url, signal));
    const isNew = found.stats.calls.total + found.endpoints.length === 0 && (await hasNoCall(signal));
    if (signal.aborted) return;
    troubled.value = found.endpoints.filter(({ state }) => state !== "paused").length;
    setOverview({ ...found, failing, isNew });
    setTrouble(null);
  };
  useLive(load, { key: `${range} ${version}`, everyMs: EVERY_MS });

  return {
    overview,
    errors: trouble?.errors ?? [],
    staleSince: trouble?.since ?? null,
    reload: () => setVersion((before) => before + 1),
  };
}

type Found = Pick<Overview, "range" | "stats" | "endpoints">;

async function askFor(
  range: RangeName,
  signal: AbortSignal,
): Promise<Found | Extract<Answer<unknown>, { ok: false }>> {
  const { interval } = RANGES[range];
  const since = sinceOf(range, Date.now());
  const [stats, ...states] = await Promise.all([
    ask<Stats>("GET", "/v1/postcall/stats", { query: { since, interval }, signal }),
    ...STATES.map((state) =>
      ask<Endpoint[]>("GET", "/v1/endpoints", { query: { state, limit: ENDPOINTS_MOST }, signal }),
    ),
  ]);
  if (!stats.ok) return stats;
  const endpoints: Endpoint[] = [];
  for (const answer of states) {
    if (!answer.ok) return answer;
    endpoints.push(...answer.data);
  }
  return { range, stats: stats.data, endpoints };
}

/** Tells why an endpoint's newest calls fail, null if they no longer do. It remembers that for a while. */
function newLooks() {
  const looks = new Map<string, { at: number; failure: string | null }>();
  return async (url: string, signal: AbortSignal): Promise<string | null> => {
    const known = looks.get(url);
    if (known !== undefined && known.at > Date.now() - LOOK_AGAIN_MS) return known.failure;
    const query = { url, limit: NEWEST };
    const answer = await ask<ListedLog[]>("GET", "/v1/postcall/webhooks", { query, signal });
    if (!answer.ok) return known?.failure ?? null;
    const failure = failureOf(answer.data);
    looks.set(url, { at: Date.now(), failure });
    return failure;
  };
}

async function failingOf(
  { range, stats, endpoints }: Found,
  lookAt: (url: string) => Promise<string | null>,
): Promise<Failing[]> {
  const told = { during: RANGES[range].words, approx: approxOf(stats) };
  const known = new Set(endpoints.map(({ url }) => url));
  const looked = suspectsOf(stats.endpoints, known).map(async (suspect) => {
    const failure = await lookAt(suspect.url);
    return failure === null
      ? []
      : [{ url: suspect.url, sentence: troubleSentence(suspect, { failure, ...told }) }];
  });
  return (await Promise.all(looked)).flat();
}

async function hasNoCall(signal: AbortSignal): Promise<boolean> {
  const answer = await ask<ListedLog[]>("GET", "/v1/postcall/webhooks", { query: { limit: 1 }, signal });
  return answer.ok && answer.data.length === 0;
}
