/** What became of the calls over time, with its legend. A part of it leads to its calls. */
import type { Stats } from "../answers.ts";
import { count } from "../format.ts";
import { OutcomesChart } from "../outcomes/chart.tsx";
import { addressOf, go } from "../router.ts";
import { approxOf, otherWords } from "./words.ts";

export const Outcomes = ({ stats }: { stats: Stats }) => (
  <>
    <div class="bar outcomes-head">
      <h2>Calls by outcome</h2>
      <Legend calls={stats.calls} approx={approxOf(stats)} />
    </div>
    <OutcomesChart figures={stats} isOpen onShow={(time) => go(addressOf("calls", { ...time }))} />
  </>
);

function Legend({ calls, approx }: { calls: Stats["calls"]; approx: string }) {
  const other = calls.total - calls.delivered - calls.failed;
  const words = otherWords(calls);
  return (
    <ul class="outcomes-legend small">
      <li>
        <i class="ok" /> {approx}
        {count(calls.delivered)} delivered
      </li>
      <li>
        <i class="bad" /> {approx}
        {count(calls.failed)} failed
      </li>
      <li>
        <i class="other" /> {approx}
        {count(other)} other{words !== "" && `: ${words}`}
      </li>
    </ul>
  );
}
