/** The filters of the calls. All of them are the address's query: a reload or a link shows the same. */

import { now } from "../clock.ts";
import { stateOf } from "../log-state.ts";
import { Status } from "../parts/status.tsx";
import { setQuery } from "../router.ts";
import {
  endpointChip,
  type Filter,
  moreChip,
  numberChip,
  STATUSES,
  statusChip,
  statusWord,
  WAITING_WORD,
} from "./filter.ts";
import { FilterChip } from "./filter-chip.tsx";
import { EndpointMenu } from "./filter-endpoint.tsx";
import { NumberMenu } from "./filter-number.tsx";
import { TimeMenu } from "./filter-time.tsx";
import { timeWords } from "./time.ts";

const DEFAULT_TIME = { last: null, since: null, until: null };

export function Filters({ filter }: { filter: Filter }) {
  const { time } = filter;
  const isDefaultTime =
    "preset" in time && time.preset === (filter.q === "" || filter.q.startsWith("+") ? "24h" : "all");
  return (
    <fieldset class="filters" aria-label="Filters">
      <FilterChip
        name="Time"
        value={timeWords(time, now.value)}
        onClear={isDefaultTime ? undefined : () => setQuery(DEFAULT_TIME)}
      >
        {(close) => <TimeMenu time={time} onDone={close} />}
      </FilterChip>
      <FilterChip
        name="Status"
        value={statusChip(filter)}
        onClear={() => setQuery({ status: null, waiting: null })}
      >
        {() => <StatusMenu filter={filter} />}
      </FilterChip>
      <FilterChip name="Number" value={numberChip(filter)} onClear={() => setQuery(withoutNumber(filter))}>
        {(close) => <NumberMenu filter={filter} onDone={close} />}
      </FilterChip>
      <FilterChip name="Endpoint" value={endpointChip(filter)} onClear={() => setQuery({ url: null })}>
        {(close) => <EndpointMenu url={filter.url} onDone={close} />}
      </FilterChip>
      <FilterChip
        name="More"
        value={moreChip(filter)}
        onClear={() => setQuery({ event: null, is_test: null, reason: null })}
      >
        {() => <MoreMenu filter={filter} />}
      </FilterChip>
    </fieldset>
  );
}

const withoutNumber = ({ q }: Filter) => ({ to: null, from: null, ...(q.startsWith("+") && { q: null }) });

/** Several statuses are "or". Waiting cuts across them, so that it stands alone. */
function StatusMenu({ filter: { status, waiting } }: { filter: Filter }) {
  const toggle = (name: string, on: boolean) => {
    const chosen = STATUSES.filter((known) => (known === name ? on : status.includes(known)));
    setQuery({ status: chosen.join(","), waiting: null });
  };
  return (
    <fieldset class="choices">
      <legend>Status</legend>
      {STATUSES.map((name) => (
        <label key={name} class="check">
          <input
            type="checkbox"
            checked={status.includes(name)}
            onChange={({ currentTarget }) => toggle(name, currentTarget.checked)}
          />
          <Status kind={stateOf({ status: name, reason: null }).kind}>{statusWord(name)}</Status>
        </label>
      ))}
      <label class="check apart">
        <input
          type="checkbox"
          checked={waiting === "true"}
          onChange={({ currentTarget }) =>
            setQuery({ status: null, waiting: currentTarget.checked ? "true" : null })
          }
        />
        <Status kind="off">{WAITING_WORD}</Status>
      </label>
    </fieldset>
  );
}

const EVENTS = [
  [null, "Calls and citations"],
  ["call", "Calls only"],
  ["citations", "Citations only"],
] as const;

const MoreMenu = ({ filter: { event, is_test } }: { filter: Filter }) => (
  <>
    <fieldset class="choices">
      <legend>Event</legend>
      {EVENTS.map(([name, words]) => (
        <label key={words} class="check">
          <input
            type="radio"
            name="event"
            checked={(event || null) === name}
            onChange={() => setQuery({ event: name })}
          />
          {words}
        </label>
      ))}
    </fieldset>
    <label class="check apart">
      <input
        type="checkbox"
        checked={is_test === "true"}
        onChange={({ currentTarget }) => setQuery({ is_test: currentTarget.checked ? "true" : null })}
      />
      Tests in place of calls
    </label>
  </>
);
