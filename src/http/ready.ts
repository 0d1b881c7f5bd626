/** `/readyz`: whether the record can be reached, and, to a key that may read, how far behind its org is. */
import type { Context } from "hono";
import { readLateness, touch } from "../record/readiness.ts";
import { ok } from "./answer.ts";
import type { HttpEnv } from "./services.ts";

/** A prober without a key, or with a bad one, is told no figures; a record that is away rejects, and is answered 503. */
export async function getReadiness(c: Context<HttpEnv>): Promise<Response> {
  const caller = c.get("caller");
  if (caller === null || !caller.scopes.includes("read")) {
    await touch(c.env.databaseOf());
    return ok({ status: "ok" });
  }
  const { user_id } = caller;
  const { sweepGraceMs } = c.env.config();
  const lateness = await readLateness(c.env.databaseOf(user_id), { now: c.env.now(), sweepGraceMs, user_id });
  return ok({ status: "ok", ...lateness });
}
