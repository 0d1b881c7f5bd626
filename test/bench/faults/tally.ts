/** What a suite of fault programs has run: counts, for its figures. Pure. */
import type { History } from "./run-program.ts";

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
  /** Calls whose delivery failed because every lane gave up on it. */
  deadEnds: number;
  faults: Record<string, number>;
}

export function addTo(tally: Tally, { calls, counts }: History): void {
  tally.programs++;
  for (const { log, received } of calls) {
    const keys = received.map(
      ({ headers }) => `${headers["x-postcall-delivery"]}/${headers["x-postcall-attempt"]}`,
    );
    tally.calls += log === undefined ? 0 : 1;
    tally.requests += received.length;
    tally.attempts += log?.metadata.length ?? 0;
    tally.deadEnds += log?.status === "failed" && log.reason === "dead_letter" ? 1 : 0;
    tally.duplicates += keys.length - new Set(keys).size;
  }
  for (const [fault, times] of Object.entries(counts))
    tally.faults[fault] = (tally.faults[fault] ?? 0) + times;
}
