/**
 * What became of the calls over time. A part of it can be chosen: drag over bars, or move the two bounds with the arrow
 * keys. The bars are elements and no canvas, so that they have a keyboard, forced colours, and a table beside them.
 */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Stats } from "../answers.ts";
import { now } from "../clock.ts";
import { zone } from "../format.ts";
import {
  type Bar,
  type Bounds,
  barsOf,
  barTime,
  barWords,
  type ChosenTime,
  chosenTime,
  moveBound,
  ticksOf,
  totalOf,
  widthOf,
} from "./bars.ts";
import { OutcomesTable } from "./table.tsx";

const NO_BARS: Bar[] = [];

interface Props {
  figures: Stats | null;
  /** The time reaches to now. */
  isOpen: boolean;
  /** The figures are not of what is asked now. */
  isOld?: boolean;
  /** A time was chosen. */
  onShow: (time: ChosenTime) => void;
}

export function OutcomesChart({ figures, isOpen, isOld = false, onShow }: Props) {
  const [isTable, setTable] = useState(false);
  const span = figures && { since: Date.parse(figures.since), until: Date.parse(figures.until) };
  const bars = figures && span ? barsOf(figures, widthOf(span).ms) : NO_BARS;
  const show = (bounds: Bounds) => {
    const time = chosenTime(bars, bounds, isOpen);
    if (time !== null) onShow(time);
  };
  return (
    <section class={`outcomes ${isOld ? "is-loading" : ""}`} aria-label="Calls by outcome, over time">
      {isTable && figures ? (
        <OutcomesTable
          bars={bars}
          isSampled={figures.sampled}
          onShow={(index) => show({ from: index, to: index + 1 })}
        />
      ) : (
        <>
          <Bars bars={bars} isSampled={figures?.sampled ?? false} onShow={show} />
          <div class="axis" aria-hidden="true">
            {span !== null &&
              ticksOf(span, now.value).map(({ at, text }) => (
                <span key={at} style={{ left: `${at * 100}%` }}>
                  {text} {at === 1 && zone()}
                </span>
              ))}
          </div>
        </>
      )}
      <button
        type="button"
        class="link small as-table"
        aria-pressed={isTable}
        onClick={() => setTable(!isTable)}
      >
        {isTable ? "As bars" : "As a table"}
      </button>
    </section>
  );
}

const ENDS = ["from", "to"] as const;

interface BarsProps {
  bars: readonly Bar[];
  isSampled: boolean;
  onShow: (bounds: Bounds) => void;
}

