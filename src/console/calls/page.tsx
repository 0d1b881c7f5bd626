/** The calls of an org: what became of each, live, and what can be done with them. */
import { useComputed } from "@preact/signals";
import { useEffect, useMemo, useState } from "preact/hooks";
import { tell } from "../announce.ts";
import type { ListedLog } from "../answers.ts";
import { useLive } from "../live.ts";
import { OutcomesChart } from "../outcomes/chart.tsx";
import { query, setQuery } from "../router.ts";
import { can } from "../session.ts";
import { Dock } from "./dock.tsx";
import { CallsEmpty } from "./empty.tsx";
import { disabledEndpoints, useDisabledEndpoints } from "./endpoints.ts";
import { useFigures } from "./figures.ts";
import { type Filter, keyOfFilter, readFilter } from "./filter.ts";
import { Filters } from "./filters.tsx";
import { Live, SearchBox, Summary } from "./head.tsx";
import { keepFocus, useCallKeys } from "./keys.ts";
import { list, poll, stats } from "./list.ts";
import { LogTable } from "./log-table.tsx";
import { planOf, planWords } from "./plan.ts";
import { ReportForm } from "./report-form.tsx";
import { keyOf } from "./rows.ts";
import { dropSelection, hasSelection, selected } from "./selection.ts";
import { ConfirmSend, NotSent } from "./send-dialogs.tsx";
import { ASKS_OVER, send, sending } from "./sending.ts";
import { rangeOf } from "./time.ts";

const EVERY_MS = 2_000;
/** A page that passes thousands of rows is asked for less often. */
const COSTLY_EVERY_MS = 10_000;

/** Whether new rows would disturb: somebody has scrolled, has a selection, or has a menu or dialog open. */
const isHeld = (): boolean =>
  scrollY > 40 || hasSelection.value || document.querySelector(":popover-open, dialog[open]") !== null;

export function CallsPage() {
  const filter = useComputed(() => readFilter(query.value)).value;
  const key = keyOfFilter(filter);
  const [isReporting, setReporting] = useState(false);
  const everyMs = list.value.isCostly ? COSTLY_EVERY_MS : EVERY_MS;
  useLive((ended) => poll(filter, isHeld, ended), { key, everyMs });
  useFigures(filter, key);
  // What is selected belongs to what is shown.
  useEffect(() => dropSelection, [key]);
  const isOpen = rangeOf(filter.time, Date.now()).until === null;
  const report = () => setReporting(true);
  return (
    <>
      <div class="bar calls-head">
        <h1>Calls</h1>
        <Live isOpen={isOpen} />
        <span class="grow" />
        <SearchBox filter={filter} />
        {can("report") && (
          <button type="button" class="button" onClick={report}>
            Report a call
          </button>
        )}
      </div>
      <Figures filter={filter} filterKey={key} isOpen={isOpen} />
      <Rows filter={filter} filterKey={key} onReport={report} />
      <NotSent />
      {isReporting && <ReportForm onClose={() => setReporting(false)} />}
    </>
  );
}

interface FilterProps {
  filter: Filter;
  filterKey: string;
}

/** Figures of the filters before stay until the new ones are there, paler: nothing flickers. */
function Figures({ filter, filterKey, isOpen }: FilterProps & { isOpen: boolean }) {
  const figures = stats.value?.figures ?? null;
  const isOld = stats.value?.key !== filterKey;
  return (
    <>
      <div class="bar">
        <Filters filter={filter} />
        <Summary figures={figures} isOld={isOld} />
      </div>
      {list.value.refusal.length === 0 && (
        <OutcomesChart {...{ figures, isOpen, isOld }} onShow={(time) => setQuery({ ...time, last: null })} />
      )}
    </>
  );
}

/** The rows, and what is done with the selected ones. */
function Rows({ filter, filterKey, onReport }: FilterProps & { onReport: () => void }) {
  const { asked, begin, cancel } = useSending();
  const chosen = selected.value;
  const disabled = disabledEndpoints.value;
  const plan = useMemo(() => planOf([...chosen.values()], disabled), [chosen, disabled]);
  const sendChosen = () => begin([...chosen.values()]);
  useDisabledEndpoints(can("send") && hasSelection.value);
  useCallKeys({ onSend: (focused) => (chosen.size > 0 ? sendChosen() : focused && begin([focused])) });
  const { key, rows } = list.value;
  const isShown = key === filterKey;
  return (
    <>
      {isShown && rows.shown.length === 0 && rows.waiting.length === 0 ? (
        <CallsEmpty key={filterKey} filter={filter} onReport={onReport} />
      ) : (
        <LogTable isStaleRows={!isShown} onSend={(log) => begin([log])} />
      )}
      <Dock plan={plan} onSend={sendChosen} />
      {asked !== null && (
        <ConfirmSend plan={planOf(asked, disabled)} onSend={() => begin(asked)} onClose={cancel} />
      )}
    </>
  );
}

/** Begins to send. Of many calls it is `asked` first whether they are meant: then it begins with them once more. */
function useSending() {
  const [asked, setAsked] = useState<readonly ListedLog[] | null>(null);
  const begin = (logs: readonly ListedLog[]) => {
    const [first] = logs;
    if (!can("send") || sending.value !== null || first === undefined) return;
    const disabled = disabledEndpoints.value;
    const plan = planOf(logs, disabled);
    if (plan.sendable.length === 0) return tell(`${planWords(plan)}.`, "bad");
    if (plan.sendable.length > ASKS_OVER && asked === null) return setAsked(logs);
    keepFocus(keyOf(first), () => {
      setAsked(null);
      dropSelection();
      void send(logs, disabled);
    });
  };
  return { asked, begin, cancel: () => setAsked(null) };
}
