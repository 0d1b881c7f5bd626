/** The statistics of the list's filters, asked regularly: the histogram and the counts. They cost what twelve lists do. */
import { useEffect, useState } from "preact/hooks";
import type { Org, Stats } from "../answers.ts";
import { ask } from "../api.ts";
import { useLive } from "../live.ts";
import { spanOf, widthOf } from "../outcomes/bars.ts";
import { apiQuery, type Filter } from "./filter.ts";
import { stats } from "./list.ts";
import { rangeOf } from "./time.ts";

const EVERY_MS = 30_000;

/** The figures of the same filters, over the time that the bars are of. */
export function useFigures(filter: Filter, key: string): void {
  const keptDays = useKeptDays("preset" in filter.time && filter.time.preset === "all");
  const load = async (signal: AbortSignal) => {
    if (keptDays === null) return;
    const now = Date.now();
    const span = spanOf(rangeOf(filter.time, now), { now, keptDays });
    const iso = (time: number) => new Date(time).toISOString();
    const asked = {
      ...apiQuery(filter, now),
      ...{ since: iso(span.since), until: iso(span.until), interval: widthOf(span).interval },
    };
    const answer = await ask<Stats>("GET", "/v1/postcall/stats", { query: asked, signal });
    if (answer.ok) stats.value = { key, figures: answer.data };
  };
  useLive(load, { key: `${key} ${keptDays}`, everyMs: EVERY_MS });
}

const DEFAULT_KEPT_DAYS = 30;

/** How long the org keeps its calls: as far back as all of them are counted. Null until it is known. */
function useKeptDays(isWanted: boolean): number | null {
  const [days, setDays] = useState<number | null>(null);
  useEffect(() => {
    if (!isWanted || days !== null) return;
    void ask<Org>("GET", "/v1/org").then((answer) =>
      setDays(answer.ok ? answer.data.retention_days : DEFAULT_KEPT_DAYS),
    );
  }, [isWanted, days]);
  return isWanted ? days : DEFAULT_KEPT_DAYS;
}
