/**
 * What an inbox has received: the list at the left, one request whole at the right. While somebody has scrolled down,
 * new rows wait above.
 */
import { computed, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { CapturedRequest } from "../answers.ts";
import { now } from "../clock.ts";
import { bytes, count, dayAndTime, exactly, visible } from "../format.ts";
import { Button } from "../parts/form.tsx";
import { Status } from "../parts/status.tsx";
import { useShortcuts } from "../shortcuts.ts";
import { CaptureDetail } from "./capture-detail.tsx";
import {
  bodyBytes,
  type Captures,
  callIdIn,
  numberOf,
  pathBelow,
  ROWS_LIMIT,
  SIGNATURES,
  shortTime,
} from "./captures.ts";

interface Props {
  captures: Captures;
  onOlder: () => Promise<unknown>;
  callPage?: (callId: string) => string;
}

export function CapturesView({ captures: { rows, next }, onOlder, callPage }: Props) {
  const list = useRef<HTMLDivElement>(null);
  const { shown, waiting, onScroll } = useStill(rows);
  const { selected, choose, keys } = useChoice(shown, list);
  const atFirst = useRef(newestOf(rows));
  return (
    <div class="captures">
      <div class="card">
        {waiting > 0 && (
          <button type="button" class="captures-new" onClick={() => list.current?.scrollTo({ top: 0 })}>
            {count(waiting)} new
          </button>
        )}
        <div
          ref={list}
          class="captures-list"
          role="listbox"
          aria-label="Requests, the newest first"
          onKeyDown={(event) => {
            const act = keys[event.key];
            if (act === undefined) return;
            event.preventDefault();
            act();
          }}
          onScroll={({ currentTarget }) => onScroll(currentTarget.scrollTop)}
        >
          {shown.map((row) => (
            <Row
              key={row.id}
              row={row}
              isSelected={row.id === selected?.id}
              isNew={numberOf(row) > atFirst.current}
              onChoose={choose}
            />
          ))}
        </div>
        {next !== null && rows.length < ROWS_LIMIT && (
          <p class="more-below">
            <Button onClick={onOlder}>Show older requests</Button>
          </p>
        )}
      </div>
      {selected !== undefined && <CaptureDetail request={selected} callPage={callPage} />}
    </div>
  );
}

type Rows = Captures["rows"];

const newestOf = (rows: Rows): number => numberOf(rows[0] ?? { id: "0" });

/** Scrolled down by less than this is at the top, in pixels. */
const TOP_PX = 8;

/** While the list is scrolled down, what comes waits above it. */
function useStill(rows: Rows) {
  const newestShown = useSignal<number | null>(null);
  const { value: newest } = newestShown;
  const shown = newest === null ? rows : rows.filter((row) => numberOf(row) <= newest);
  const onScroll = (top: number) => {
    newestShown.value = top < TOP_PX ? null : (newestShown.value ?? newestOf(rows));
  };
  return { shown, waiting: rows.length - shown.length, onScroll };
}

/** The request that is shown whole: the newest at first. A newer one does not take its place. */
function useChoice(shown: Rows, list: RefObject<HTMLDivElement | null>) {
  const chosen = useSignal<string | null>(null);
  const selected = shown.find(({ id }) => id === chosen.value) ?? shown[0];
  const id = selected?.id ?? null;
  useEffect(() => {
    chosen.value = id;
  }, [chosen, id]);
  const choose = (to: string | undefined, { withFocus = false } = {}) => {
    if (to === undefined) return;
    chosen.value = to;
    const row = list.current?.querySelector<HTMLElement>(`[data-id="${to}"]`);
    row?.scrollIntoView({ block: "nearest" });
    if (withFocus) row?.focus();
  };
  const beside = (by: number) => shown[shown.findIndex((row) => row.id === id) + by]?.id;
  useShortcuts({ j: () => choose(beside(1)), k: () => choose(beside(-1)) });
  const focused = { withFocus: true };
  const keys: Record<string, () => void> = {
    ArrowDown: () => choose(beside(1), focused),
    ArrowUp: () => choose(beside(-1), focused),
    Home: () => choose(shown[0]?.id, focused),
    End: () => choose(shown.at(-1)?.id, focused),
  };
  return { selected, choose, keys };
}

const today = computed(() => dayAndTime(now.value).slice(0, 10));

interface RowProps {
  row: CapturedRequest;
  isSelected: boolean;
  isNew: boolean;
  onChoose: (id: string) => void;
}

/** Its element stays the same until something of it changes: five hundred rows are compared at each key. */
function Row({ row, isSelected, isNew, onChoose }: RowProps) {
  const day = today.value;
  return useMemo(() => {
    const { kind, word } = SIGNATURES[row.signature];
    return (
      <button
        type="button"
        role="option"
        data-id={row.id}
        class={isNew ? "capture-row is-new" : "capture-row"}
        aria-selected={isSelected}
        tabIndex={isSelected ? 0 : -1}
        onClick={() => onChoose(row.id)}
      >
        <b class="mono">{visible(row.method)}</b>
        <span class="mono clipped">
          {visible(pathBelow(row.path))}
          {row.query !== "" && <span class="dim">?{visible(row.query)}</span>}
        </span>
        <time class="dim small" dateTime={row.received_at} title={exactly(row.received_at)}>
          {shortTime(row.received_at, day)}
        </time>
        <span class="capture-second">
          <Status kind={kind}>{word}</Status>
          <span class="dim small clipped">{callIdIn(row) ?? bytes(bodyBytes(row))}</span>
        </span>
      </button>
    );
  }, [row, isSelected, isNew, day]);
}
