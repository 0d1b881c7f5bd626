/**
 * `/readyz` tells whether the record can be reached, has every migration and takes writes. A key with `read` also learns how far
 * behind its org is.
 */
import type { Context } from "hono";
import { missingMigrations } from "../record/migrations.ts";
import { type Lateness, latenessOf, readLateness } from "../record/readiness.ts";
import { readSize, tryWrite } from "../record/trial-write.ts";
import { ok, unavailable } from "./answer.ts";
import { callerOfKey, keyInHeader } from "./callers.ts";
import { countedAddress, refuseRate } from "./limits.ts";
import type { HttpEnv } from "./services.ts";

/** Lateness is counted, and a write tried, at most this often, whoever asks: counting reads up to 10,000 logs. */
const FIND_OUT_EVERY_MS = 10_000;

const HOW_TO_MIGRATE = "Apply it with `wrangler d1 migrations apply DB --remote`.";

/** Without a valid key no figures are told. If the record is away this rejects, and the answer is 503. */
export const getReadiness = readinessHandler();

function readinessHandler(): (c: Context<HttpEnv>) => Promise<Response> {
  const trials = new WeakMap<D1Database, { at: number; refusal: Promise<string | null> }>();
  const counts = new WeakMap<D1Database, { at: number; lateness: Promise<Lateness> }>();

  function countedLateness(c: Context<HttpEnv>, database: D1Database): Promise<Lateness> {
    const now = c.env.now();
    const last = counts.get(database);
    if (last !== undefined && now - last.at < FIND_OUT_EVERY_MS) return last.lateness;
    const { sweepGraceMs } = c.env.config();
    const lateness = c.env.keepAlive(readLateness(database, { now, sweepGraceMs }));
    counts.set(database, { at: now, lateness });
    lateness.catch(() => counts.delete(database));
    return lateness;
  }

  /** Null if the database takes writes, else a sentence. It is tried at most once in ten seconds. */
  function refusalToWrite(c: Context<HttpEnv>): Promise<string | null> {
    const database = c.env.databaseOf();
    const now = c.env.now();
    const last = trials.get(database);
    if (last !== undefined && now - last.at < FIND_OUT_EVERY_MS) return last.refusal;
    const refusal = c.env.keepAlive(
      tryWrite(database).then(
        () => null,
        async (error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          return `The database takes no writes: ${reason}. It holds ${await readSize(database)} bytes.`;
        },
      ),
    );
    trials.set(database, { at: now, refusal });
    refusal.catch(() => trials.delete(database));
    return refusal;
  }

  return async (c) => {
    if (!(await c.env.isWithinLimit("addresses", countedAddress(c)))) return refuseRate("addresses");
    const missing = await missingMigrations(c.env.databaseOf());
    if (missing.length > 0) return unavailable(`The database lacks ${missing.join(", ")}. ${HOW_TO_MIGRATE}`);
    const refusal = await refusalToWrite(c);
    if (refusal !== null) return unavailable(refusal);
    // Only now: without its migrations the record can't even look up a key.
    const apiKey = (await callerOfKey(c, keyInHeader(c.req.header("authorization"))))?.apiKey ?? null;
    if (apiKey === null || apiKey.is_suspended || !apiKey.scopes.includes("read"))
      return ok({ status: "ok" });
    const lateness = await countedLateness(c, c.env.databaseOf(apiKey.user_id));
    return ok({ status: "ok", ...latenessOf(lateness, apiKey.user_id) });
  };
}
