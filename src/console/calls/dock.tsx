/** What can be done with the selected calls, and what sending them again will do. It lies at the foot of the window. */
import { useEffect } from "preact/hooks";
import { announce, copy, tell } from "../announce.ts";
import type { ListedLog } from "../answers.ts";
import { count } from "../format.ts";
import { Popover } from "../parts/popover.tsx";
import { can } from "../session.ts";
import { FailedSince, failedSinceTitle } from "./failed-since.tsx";
import { keepFocus } from "./keys.ts";
import { list } from "./list.ts";
import type { Plan } from "./plan.ts";
import { planWords } from "./plan.ts";
import { keyOf } from "./rows.ts";
import {
  chooseAll,
  dropSelection,
  gathered,
  gathering,
  SELECTION_LIMIT,
  selected,
  stopGathering,
} from "./selection.ts";
import { sending, stopSending } from "./sending.ts";

export function Dock({ plan, onSend }: { plan: Plan<ListedLog>; onSend: () => void }) {
  const logs = [...selected.value.values()];
  const words = planWords(plan);
  const total = logs.length;
  useEffect(() => {
    if (total > 0) announce(`${count(total)} selected. ${words}`);
  }, [total, words]);
  if (sending.value !== null) return <Sending {...sending.value} />;
  if (total === 0) return null;
  const oldest = logs.reduce((one, other) => (other.created_at < one.created_at ? other : one));
  const ids = [...new Set(logs.map(({ call_id }) => call_id))];
  const isNone = plan.sendable.length === 0;
  return (
    <section class="dock" aria-label="The selected calls">
      <span class="chosen">
        <b>{count(total)} selected</b>
        {gathered.value === "cut" && (
          <small>
            These are the newest. More match than can be taken, which is {count(SELECTION_LIMIT)}.
          </small>
        )}
        {can("send") && words !== "" && <small>{words}</small>}
      </span>
      <More total={total} />
      <button
        type="button"
        class="button"
        onClick={() => void copy(ids.join("\n"), ids.length === 1 ? "The id" : `${count(ids.length)} ids`)}
      >
        Copy ids
      </button>
      <Popover
        label="All failed since the oldest of these"
        button={failedSinceTitle(oldest.created_at)}
        buttonClass="button"
      >
        {(close) => <FailedSince at={oldest.created_at} onDone={close} />}
      </Popover>
      {can("send") && (
        <button
          type="button"
          class="button is-primary"
          disabled={isNone}
          title={isNone ? words : undefined}
          onClick={onSend}
        >
          Send again <kbd>r</kbd>
        </button>
      )}
      <button
        type="button"
        class="icon"
        aria-label="Drop the selection"
        title="Drop the selection (Escape)"
        onClick={() => keepFocus(keyOf(oldest), dropSelection)}
      >
        ✕
      </button>
    </section>
  );
}

/** Where all that are shown are selected and more match: those too. */
function More({ total }: { total: number }) {
  const { shown, next } = list.value.rows;
  if (gathering.value !== null)
    return (
      <>
        <span>{count(gathering.value.found)} found …</span>
        <button type="button" class="button" onClick={stopGathering}>
          Stop
        </button>
      </>
    );
  if (next === null || total < shown.length || total >= SELECTION_LIMIT || gathered.value !== null)
    return null;
  const all = async () => {
    const why = await chooseAll();
    if (why !== null) tell(why, "bad");
  };
  return (
    <button
      type="button"
      class="button"
      title={`Up to ${count(SELECTION_LIMIT)}, the newest first`}
      onClick={() => void all()}
    >
      Select all that match
    </button>
  );
}

function Sending({ done, total, isStopped }: { done: number; total: number; isStopped: boolean }) {
  useEffect(() => announce(`${count(done)} of ${count(total)} sent again`), [done, total]);
  return (
    <section class="dock" aria-label="Sending again">
      <span class="chosen">
        {isStopped ? "Stopping" : "Sending again"}: {count(done)} of {count(total)}
      </span>
      <progress max={total} value={done} aria-label="Sending again" />
      <button type="button" class="button" disabled={isStopped} onClick={stopSending}>
        Stop
      </button>
    </section>
  );
}