function Bars({ bars, isSampled, onShow }: BarsProps) {
  const area = useRef<HTMLDivElement>(null);
  const [dragged, setDragged] = useState<{ anchor: number; at: number } | null>(null);
  const [bounds, setBounds] = useState<Bounds | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const first = bars[0]?.since;
  // Bounds are places of bars: among other bars they mean nothing.
  useEffect(() => {
    setBounds(null);
    setDragged(null);
    setPointed(null);
  }, [first, bars.length]);
  const isDragging = dragged !== null;
  useEffect(() => {
    if (!isDragging) return;
    const onKey = ({ key }: KeyboardEvent) => key === "Escape" && setDragged(null);
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [isDragging]);
  const highest = Math.max(1, ...bars.map(totalOf));
  const barAt = (x: number): number => {
    const box = area.current?.getBoundingClientRect();
    if (box === undefined) return 0;
    return Math.max(0, Math.min(bars.length - 1, Math.floor(((x - box.left) / box.width) * bars.length)));
  };
  const drag = dragged && {
    from: Math.min(dragged.anchor, dragged.at),
    to: Math.max(dragged.anchor, dragged.at) + 1,
  };
  const shown = drag ?? bounds;
  const under = pointed === null ? undefined : bars[pointed];
  return (
    <div class="bars">
      <div
        ref={area}
        class={`area ${dragged === null ? "" : "is-dragged"}`}
        onPointerDown={(event) => {
          if (event.button !== 0 || bars.length === 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          const at = barAt(event.clientX);
          setBounds(null);
          setPointed(null);
          setDragged({ anchor: at, at });
        }}
        onPointerMove={({ clientX, pointerType }) => {
          if (dragged !== null) setDragged({ ...dragged, at: barAt(clientX) });
          else if (pointerType === "mouse") setPointed(barAt(clientX));
        }}
        onPointerLeave={() => setPointed(null)}
        onPointerCancel={() => setDragged(null)}
        onPointerUp={() => {
          if (drag !== null) onShow(drag);
          setDragged(null);
        }}
      >
        {bars.map((bar, index) => (
          <span
            key={bar.since}
            class={shown !== null && index >= shown.from && index < shown.to ? "bar is-in" : "bar"}
          >
            {share(bar.failed, highest, "bad")}
            {share(bar.other, highest, "other")}
            {share(bar.delivered, highest, "ok")}
            {shown !== null && (index < shown.from || index >= shown.to) && <i class="shade" />}
          </span>
        ))}
      </div>
      {bars.length > 1 &&
        ENDS.map((end) => (
          <Bound
            key={end}
            end={end}
            bars={bars}
            bounds={bounds ?? { from: 0, to: bars.length }}
            onMove={setBounds}
            onShow={() => bounds !== null && onShow(bounds)}
            onDrop={() => setBounds(null)}
          />
        ))}
      {shown !== null ? (
        <Readout at={centre(shown, bars.length)} room={bounds === null ? 70 : 180}>
          {barTime({ since: bars[shown.from]?.since ?? 0, until: bars[shown.to - 1]?.until ?? 0 }, now.value)}
          {bounds !== null && (
            <button type="button" class="button" onClick={() => onShow(bounds)}>
              Show this time <kbd>Enter</kbd>
            </button>
          )}
        </Readout>
      ) : (
        pointed !== null &&
        under !== undefined && (
          <Readout at={centre({ from: pointed, to: pointed + 1 }, bars.length)} room={180}>
            {barWords(under, { now: now.value, isSampled })}
          </Readout>
        )
      )}
    </div>
  );
}

interface ReadoutProps {
  /** In percent of the width. */
  at: number;
  /** Half of what it needs, in pixels: it stays within the chart. */
  room: number;
  children: ComponentChildren;
}

const Readout = ({ at, room, children }: ReadoutProps) => (
  <p class="picked" style={{ left: `clamp(${room}px, ${at}%, 100% - ${room}px)` }}>
    {children}
  </p>
);

/** A part of a bar. What there is at all can be seen, however little it is. */
const share = (value: number, highest: number, kind: string) =>
  value > 0 && <i class={kind} style={{ height: `max(2px, ${(value / highest) * 100}%)` }} />;

const centre = ({ from, to }: Bounds, bars: number): number => ((from + to) / 2 / bars) * 100;

interface BoundProps {
  end: "from" | "to";
  bars: readonly Bar[];
  bounds: Bounds;
  onMove: (bounds: Bounds) => void;
  onShow: () => void;
  onDrop: () => void;
}

function Bound({ end, bars, bounds, onMove, onShow, onDrop }: BoundProps) {
  const place = bounds[end];
  const bar = end === "from" ? bars[place] : bars[place - 1];
  const words = bar === undefined ? "" : barTime(bar, now.value);
  return (
    <div
      role="slider"
      tabIndex={0}
      class="bound"
      aria-label={end === "from" ? "Beginning of the time" : "End of the time"}
      aria-valuemin={end === "from" ? 0 : 1}
      aria-valuemax={end === "from" ? bars.length - 1 : bars.length}
      aria-valuenow={place}
      aria-valuetext={`${words} (${zone()})`}
      style={{ left: `${(place / bars.length) * 100}%` }}
      onKeyDown={(event) => {
        if (event.key === "Enter") onShow();
        else if (event.key === "Escape") onDrop();
        else {
          const moved = moveBound(bounds, { end, key: event.key, bars: bars.length });
          if (moved === null) return;
          onMove(moved);
        }
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}
