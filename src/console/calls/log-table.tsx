/** The rows, and what is above and below them. */
import { useState } from "preact/hooks";
import { tell } from "../announce.ts";
import type { ListedLog } from "../answers.ts";
import { count, counted, dayTimeZone, zone } from "../format.ts";
import { Button } from "../parts/form.tsx";
import { setQuery } from "../router.ts";
import { letIn, list, more } from "./list.ts";
import { LogRow } from "./log-row.tsx";
import { isFull, keyOf, PAGE_SIZE, type Rows } from "./rows.ts";
import { chooseShown, selected } from "./selection.ts";

/** A short page has passed about this many. */
const SEARCHED = 5_000;

export function LogTable({
  isStaleRows,
  onSend,
}: {
  isStaleRows: boolean;
  onSend: (log: ListedLog) => void;
}) {
  const { rows } = list.value;
  const chosen = selected.value;
  const isAll = rows.shown.length > 0 && rows.shown.every((log) => chosen.has(keyOf(log)));
  const { key: shownKey, failure } = list.value;
  return (
    <div class={`log-list ${isStaleRows ? "is-loading" : ""}`}>
      {failure !== null && <p class="note is-bad">The calls did not come: {failure} It is tried again.</p>}
      <NewRows rows={rows} />
      <table class="log-table">
        <caption class="unseen">Calls, newest first. Times are {zone()}.</caption>
        <thead>
          <tr>
            <th class="c-check">
              <label>
                <input
                  type="checkbox"
                  aria-label="Select all that are shown"
                  checked={isAll}
                  ref={(box) => {
                    if (box !== null) box.indeterminate = !isAll && chosen.size > 0;
                  }}
                  onChange={({ currentTarget }) => chooseShown(currentTarget.checked)}
                />
              </label>
            </th>
            <th class="c-status">Status</th>
            <th class="c-call">Call</th>
            <th class="c-number">Number</th>
            <th class="c-endpoint">Endpoint</th>
            <th class="c-attempts">Attempts</th>
            <th class="c-last right">Last</th>
            <th class="c-took right">Took</th>
            <th class="c-ago right">Reported</th>
            <th class="c-menu">
              <span class="unseen">More</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.shown.map((log) => {
            const key = keyOf(log);
            return (
              <LogRow
                key={key}
                log={log}
                isSelected={chosen.has(key)}
                hasArrived={rows.arrived.has(key)}
                onSend={onSend}
              />
            );
          })}
        </tbody>
      </table>
      {shownKey === null && failure === null && <p class="further late">Looking for calls …</p>}
      <Further rows={rows} />
    </div>
  );
}

/** It lies over the table's head, so that nothing moves when it comes. */
function NewRows({ rows: { waiting, anew } }: { rows: Rows }) {
  if (waiting.length === 0) return null;
  return (
    <div class="new-rows">
      <button
        type="button"
        class="button is-primary"
        onClick={() => {
          letIn();
          scrollTo({ top: 0 });
        }}
      >
        ↑ {count(waiting.length)}
        {anew === null ? "" : "+"} new
      </button>
    </div>
  );
}

function Further({ rows }: { rows: Rows }) {
  const { shortPages } = list.value;
  const [isAsking, setAsking] = useState(false);
  const go = async () => {
    setAsking(true);
    const why = await more();
    if (why !== null) tell(why, "bad");
    setAsking(false);
  };
  const oldest = rows.shown.at(-1);
  if (isFull(rows) && oldest !== undefined) {
    const until = new Date(Date.parse(oldest.created_at) + 1).toISOString();
    return (
      <p class="further">
        {count(rows.shown.length)} calls are shown, and no more fit on a page.
        <Button onClick={() => setQuery({ until, since: list.value.query.since ?? null, last: null })}>
          Show those older than {dayTimeZone(oldest.created_at)}
        </Button>
      </p>
    );
  }
  if (rows.next === null)
    return rows.shown.length > PAGE_SIZE ? <p class="further dim">These are all.</p> : null;
  return (
    <p class="further">
      {shortPages > 0 &&
        `Searched about ${count(shortPages * SEARCHED)} calls so far, and found ${counted(rows.shown.length, "call")}. `}
      <Button disabled={isAsking} onClick={go}>
        {shortPages > 0 ? "Keep looking" : "Show more"}
      </Button>
    </p>
  );
}
