/**
 * Holds an org to its own limits: how many calls it reports a minute, and how much it stores. What the record says is
 * some ten seconds old at most, and an isolate adds what it has let in itself since.
 */
import type { Context } from "hono";
import { countReports, DEFAULT_STORED_GB, type Quota, readQuota } from "../record/quota.ts";
import { refuse } from "./answer.ts";
import { memory } from "./memory.ts";
import type { HttpEnv } from "./services.ts";

const GB = 1e9;

/** What was read of an org, and what this isolate has let in since. */
interface Known {
  quota: Quota;
  reports: number;
  bytes: number;
}

const READ_EVERY_MS = 10_000;
const MINUTE_MS = 60_000;
/** Below this share of what it may store, an org does not fill up while its key is remembered. */
const ROOMY = 0.9;
/** Over this share not even a send by hand goes through: each attempt adds to what is stored. */
const OVERFULL = 1.1;

const known = memory<Promise<Known>>();

const limitOf = ({ stored_gb }: Quota): number => (stored_gb ?? DEFAULT_STORED_GB) * GB;

/** What is known of the caller's org. Most are far from their limits: what came with their key is enough. */
async function knownOf(c: Context<HttpEnv>): Promise<Known> {
  const key = c.get("apiKey");
  const now = c.env.now();
  const { user_id } = key;
  const remembered = known.get(user_id, now);
  if (remembered !== null) return remembered;
  const isFar = key.reports_per_minute === null && key.stored_bytes < ROOMY * limitOf(key);
  const reading = isFar ? Promise.resolve({ quota: key, reports: 0, bytes: 0 }) : read(c, user_id);
  known.remember(user_id, reading, now + READ_EVERY_MS);
  return reading.catch((error: unknown) => {
    known.forget(user_id);
    throw error;
  });
}

async function read(c: Context<HttpEnv>, user_id: string): Promise<Known> {
  const database = c.env.databaseOf(user_id);
  const quota = (await readQuota(database, user_id)) ?? c.get("apiKey");
  const limit = quota.reports_per_minute;
  const since = c.env.now() - MINUTE_MS;
  const reports = limit === null ? 0 : await countReports(database, { user_id, since, limit });
  return { quota, reports, bytes: 0 };
}

/** Why a new call can't be reported now; null if it can. */
export async function refuseReport(c: Context<HttpEnv>): Promise<Response | null> {
  const { quota, reports } = await knownOf(c);
  const perMinute = quota.reports_per_minute;
  if (perMinute !== null && reports >= perMinute) {
    const message = `This org may report ${perMinute} calls a minute, and has. Repeat it in a minute.`;
    return refuse({ error: "RATE_LIMITED", message }, { "retry-after": String(MINUTE_MS / 1_000) });
  }
  return refuseContent(c);
}

/** A call was reported: it counts from now on. */
export async function noteReport(c: Context<HttpEnv>, bytes: number): Promise<void> {
  const org = await knownOf(c);
  org.reports++;
  org.bytes += bytes;
}

/** Why nothing more can be stored for the org; null if it can. */
export const refuseContent = (c: Context<HttpEnv>): Promise<Response | null> => refuseOver(c, 1);

/** Why nothing can be sent by hand; null if it can. */
export const refuseSends = (c: Context<HttpEnv>): Promise<Response | null> => refuseOver(c, OVERFULL);

async function refuseOver(c: Context<HttpEnv>, share: number): Promise<Response | null> {
  const { quota, bytes } = await knownOf(c);
  if (quota.stored_bytes + bytes < share * limitOf(quota)) return null;
  const gb = ((quota.stored_bytes + bytes) / GB).toFixed(3);
  const message = `This org stores ${gb} GB, and may store ${limitOf(quota) / GB}. Old calls make room when they are removed: see retention_days.`;
  return refuse({ error: "QUOTA_EXCEEDED", message }, { "retry-after": "3600" });
}
