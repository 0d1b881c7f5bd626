/** Lets a request pass that has a valid key, and that may use its route. */
import type { Context, MiddlewareHandler } from "hono";
import { refuse } from "./answer.ts";
import { callerOfKey, keyInHeader } from "./callers.ts";
import { countBad, isBarred } from "./limits.ts";
import type { FindOptions } from "./remembered.ts";
import type { Access } from "./route.ts";
import type { HttpEnv } from "./services.ts";

/** Lets a request with a valid key pass. Puts an org's key into `apiKey`; of the admin key it sets `isAdmin`. */
export const authenticate = (): MiddlewareHandler<HttpEnv> => async (c, next) => {
  const key = keyInHeader(c.req.header("authorization"));
  const find = (options: FindOptions) => callerOfKey(c, key, options);
  const caller = await find({ fromMemory: isBarred(c) });
  if (caller === null)
    return (
      (await countBad(c)) ??
      refuse({ error: "AUTH_FAILURE", message: NO_KEY }, { "www-authenticate": "Bearer" })
    );
  const { apiKey } = caller;
  c.set("isAdmin", apiKey === null);
  if (apiKey === null) return next();
  if (apiKey.is_suspended) return refuse({ error: "FORBIDDEN", message: SUSPENDED });
  c.set("apiKey", apiKey);
  c.set("isStillValid", async () => (await find({ fresh: true }))?.apiKey?.is_suspended === 0);
  return next();
};

const NO_KEY =
  "The authorization header holds no valid API key. Send it as `authorization: KEY` or `Bearer KEY`.";

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
