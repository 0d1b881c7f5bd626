/** The attempts of a log, newest first, with the next one on top. One is chosen; the arrow keys go on from it. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { AnyLog, AttemptWithDetails, Endpoint } from "../answers.ts";
import { now } from "../clock.ts";
import { count, countdown, duration, exactly, outcomeOf, timeOfDayMs, zone } from "../format.ts";
import { msOf } from "../log-state.ts";
import { type DeliveryGroup, deliveriesOf, keyOf, type Next, nextOf, sinceReport } from "./attempt-list.ts";

const AT_ONCE = 50;

interface Props {
  log: AnyLog;
  /** Oldest first. */
  attempts: readonly AttemptWithDetails[];
  endpoint: Endpoint | null;
  chosen: AttemptWithDetails | undefined;
  onChoose: (attempt: AttemptWithDetails) => void;
}

export function Timeline({ log, attempts, endpoint, chosen, onChoose }: Props) {
  const [shown, setShown] = useState(AT_ONCE);
  const list = useRef<HTMLOListElement>(null);
  const groups = deliveriesOf(attempts);
  const inOrder = groups.flatMap((group) => group.attempts);
  const at = inOrder.findIndex((attempt) => chosen !== undefined && keyOf(attempt) === keyOf(chosen));
  const limit = Math.max(shown, Math.ceil((at + 1) / AT_ONCE) * AT_ONCE);
  const left = inOrder.length - limit;
  const next = nextOf(log, { attempts, endpoint });
  const ofChosen = groups.find(({ delivery_id }) => delivery_id === chosen?.delivery_id);

  // The address may name one far down in the list. The page itself is not moved.
  useEffect(() => {
    const row = chosenIn(list.current)?.closest("li");
    if (row && list.current) list.current.scrollTop = row.offsetTop - list.current.clientHeight / 2;
  }, []);

  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      Home: 0,
      End: inOrder.length - 1,
    };
    const to = inOrder[steps[event.key] ?? -1];
    if (to === undefined) return;
    event.preventDefault();
    onChoose(to);
    requestAnimationFrame(() => chosenIn(list.current)?.focus());
  };

  return (
    <section class="card timeline" aria-label="Attempts">
      <header>
        Attempts
        <span class="grow" />
        {ofChosen !== undefined && (
          <span class="aside">
            delivery {ofChosen.ordinal} of {groups.length} ·{" "}
            <span title="The zone of the times">{zone()}</span>
          </span>
        )}
      </header>
      <ol ref={list} onKeyDown={onKeyDown}>
        {next !== null && <NextAttempt next={next} />}
        {attempts.length === 0 && next === null && <li class="nothing">No attempt was made.</li>}
        <Groups groups={groups} limit={limit} log={log} chosen={chosen} onChoose={onChoose} />
      </ol>
      {left > 0 && (
        <footer>
          <button type="button" class="button" onClick={() => setShown(limit + AT_ONCE)}>
            {left > AT_ONCE ? `Show ${AT_ONCE} more of ${count(left)}` : `Show the other ${left}`}
          </button>
        </footer>
      )}
    </section>
  );
}

const chosenIn = (list: HTMLElement | null): HTMLElement | null =>
  list?.querySelector<HTMLElement>("[aria-current=true]") ?? null;

type GroupsProps = Pick<Props, "log" | "chosen" | "onChoose"> & { groups: DeliveryGroup[]; limit: number };

function Groups({ groups, limit, log, chosen, onChoose }: GroupsProps) {
  let left = limit;
  return (
    <>
      {groups.map(({ delivery_id, ordinal, send_type, attempts }) => {
        const some = attempts.slice(0, Math.max(0, left));
        left -= some.length;
        if (some.length === 0) return null;
        return [
          groups.length > 1 && (
            <li key={delivery_id} class="delivery">
              Delivery {ordinal}, {send_type}
            </li>
          ),
          ...some.map((attempt) => (
            <Made
              key={keyOf(attempt)}
              attempt={attempt}
              since={log.created_at}
              isChosen={chosen !== undefined && keyOf(chosen) === keyOf(attempt)}
              onChoose={onChoose}
            />
          )),
        ];
      })}
    </>
  );
}

interface MadeProps {
  attempt: AttemptWithDetails;
  since: string;
  isChosen: boolean;
  onChoose: (attempt: AttemptWithDetails) => void;
}

function Made({ attempt, since, isChosen, onChoose }: MadeProps) {
  const { sent_at, error } = attempt;
  return (
    <li class={error === null ? "is-made ok" : "is-made bad"}>
      <button type="button" aria-current={isChosen} onClick={() => onChoose(attempt)}>
        <b>
          Attempt {attempt.attempt}{" "}
          <span class={error === null ? "is-ok" : "is-bad"}>{outcomeOf(attempt)}</span>
        </b>
        <small title={exactly(sent_at)}>
          {sinceReport(since, sent_at)} · {timeOfDayMs(sent_at)} · {took(attempt)}
        </small>
      </button>
    </li>
  );
}

/** Milliseconds while they can be compared. */
const took = (attempt: AttemptWithDetails): string => {
  const ms = msOf(attempt);
  return ms < 10_000 ? `${count(ms)} ms` : duration(ms);
};

function NextAttempt({ next: { at, title, why, look } }: { next: Next }) {
  return (
    <li class={at === null ? "parked" : "next"}>
      <b>
        <span class={`is-${look}`}>{title}</span>
        {at === null ? <span class="is-off">waits</span> : <Countdown at={at} />}
      </b>
      <small>{why}</small>
    </li>
  );
}

function Countdown({ at }: { at: string }) {
  const left = Date.parse(at) - now.value;
  return (
    <time class="dim" dateTime={at} title={exactly(at)}>
      {left > 0 ? `in ${countdown(left)}` : "now"}
    </time>
  );
}
