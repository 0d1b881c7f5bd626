/** The counts above the list, as words that are filters. Pure. */
import type { Stats } from "../answers.ts";
import { count } from "../format.ts";

const NAMED = ["delivered", "failed", "waiting", "retrying"] as const;
const OTHERS = {
  pending: "on their way",
  held: "held",
  disabled: "stopped",
  no_webhook: "without a webhook",
} as const;
const OTHER_STATES = Object.keys(OTHERS) as (keyof typeof OTHERS)[];

/** A part of the summary, and the filter that shows its calls. */
interface Counted {
  text: string;
  title?: string;
  filter: { status: string | null; waiting: string | null };
}

/** "52,310 calls, 52,118 delivered, 14 failed, 41 waiting": the states that there are. Rare ones are put together. */
export function summaryOf({ calls, sampled }: Pick<Stats, "calls" | "sampled">): {
  total: string;
  parts: Counted[];
} {
  const about = (value: number) => `${sampled && value > 0 ? "≈" : ""}${count(value)}`;
  const named = NAMED.filter((state) => calls[state] > 0).map((state) => ({
    text: `${about(calls[state])} ${state}`,
    filter: state === "waiting" ? { status: null, waiting: "true" } : { status: state, waiting: null },
  }));
  const others = OTHER_STATES.filter((state) => calls[state] > 0);
  const words = others.map((state) => `${about(calls[state])} ${OTHERS[state]}`);
  const sum = others.reduce((total, state) => total + calls[state], 0);
  const rest = {
    text: words.length === 1 ? words.join() : `${about(sum)} others`,
    title: words.join(", "),
    filter: { status: others.join(","), waiting: null },
  };
  return {
    total: `${about(calls.total)} ${calls.total === 1 ? "call" : "calls"}`,
    parts: others.length === 0 ? named : [...named, rest],
  };
}
