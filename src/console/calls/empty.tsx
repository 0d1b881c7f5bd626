/** Where no row is: because there is no call yet, or because none matches. Each says the next step. */
import { useState } from "preact/hooks";
import type { ListedLog } from "../answers.ts";
import { ask } from "../api.ts";
import { now } from "../clock.ts";
import { count } from "../format.ts";
import { useLive } from "../live.ts";
import { Button, Command, Empty } from "../parts/form.tsx";
import { addressOf, setQuery } from "../router.ts";
import { can } from "../session.ts";
import { CLEARED, type Filter, isNarrowed, refusalWords } from "./filter.ts";
import { list, more } from "./list.ts";
import { reportCommand } from "./sample.ts";
import { rangeOf, timePhrase } from "./time.ts";

const ALL_TIME = { last: "all", since: null, until: null };
const EVERY_MS = 10_000;

/** Whether the org has any call at all; null until that is known. */
function useAnyCall(): boolean | null {
  const [hasAny, setAny] = useState<boolean | null>(null);
  const load = async (signal: AbortSignal) => {
    const answer = await ask<ListedLog[]>("GET", "/v1/postcall/webhooks", { query: { limit: 1 }, signal });
    if (answer.ok) setAny(answer.data.length > 0);
  };
  useLive(load, { everyMs: EVERY_MS, isOn: hasAny !== true });
  return hasAny;
}

export function CallsEmpty({ filter, onReport }: { filter: Filter; onReport: () => void }) {
  const hasAny = useAnyCall();
  const { refusal, rows, shortPages } = list.value;
  if (refusal.length > 0) return <Refused />;
  if (rows.next !== null)
    return (
      <Empty title="None found so far">
        <p>
          Searched about {count(shortPages * 5_000)} calls so far, from the newest on. There are older ones.
        </p>
        <Button kind="primary" onClick={more}>
          Keep looking
        </Button>
      </Empty>
    );
  if (hasAny === null) return null;
  if (!hasAny && !isNarrowed(filter)) return <NoCallYet onReport={onReport} />;
  const isAllTime = "preset" in filter.time && filter.time.preset === "all";
  const isOpen = rangeOf(filter.time, now.value).until === null;
  const isFiltered = isNarrowed(filter);
  return (
    <Empty title={isFiltered ? "No call matches" : `No call ${timePhrase(filter.time, now.value)}`}>
      <p>
        {isFiltered
          ? `Nothing fits these filters ${timePhrase(filter.time, now.value)}.`
          : isOpen
            ? "There are calls, but older ones."
            : "There are calls at other times."}{" "}
        {isOpen && "What comes and fits appears here by itself."}
      </p>
      <div class="bar">
        {!isAllTime && (
          <Button kind="primary" onClick={() => setQuery(ALL_TIME)}>
            Look at all time
          </Button>
        )}
        {/^\d{7,15}$/.test(filter.q) && (
          <Button kind="primary" onClick={() => setQuery({ q: `+${filter.q}` })}>
            Look for the number +{filter.q}
          </Button>
        )}
        {isFiltered && <Button onClick={() => setQuery(CLEARED)}>Clear the filters</Button>}
      </div>
    </Empty>
  );
}

const Refused = () => (
  <Empty title="These filters can't be used">
    {list.value.refusal.map((error) => (
      <p key={error.message}>{refusalWords(error)}</p>
    ))}
    <Button kind="primary" onClick={() => setQuery(CLEARED)}>
      Clear the filters
    </Button>
  </Empty>
);

const NoCallYet = ({ onReport }: { onReport: () => void }) => (
  <Empty title="No call yet">
    <p>
      A call is here once it is reported: by your voice platform, or by this command. Its webhook goes to the
      URL in the report, else to the one of its <a href={addressOf("numbers")}>number</a>, else to the{" "}
      <a href={addressOf("settings")}>org's default</a>. To see what a receiver gets, make an{" "}
      <a href={addressOf("inboxes")}>inbox</a> and use its URL.
    </p>
    <Command text={reportCommand(location.origin)} />
    {can("report") && (
      <p class="or">
        <Button kind="primary" onClick={onReport}>
          Report a call here
        </Button>
      </p>
    )}
  </Empty>
);
