/** A call as a row; on a phone as a card. */

import { copy } from "../announce.ts";
import type { AnyLog, ListedLog } from "../answers.ts";
import { duration, endpointName, outcomeOf, phone, visible } from "../format.ts";
import { msOf } from "../log-state.ts";
import { Popover } from "../parts/popover.tsx";
import { LogStatus, Strip } from "../parts/status.tsx";
import { Ago } from "../parts/time.tsx";
import { addressOf, go } from "../router.ts";
import { can } from "../session.ts";
import { failedSince, Replay } from "./failed-since.tsx";
import { newestFitting } from "./rows.ts";
import { choose } from "./selection.ts";

export const callAddress = ({ call_id, event }: Pick<AnyLog, "call_id" | "event">): string =>
  addressOf("call", { id: call_id, event: event === "call" ? null : event });

interface Props {
  log: ListedLog;
  isSelected: boolean;
  hasArrived: boolean;
  onSend: (log: ListedLog) => void;
}

export function LogRow({ log, isSelected, hasArrived, onSend }: Props) {
  const { call_id, event, is_test, url, metadata, attempts_total } = log;
  const last = metadata.at(-1);
  const fitting = newestFitting(log);
  return (
    <tr
      data-key={`${call_id} ${event}`}
      class={[isSelected && "is-selected", hasArrived && "is-new"].filter(Boolean).join(" ")}
    >
      <td class="c-check">
        <label>
          <input
            type="checkbox"
            aria-label={`Select ${call_id}${event === "citations" ? ", its citations" : ""}`}
            checked={isSelected}
            onClick={({ shiftKey }) => choose(log, { asRange: shiftKey })}
          />
        </label>
      </td>
      <td class="c-status">
        <LogStatus log={log} />
      </td>
      <td class="c-call">
        <a class="mono" href={callAddress(log)} title={call_id}>
          {call_id}
        </a>
        {event === "citations" && <span class="tag">citations</span>}
        {is_test && <span class="tag">test</span>}
      </td>
      <td class="c-number">
        <Party log={log} />
      </td>
      <td class="c-endpoint dim" title={url ?? "It goes nowhere"}>
        {url === null ? "–" : visible(endpointName(url))}
      </td>
      <td class="c-attempts">
        <Strip log={{ ...log, metadata: fitting }} more={attempts_total - fitting.length} />
      </td>
      <td class={`c-last right ${last?.error == null ? "" : "is-bad"}`}>{last && outcomeOf(last)}</td>
      <td class="c-took right dim">{last && duration(msOf(last))}</td>
      <td class="c-ago right dim">
        <Ago at={log.created_at} />
      </td>
      <td class="c-menu">
        <RowMenu log={log} onSend={onSend} />
      </td>
    </tr>
  );
}

/** The end of the call that is not the org's own number. */
function Party({ log: { to, from, inbound } }: { log: ListedLog }) {
  const party = inbound === true ? (from ?? to) : (to ?? from);
  const ends = [
    ...(from === null ? [] : [`from ${visible(phone(from))}`]),
    ...(to === null ? [] : [`to ${visible(phone(to))}`]),
  ];
  const direction = inbound === null ? "" : inbound ? "Inbound, " : "Outbound, ";
  return party === null ? (
    <span class="dim">–</span>
  ) : (
    <span title={`${direction}${ends.join(", ")}`}>{visible(phone(party))}</span>
  );
}

const RowMenu = ({ log, onSend }: Pick<Props, "log" | "onSend">) => (
  <Popover
    label={`Call ${log.call_id}`}
    button="⋯"
    buttonClass="icon"
    buttonLabel={`More about ${log.call_id}`}
    title="More"
  >
    {(close) => {
      const then = (act: () => void) => () => {
        close();
        act();
      };
      return (
        <div class="menu">
          <button type="button" onClick={then(() => go(callAddress(log)))}>
            Open the call
          </button>
          <button type="button" onClick={then(() => void copy(log.call_id, "The id"))}>
            Copy its id
          </button>
          {can("send") && (
            <button type="button" onClick={then(() => onSend(log))}>
              Send again
            </button>
          )}
          <button type="button" onClick={then(() => go(failedSince(log.created_at)))}>
            Show all failed since this one
          </button>
          {can("send") && <Replay>Replay all failed since this one</Replay>}
        </div>
      );
    }}
  </Popover>
);
