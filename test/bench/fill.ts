/** Lets an org report as much as it is allowed to, and measures how far it fills the database. */
import type { LocalServer } from "../../src/local/server.ts";
import { now, pause } from "./driver.ts";
import { largeReportsOf, newOrg, openGreedy } from "./greed.ts";

const STORED_GB = 0.1;
const DATABASE_GB = 10;

/** What is stored is known soon: a sweep counts it once it is older than the grace. */
export const FILL_SWEEP_EVERY_MS = 2_000;
export const FILL_SWEEP_GRACE = "1s";

/** For how long it goes on when it was refused: a key is remembered for 30 s, and what its org stores for 10 s after. */
const AFTER_REFUSAL_MS = 45_000;

/**
 * The most that may be stored, of the limit. Below 0.9 of it an org counts as far from it while its key is remembered:
 * so long, with the sweep's delay, it fills up uncounted. Those 43 s are parts of six periods, with 100 times 64 KiB each.
 */
export const FILL_BOUND = 0.9 + (6 * 100 * 65_536) / (STORED_GB * 1e9);

/** What was stored when a report was refused for the first time, and in the end, of the limit. */
export interface Fill {
  stored_gb: number;
  ratio_when_refused: number;
  ratio_most: number;
  /** How long it took to be refused. */
  seconds: number;
  /** How long a database would take to be full, if nothing but the rate was limited. */
  database_minutes: number;
}

export async function fill(server: LocalServer, progress: (text: string) => void): Promise<Fill> {
  const org = await newOrg(server, { stored_gb: STORED_GB });
  const storedGb = async () => {
    const bytes = await server.database
      .prepare("SELECT sum(octet_length(payload)) AS n FROM webhook_logs WHERE user_id = ?")
      .bind(org.user_id)
      .first<number>("n");
    return (bytes ?? 0) / 1e9;
  };
  progress(`an org that may store ${STORED_GB} GB reports calls of 1 MiB`);
  const started = now();
  const greedy = openGreedy(largeReportsOf(server, org));
  await greedy.full;
  const seconds = (now() - started) / 1_000;
  const whenRefused = await storedGb();
  progress(`refused after ${seconds.toFixed(0)} s, with ${whenRefused.toFixed(3)} GB`);
  await pause(AFTER_REFUSAL_MS);
  await greedy.stop();
  return {
    stored_gb: STORED_GB,
    ratio_when_refused: whenRefused / STORED_GB,
    ratio_most: (await storedGb()) / STORED_GB, // nothing was removed
    seconds,
    database_minutes: (DATABASE_GB / whenRefused) * (seconds / 60),
  };
}
