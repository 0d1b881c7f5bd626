/** The outcomes as a table: the same figures, newest first, each time a button that shows its calls. */
import { now } from "../clock.ts";
import { count, zone } from "../format.ts";
import { Columns } from "../parts/columns.tsx";
import { type Bar, barTime, totalOf } from "./bars.ts";

const OUTCOMES = ["Delivered", "Failed", "Others"];

interface Props {
  bars: readonly Bar[];
  isSampled: boolean;
  onShow: (index: number) => void;
}

export function OutcomesTable({ bars, isSampled, onShow }: Props) {
  const about = (value: number) => `${isSampled && value > 0 ? "≈" : ""}${count(value)}`;
  const filled = bars.map((bar, index) => ({ bar, index })).filter(({ bar }) => totalOf(bar) > 0);
  if (filled.length === 0) return <p class="dim">No call in this time.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must be able to do it
    <section class="figures" tabIndex={0} aria-label="Calls by outcome, as a table">
      <table>
        <Columns names={[`Time (${zone()})`, ...OUTCOMES]} right={OUTCOMES} />
        <tbody>
          {filled.reverse().map(({ bar, index }) => (
            <tr key={bar.since}>
              <td>
                <button type="button" class="link" onClick={() => onShow(index)}>
                  {barTime(bar, now.value)}
                </button>
              </td>
              <td class="right">{about(bar.delivered)}</td>
              <td class={`right ${bar.failed > 0 ? "is-bad" : ""}`}>{about(bar.failed)}</td>
              <td class="right">{about(bar.other)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
