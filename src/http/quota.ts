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

/** What was read of an org, and what this isolate has let in that the record does not count yet. */
interface Known {
  quota: Quota;
  readAt: number;
  reports: number;
  bytes: number;
}

const READ_EVERY_MS = 10_000;
const MINUTE_MS = 60_000;
/** Below this share of what it may store, an org does not fill up while its key is remembered. */
const ROOMY = 0.9;
/** Over this share not even a send by hand goes through: each attempt adds to what is stored. */
const OVERFULL = 1.1;

/** Longer than the record takes to count what an isolate has let in: until then it is remembered here. */
const REMEMBERED_MS = 600_000;
const known = memory<Known>();

const limitOf = ({ stored_gb }: Quota): number => (stored_gb ?? DEFAULT_STORED_GB) * GB;

/** What is known of the caller's org. Most are far from their limits: what came with their key is enough. */
async function knownOf(c: Context<HttpEnv>): Promise<Known> {
  const key = c.get("apiKey");
  const now = c.env.now();
  const { user_id } = key;
  const before = known.get(user_id, now);
  if (before !== null && now - before.readAt < READ_EVERY_MS) return before;
  const isFar = key.reports_per_minute === null && key.stored_bytes < ROOMY * limitOf(key);
  const read = isFar ? { quota: key, reports: 0 } : await readUse(c, user_id);
  // What was let in is counted by the record once its figure has changed.
  const isCounted = before === null || before.quota.stored_bytes !== read.quota.stored_bytes;
  const bytes = isCounted ? 0 : before.bytes;
  const org = { ...read, readAt: now, bytes };
  known.remember(user_id, org, now + REMEMBERED_MS);
  return org;
}

async function readUse(c: Context<HttpEnv>, user_id: string): Promise<Pick<Known, "quota" | "reports">> {
  const database = c.env.databaseOf(user_id);
  const quota = (await readQuota(database, user_id)) ?? c.get("apiKey");
  const limit = quota.reports_per_minute;
  const since = c.env.now() - MINUTE_MS;
  const reports = limit === null ? 0 : await countReports(database, { user_id, since, limit });
  return { quota, reports };
}

/** Why a new call of this size can't be reported now; null if it can: then it counts from now on. */
export async function refuseReport(c: Context<HttpEnv>, bytes: number): Promise<Response | null> {
  const org = await knownOf(c);
  const perMinute = org.quota.reports_per_minute;
  if (perMinute !== null && org.reports >= perMinute) {
    const message = `This org may report ${perMinute} calls a minute, and has. Repeat it in a minute.`;
    return refuse({ error: "RATE_LIMITED", message }, { "retry-after": String(MINUTE_MS / 1_000) });
  }
  const full = await refuseContent(c);
  if (full !== null) return full;
  org.reports++;
  org.bytes += bytes;
  return null;
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
