/**
 * Audits acts: each success of a route that needs `configure` or is the operator's, and does not only read, gets a row.
 * It is written before the answer, but after the act and not in its transaction: if it can't be written, a log line has
 * it, and the act stands. A row never holds a secret: of a request only the path's parameter or a URL without its query.
 */
import type { Context } from "hono";
import { withoutQuery } from "../core/target.ts";
import { ACTS_A_DAY, hasActedEnough, insertAct, listActs } from "../record/audit.ts";
import { okPage, refuse, refuseCursor } from "./answer.ts";
import { readTimeCursor, writeTimeCursor } from "./cursor.ts";
import { memory } from "./memory.ts";
import type { Given, Route } from "./route.ts";
import type { pageQuery } from "./schemas.ts";
import type { HttpEnv } from "./services.ts";
import { iso } from "./time.ts";

/** Orgs that have acted enough, each for a minute. */
const enough = memory<true>();
const ENOUGH_MS = 60_000;

/** The operator among the keys. */
const OPERATOR = "admin";
/** Longer targets are cut. */
const TARGET_CHARACTERS = 200;

/** What ends or stops something is always taken: there are only so many things to end. */
const isAlwaysTaken = ({ method, path }: Route): boolean => method === "DELETE" || path.endsWith("/pause");

const isAudited = ({ access, method }: Route): boolean =>
  method !== "GET" && (access === "admin" || (Array.isArray(access) && access.includes("configure")));

/** Why a request may not act now; null if it may, or does not act. The operator always may. */
export async function refuseMoreActs(c: Context<HttpEnv>, route: Route): Promise<Response | null> {
  if (!isAudited(route) || isAlwaysTaken(route) || c.get("isAdmin")) return null;
  const { user_id } = c.get("apiKey");
  const database = c.env.databaseOf(user_id);
  const now = c.env.now();
  if (enough.get(user_id, now) === null) {
    if (!(await hasActedEnough(database, { user_id, now }))) return null;
    enough.remember(user_id, true, now + ENOUGH_MS); // counting reads ten thousand rows
  }
  const message = `This org has changed its settings ${ACTS_A_DAY} times in the last 24 hours, and no more is taken.`;
  return refuse({ error: "QUOTA_EXCEEDED", message }, { "retry-after": "3600" });
}

/** Writes what a request has done, if it is to be audited. */
export async function audit(
  c: Context<HttpEnv>,
  { route, given, answer }: { route: Route; given: Given; answer: Response },
): Promise<void> {
  if (!answer.ok || !isAudited(route)) return;
  const isAdmin = c.get("isAdmin");
  const named: Record<string, string> = c.req.param();
  const { user_id = named.user_id ?? "", target = targetOf(named, given) } = c.get("acted") ?? {};
  const act = {
    user_id: isAdmin ? user_id : c.get("apiKey").user_id,
    at: c.env.now(),
    id: crypto.randomUUID(),
    key_id: isAdmin ? OPERATOR : c.get("apiKey").id,
    action: `${route.method} ${route.path.replace(/:(\w+)/g, "{$1}")}`,
    target: target?.slice(0, TARGET_CHARACTERS) ?? null,
    request_id: c.get("requestId"),
  };
  try {
    await c.env.writeWithRetry(() => insertAct(c.env.databaseOf(act.user_id), act));
  } catch (error) {
    console.error(JSON.stringify({ event: "audit_unwritten", ...act, message: String(error) }));
  }
}

/** What the path names, else the URL that the request names. */
function targetOf(named: Record<string, string>, { body, query }: Given): string | undefined {
  const { url } = { ...query, ...(body as { url?: unknown } | undefined) };
  return Object.values(named)[0] ?? (typeof url === "string" ? withoutQuery(url) : undefined);
}

export async function getAudit(
  c: Context<HttpEnv>,
  { query: { limit, cursor } }: Given<typeof pageQuery>,
): Promise<Response> {
  const before = readTimeCursor(cursor);
  if (before === null) return refuseCursor(cursor ?? "");
  const { user_id } = c.get("apiKey");
  const acts = await listActs(c.env.databaseOf(user_id), { user_id, before, limit: limit + 1 });
  const last = acts.length > limit ? acts[limit - 1] : undefined;
  const shown = acts.slice(0, limit).map(({ at, id: _, ...act }) => JSON.stringify({ at: iso(at), ...act }));
  return okPage(shown, last === undefined ? null : writeTimeCursor(last));
}
