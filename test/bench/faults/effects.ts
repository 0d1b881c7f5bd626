/** What the answers of the record say was done: what is worth counting, and what a run started. */
import type { World } from "./world.ts";

/** What is worth counting, by the text of the statement that does it to logs. */
const EFFECTS = {
  "parked by a batch": /SET parked = max\(l\.created_at/,
  "released or probed": /SET parked = NULL, reason = NULL/,
  "waiting for a slot": /SET reason = 'rate_limited'/,
};

export function countEffects(world: World, query: string, { results = [] }: Partial<D1Result>): void {
  for (const [name, text] of Object.entries(EFFECTS))
    if (text.test(query)) for (const _row of results) world.count(name);
  for (const row of query.startsWith("INSERT INTO webhook_logs") ? results : [])
    if ((row as { parked?: number | null }).parked) world.count("parked at its report");
}

export const rowsWritten = (answer: unknown): number =>
  [answer]
    .flat()
    .reduce<number>((sum, one) => sum + ((one as Partial<D1Result> | null)?.meta?.rows_written ?? 0), 0);

/** The state of the endpoint that was read, if one was. A program has one endpoint. */
export const stateIn = (answer: unknown): string | undefined =>
  (answer as Partial<D1Result<{ state?: string }>> | null)?.results?.[0]?.state;
