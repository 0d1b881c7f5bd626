/** Lets a request pass that has a valid key, or in place of it a session of the console, and that may use its route. */
import type { Context, MiddlewareHandler } from "hono";
import { refuse } from "./answer.ts";
import { type Caller, callerOfKey, keyInHeader } from "./callers.ts";
import { isMarked, refuseOtherOrigin } from "./console/origin.ts";
import { callerOfSession, sessionToken } from "./console/session.ts";
import { countBad, isBarred } from "./limits.ts";
import type { FindOptions } from "./remembered.ts";
import type { Access } from "./route.ts";
import type { HttpEnv } from "./services.ts";

/**
 * Lets a request with a valid key pass, and tells the handlers whose it is. Where there is no `authorization` header,
 * `sessions` lets a session pass in its place.
 */
export const authenticate =
  ({ sessions }: { sessions: boolean }): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    const header = c.req.header("authorization");
    const token = sessions && header === undefined ? sessionToken(c) : null;
    const isSession = token !== null;
    const find = (options: FindOptions) =>
      isSession ? callerOfSession(c, token, options) : callerOfKey(c, keyInHeader(header), options);
    const caller = await find({ fromMemory: isBarred(c) });
    if (caller === null) {
      // A browser drops the cookie of a session that has ended.
      const isOfConsole = isSession || (sessions && header === undefined && isMarked(c));
      return refuseBad(c, isOfConsole ? SESSION_ENDED : NO_KEY);
    }
    if (isSession && isOfAnother(c, caller))
      return refuse({ error: "AUTH_FAILURE", message: SESSION_OF_ANOTHER });
    const refusal = (isSession ? refuseOtherOrigin(c) : null) ?? admit(c, caller);
    if (refusal !== null) return refusal;
    c.set("isStillValid", async () => (await find({ fresh: true }))?.apiKey?.is_suspended === 0);
    return next();
  };

const NO_KEY =
  "The authorization header holds no valid API key. Send it as `authorization: KEY` or `Bearer KEY`.";
const SESSION_ENDED = "This session of the console has ended. Sign in again.";
const SESSION_OF_ANOTHER =
  "This browser has signed in to another org meanwhile. Sign in again to go on with the one that this page is of.";

/** Whether a page of one org is about to act in another: somebody has signed in to that one in another tab. */
function isOfAnother(c: Context<HttpEnv>, { key }: Caller): boolean {
  const pageOf = c.req.header("x-postcall-org");
  return pageOf !== undefined && pageOf !== (key.user_id ?? "admin");
}

/** Refuses a request whose key, session or link is not valid, and counts it. */
export const refuseBad = async (c: Context<HttpEnv>, message: string): Promise<Response> =>
  (await countBad(c)) ?? refuse({ error: "AUTH_FAILURE", message }, { "www-authenticate": "Bearer" });

/** Tells the handlers who asks. Returns the refusal if their org is suspended. */
export function admit(c: Context<HttpEnv>, { key, apiKey }: Caller): Response | null {
  c.set("isAdmin", apiKey === null);
  c.set("boundKey", key);
  if (apiKey === null) return null;
  if (apiKey.is_suspended) return refuse({ error: "FORBIDDEN", message: SUSPENDED });
  c.set("apiKey", apiKey);
  return null;
}

const SUSPENDED =
  "This org is suspended: its keys can do nothing, and nothing is sent for it, until the operator lifts that.";

/** Lets a request pass if whoever asks may use the route. */
export const requireAccess =
  (access: Exclude<Access, "public">): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    const message = refusalOf(access, c);
    return message === null ? next() : refuse({ error: "FORBIDDEN", message });
  };

/** Why the caller may not use a route; null if it may. */
function refusalOf(access: Exclude<Access, "public">, c: Context<HttpEnv>): string | null {
  if (access === "any_key") return null;
  const isAdmin = c.get("isAdmin");
  if (access === "admin") return isAdmin ? null : "This is for the admin key; an org's key can't do it.";
  if (isAdmin) return "This is for an org's API key; the admin key can't do it.";
  const missing = access.find((scope) => !c.get("apiKey").scopes.includes(scope));
  return missing === undefined ? null : `This API key lacks the scope "${missing}".`;
}

/** Whether the request's key may see payloads and the queries of URLs. */
export const mayRead = (c: Context<HttpEnv>): boolean => c.get("apiKey").scopes.includes("read");
