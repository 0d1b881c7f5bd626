/** Words for tests of the sweep's walk: what a sweep enqueues, what it has not marked, and what happens meanwhile. */
import { env } from "cloudflare:workers";
import { databaseOnceOpened, envWithLosingQueues, sweepOnce } from "./handlers.ts";

/** The messages that one sweep enqueues. */
export async function swept(): Promise<unknown[]> {
  const { env: lossy, deliveries } = envWithLosingQueues();
  await sweepOnce(lossy);
  return deliveries.map(({ body }) => body);
}

/** When a call was created, and when the sweep takes it up. */
export const rowOf = (call_id: string) =>
  env.DB.prepare("SELECT created_at, sweep_at FROM webhook_logs WHERE call_id = ?")
    .bind(call_id)
    .first<{ created_at: number; sweep_at: number | null }>();

/** How many due logs the sweep has not marked yet. */
export const unmarked = () =>
  env.DB.prepare(
    "SELECT count(*) AS n FROM webhook_logs WHERE sweep_at IS NULL AND next_attempt_at IS NOT NULL",
  ).first<number>("n");

/** A database that lets something else happen between what a step reads and what it writes. */
export const interrupted = (meanwhile: () => Promise<unknown>) =>
  databaseOnceOpened(async (statements) => {
    await meanwhile();
    return env.DB.batch(statements);
  });
