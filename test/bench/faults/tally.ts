/** Counts what a suite of fault programs has run. Pure. */

import type { History, LogHistory } from "./history.ts";
import { citedIn, keyOf } from "./requests.ts";

export interface Tally {
  programs: number;
  /** Calls that have a log. */
  calls: number;
  /** What the receivers got. */
  requests: number;
  /** Entries of logs. */
  attempts: number;
  /** Requests that repeat an attempt. */
  duplicates: number;
  /** Logs whose delivery failed because all lanes gave up on it. */
  deadEnds: number;
  /** Calls whose webhook ended with their citations in it, */
  combined: number;
  /** and calls whose separate citations webhook ended. */
  separate: number;
  faults: Record<string, number>;
}

export const emptyTally = (): Tally => ({
  ...{
    programs: 0,
    calls: 0,
    requests: 0,
    attempts: 0,
    duplicates: 0,
    deadEnds: 0,
    combined: 0,
    separate: 0,
  },
  faults: {},
});

export function addTo(tally: Tally, { calls, counts }: History): void {
  tally.programs++;
  for (const { received, call, citations } of calls) {
    const keys = received.map(keyOf);
    tally.calls += call.log === undefined ? 0 : 1;
    tally.requests += received.length;
    tally.duplicates += keys.length - new Set(keys).size;
    for (const { log } of [call, citations]) {
      tally.attempts += log?.metadata.length ?? 0;
      tally.deadEnds += log?.status === "failed" && log.reason === "dead_letter" ? 1 : 0;
    }
    tally.combined += hasCited(call) ? 1 : 0;
    tally.separate += hasCited(citations) ? 1 : 0;
  }
  for (const [fault, times] of Object.entries(counts))
    tally.faults[fault] = (tally.faults[fault] ?? 0) + times;
}

const hasCited = ({ log }: LogHistory): boolean =>
  (log?.status === "delivered" || log?.status === "failed") && citedIn(log.payload ?? "{}") !== undefined;
