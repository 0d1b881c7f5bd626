/** Which active endpoints fail often, and what is wrong with them in a sentence. Pure. */
import type { ListedLog, Stats } from "../answers.ts";
import { causeOf, hintOf } from "../failure-hints.ts";
import { count, counted, outcomeOf } from "../format.ts";
import type { Part } from "../log-state.ts";

type Figures = Stats["endpoints"][number];

/** Fewer failures, or a smaller share, are no trouble: the retries do their work. */
const FROM_FAILURES = 3;
const FROM_SHARE = 0.1;
export const SUSPECTS_MOST = 5;

/** Those worth a look at their newest calls. Of those that are down something else tells. */
export const suspectsOf = (figures: readonly Figures[], known: ReadonlySet<string>): Figures[] =>
  figures
    .filter(
      ({ url, attempts, failed }) =>
        failed >= FROM_FAILURES && failed >= FROM_SHARE * attempts && !known.has(url),
    )
    .slice(0, SUSPECTS_MOST);

type Newest = Pick<ListedLog, "metadata">;

/** The most frequent failure of its newest calls; null if they all got through: it is over. */
export function failureOf(newest: readonly Newest[]): string | null {
  const failures = newest.flatMap(({ metadata }) => {
    const last = metadata.at(-1);
    return last === undefined || last.error === null ? [] : [outcomeOf(last)];
  });
  const counts = new Map<string, number>();
  for (const failure of failures) counts.set(failure, (counts.get(failure) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0] ?? null;
}

/** Such as "all 14 attempts failed in the last 24 hours, now with 404: moved?". */
export function troubleSentence(
  { attempts, failed }: Pick<Figures, "attempts" | "failed">,
  { failure, during, approx = "" }: { failure: string; during: string; approx?: string },
): Part[] {
  const those = failed >= attempts ? `all ${approx}` : `${approx}${count(failed)} of `;
  const hint = hintOf(failure);
  return [
    { strong: `${those}${counted(attempts, "attempt")} failed`, kind: "bad" },
    ` in ${during}, now with ${causeOf(failure)}${hint === null ? "" : `: ${hint}`}`,
  ];
}
