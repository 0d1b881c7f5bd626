/** What an on-call person looks at first: how calls fare, and which endpoints need somebody. */
import { useEffect } from "preact/hooks";
import { announce } from "../announce.ts";
import { Errors } from "../parts/form.tsx";
import { Late } from "../parts/late.tsx";
import { Liveness } from "../parts/liveness.tsx";
import { Sentence } from "../parts/status.tsx";
import { addressOf, query } from "../router.ts";
import { FirstCall } from "./first-call.tsx";
import { useOverview } from "./load.ts";
import { Outcomes } from "./outcomes.tsx";
import { RANGE_NAMES, RANGES, rangeOf } from "./range.ts";
import { Tiles } from "./tiles.tsx";
import { TroubledEndpoints } from "./troubled-endpoints.tsx";
import { alarmOf, overviewSentence } from "./words.ts";

export function OverviewPage() {
  const range = rangeOf(query.value.get("range"));
  const { overview, errors, staleSince, reload } = useOverview(range);
  const alarm = overview === null ? "" : alarmOf(overview.endpoints, overview.stats.overdue);
  useEffect(() => {
    if (alarm !== "") announce(alarm);
  }, [alarm]);
  return (
    <>
      <div class="bar">
        <h1>Overview</h1>
        <Liveness staleSince={staleSince} />
        <span class="grow" />
        {RANGE_NAMES.map((name) => (
          <a
            key={name}
            class="chip"
            href={addressOf("overview", { range: name === "24h" ? null : name })}
            aria-current={name === range ? "true" : undefined}
            title={RANGES[name].words}
          >
            {RANGES[name].label}
          </a>
        ))}
      </div>
      <Errors errors={errors} />
      {overview === null && errors.length === 0 && <Late />}
      {overview?.isNew && <FirstCall />}
      {overview !== null && !overview.isNew && (
        <>
          <p class="sentence">
            <Sentence
              parts={overviewSentence({
                ...overview,
                failing: overview.failing.length,
                during: RANGES[overview.range].words,
              })}
            />
          </p>
          <Tiles stats={overview.stats} endpoints={overview.endpoints} />
          <Outcomes stats={overview.stats} />
          <TroubledEndpoints endpoints={overview.endpoints} failing={overview.failing} onDone={reload} />
        </>
      )}
    </>
  );
}
