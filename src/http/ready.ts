/**
 * `/readyz` tells whether the record can be reached and has every migration. A key with `read` also learns how far
 * behind its org is.
 */
import type { Context } from "hono";
import { missingMigrations } from "../record/migrations.ts";
import { type Lateness, latenessOf, readLateness } from "../record/readiness.ts";
import { ok, unavailable } from "./answer.ts";
import type { FindApiKey } from "./auth.ts";
import type { HttpEnv } from "./services.ts";

/** Lateness is counted at most this often, whoever asks: counting reads up to 10,000 logs. */
const COUNT_EVERY_MS = 10_000;

const HOW_TO_MIGRATE = "Apply it with `wrangler d1 migrations apply DB --remote`.";

/** Without a valid key no figures are told. If the record is away this rejects, and the answer is 503. */
export function readinessHandler(findApiKey: FindApiKey): (c: Context<HttpEnv>) => Promise<Response> {
  const counts = new WeakMap<D1Database, { at: number; lateness: Promise<Lateness> }>();

  function countedLateness(c: Context<HttpEnv>, database: D1Database): Promise<Lateness> {
    const now = c.env.now();
    const last = counts.get(database);
    if (last !== undefined && now - last.at < COUNT_EVERY_MS) return last.lateness;
    const { sweepGraceMs } = c.env.config();
    const lateness = readLateness(database, { now, sweepGraceMs });
    counts.set(database, { at: now, lateness });
    lateness.catch(() => counts.delete(database));
    return lateness;
  }

  return async (c) => {
    const missing = await missingMigrations(c.env.databaseOf());
    if (missing.length > 0) return unavailable(`The database lacks ${missing.join(", ")}. ${HOW_TO_MIGRATE}`);
    // Only now: without its migrations the record can't even look up a key.
    const caller = await findApiKey(c);
    if (caller === null || !caller.scopes.includes("read")) return ok({ status: "ok" });
    const lateness = await countedLateness(c, c.env.databaseOf(caller.user_id));
    return ok({ status: "ok", ...latenessOf(lateness, caller.user_id) });
  };
}
