/** What the answers of the record say was done: what is worth counting, and what a run started. */
import type { World } from "./world.ts";

/** What is worth counting, by the text of the statement that does it to logs. */
const EFFECTS = {
  "parked by a batch": /SET parked = max\(l\.created_at/,
  "parked by a suspension": /SET parked = max\(l\.created_at[^?]*'org_suspended'/,
  "released or probed": /SET parked = NULL, reason = NULL/,
  "waiting for a slot": /SET reason = 'rate_limited'/,
  "log erased": /^DELETE FROM webhook_logs WHERE user_id = \?1 AND call_id/,
  "payload erased": /SET payload = '', payload_encoding = NULL/,
  "released by hand": /SET status = 'pending', reason = NULL, next_attempt_at = \?3, sweep_at = \?4\s+WHERE/,
};

export function countEffects(world: World, query: string, { results = [] }: Partial<D1Result>): void {
  for (const [name, text] of Object.entries(EFFECTS))
    if (text.test(query)) for (const _row of results) world.count(name);
  for (const row of query.startsWith("INSERT INTO webhook_logs") ? results : [])
    if ((row as { parked?: number | null }).parked) world.count("parked at its report");
}

/** Starts the deliveries of manual sends, and returns their calls. */
const STARTS = /SET status = 'pending', reason = NULL, delivery_id = /;

/** The calls of which a statement has started a new delivery. */
export const startedBy = (query: string, { results = [] }: Partial<D1Result>): string[] =>
  STARTS.test(query) ? (results as { call_id: string }[]).map(({ call_id }) => call_id) : [];

export const rowsWritten = (answer: unknown): number =>
  [answer]
    .flat()
    .reduce<number>((sum, one) => sum + ((one as Partial<D1Result> | null)?.meta?.rows_written ?? 0), 0);

/** The state of the endpoint that was read, if one was. A program has one endpoint. */
export const stateIn = (answer: unknown): string | undefined =>
  (answer as Partial<D1Result<{ state?: string }>> | null)?.results?.[0]?.state;
