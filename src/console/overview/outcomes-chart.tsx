/** What became of the calls over time: bars that lead to their calls, and the same as a table. */
import { useRef, useState } from "preact/hooks";
import type { Stats } from "../answers.ts";
import { count, zone } from "../format.ts";
import { addressOf } from "../router.ts";
import { type Bar, barsOf, barWords, chartWords, scaleOf, spanOf, ticksOf, totalOf } from "./bars.ts";
import { useNarrow } from "./narrow.ts";
import { approxOf, otherWords } from "./words.ts";

const BARS = 50;
const BARS_NARROW = 26;

/** What failed keeps a height that can be seen, however many calls there are. */
const share = (value: number, top: number) => ({
  height: value === 0 ? "0" : `max(2px, ${(100 * value) / top}%)`,
});

const timesWords = (interval: Stats["interval"]): string =>
  interval === "1d" ? "Days are those of UTC" : `Times are ${zone()}`;

const callsOf = ({ since, until }: Bar): string => addressOf("calls", { since, until });

export function OutcomesChart({ stats }: { stats: Stats }) {
  const [pointed, setPointed] = useState<number | null>(null);
  const isNarrow = useNarrow();
  const { buckets, interval, calls } = stats;
  const bars = barsOf(buckets, interval, isNarrow ? BARS_NARROW : BARS);
  const shown = pointed === null ? undefined : bars[pointed];
  const approx = approxOf(stats);
  return (
    <section class="outcomes">
      <div class="bar">
        <h2>Calls by outcome</h2>
        <Legend calls={calls} approx={approx} />
        <span class="grow" />
        <span class="readout small dim">
          {shown === undefined ? (
            timesWords(interval)
          ) : (
            <>
              {spanOf(shown, interval)}: <b>{barWords(shown, approx)}</b>
            </>
          )}
        </span>
      </div>
      <Bars {...{ bars, interval, pointed, setPointed, approx }} />
      <div class="outcome-axis" aria-hidden="true">
        {ticksOf(bars, interval, isNarrow).map(({ left, label }) => (
          <span key={label} style={left === 100 ? { right: "0" } : { left: `${left}%` }}>
            {label}
          </span>
        ))}
      </div>
      <OutcomesTable bars={bars} interval={interval} approx={approx} />
    </section>
  );
}

function Legend({ calls, approx }: { calls: Stats["calls"]; approx: string }) {
  const other = calls.total - calls.delivered - calls.failed;
  const words = otherWords(calls);
  return (
    <ul class="outcome-legend small">
      <li>
        <i class="delivered" /> {approx}
        {count(calls.delivered)} delivered
      </li>
      <li>
        <i class="failed" /> {approx}
        {count(calls.failed)} failed
      </li>
      <li>
        <i class="other" /> {approx}
        {count(other)} other{words !== "" && `: ${words}`}
      </li>
    </ul>
  );
}

interface BarsProps {
  bars: readonly Bar[];
  interval: Stats["interval"];
  pointed: number | null;
  setPointed: (index: number | null) => void;
  approx: string;
}

/** One stop of the tab key; the arrow keys go from bar to bar. */
function Bars({ bars, interval, pointed, setPointed, approx }: BarsProps) {
  const group = useRef<HTMLElement>(null);
  const [stop, setStop] = useState(bars.length - 1);
  const top = scaleOf(bars);
  const last = bars.length - 1;
  const onKeyDown = (event: KeyboardEvent) => {
    const moves: Record<string, number> = { ArrowLeft: stop - 1, ArrowRight: stop + 1, Home: 0, End: last };
    const to = moves[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = Math.min(last, Math.max(0, to));
    setStop(next);
    group.current?.querySelectorAll("a")[next]?.focus();
  };
  return (
    <nav
      ref={group}
      class="outcome-bars"
      aria-label={`${chartWords(bars, interval)} The arrow keys go from bar to bar.`}
      onKeyDown={onKeyDown}
      onMouseLeave={() => setPointed(null)}
    >
      <span class="scale" aria-hidden="true">
        {count(top)}
      </span>
      {bars.map((bar, index) => (
        <a
          key={bar.since}
          href={callsOf(bar)}
          class={index === pointed ? "is-pointed" : ""}
          aria-label={`${spanOf(bar, interval)}: ${barWords(bar, approx)}`}
          tabIndex={index === Math.min(stop, last) ? 0 : -1}
          onMouseEnter={() => setPointed(index)}
          onFocus={() => {
            setPointed(index);
            setStop(index);
          }}
          onBlur={() => setPointed(null)}
        >
          <i class="failed" style={share(bar.failed, top)} />
          <i class="other" style={share(bar.other, top)} />
          <i class="delivered" style={share(bar.delivered, top)} />
        </a>
      ))}
    </nav>
  );
}

const OutcomesTable = ({ bars, interval, approx }: Pick<BarsProps, "bars" | "interval" | "approx">) => (
  <details class="small">
    <summary>The same as a table</summary>
    <table>
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col" class="right">
            Delivered
          </th>
          <th scope="col" class="right">
            Failed
          </th>
          <th scope="col" class="right">
            Other
          </th>
        </tr>
      </thead>
      <tbody>
        {bars
          .filter((bar) => totalOf(bar) > 0)
          .toReversed()
          .map((bar) => (
            <tr key={bar.since}>
              <th scope="row">
                <a href={callsOf(bar)}>{spanOf(bar, interval)}</a>
              </th>
              {[bar.delivered, bar.failed, bar.other].map((value, index) => (
                <td key={index} class={index === 1 && value > 0 ? "right is-bad" : "right"}>
                  {value > 0 && approx}
                  {count(value)}
                </td>
              ))}
            </tr>
          ))}
      </tbody>
    </table>
  </details>
);
