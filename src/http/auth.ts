/** Who asks: the API key of a request, looked up by its digest. Unknown, expired and missing keys are answered alike. */
import type { Context, MiddlewareHandler } from "hono";
import { sha256Hex } from "../core/signature.ts";
import { type ApiKey, findKey, type Scope } from "../record/keys.ts";
import { refuse } from "./answer.ts";
import type { HttpEnv, Services } from "./services.ts";

/** A key is looked up again after this long: a revoked one is refused everywhere within this time. */
const KEY_CACHE_MS = 30_000;
const KEY_CACHE_ENTRIES = 1_000;

/** The valid key that a request came with, or null. */
type FindApiKey = (c: Context<HttpEnv>) => Promise<ApiKey | null>;

/** Looks keys up, and keeps those it found for a while. */
export function apiKeyFinder(): FindApiKey {
  const cache = new Map<string, { apiKey: ApiKey; until: number }>();

  async function lookUp(key: string, { databaseOf, now }: Services): Promise<ApiKey | null> {
    const cached = cache.get(key);
    if (cached !== undefined && cached.until > now()) return cached.apiKey;
    const apiKey = await findKey(databaseOf(), await sha256Hex(key));
    if (cache.size >= KEY_CACHE_ENTRIES) cache.clear();
    if (apiKey === null) cache.delete(key);
    else cache.set(key, { apiKey, until: now() + KEY_CACHE_MS });
    return apiKey;
  }

  return async (c) => {
    const key = readKey(c.req.header("authorization"));
    const apiKey = key === "" ? null : await lookUp(key, c.env);
    const expired = apiKey?.expires_at != null && apiKey.expires_at <= c.env.now();
    return expired ? null : apiKey;
  };
}

/** Lets a request pass whose key is known, and leaves the key in `apiKey`. */
export const authenticate =
  (findApiKey: FindApiKey): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    const apiKey = await findApiKey(c);
    if (apiKey === null) {
      const message =
        "The authorization header holds no valid API key. Send it as `authorization: KEY` or `Bearer KEY`.";
      return refuse({ error: "AUTH_FAILURE", message }, { "www-authenticate": "Bearer" });
    }
    c.set("apiKey", apiKey);
    return next();
  };

/** Lets every request pass, and leaves the key in `caller`: null where it came with none that is known. */
export const identify =
  (findApiKey: FindApiKey): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    c.set("caller", await findApiKey(c));
    return next();
  };

/** Lets a request pass whose key has the scope. */
export const requireScope =
  (scope: Scope): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    if (c.get("apiKey").scopes.includes(scope)) return next();
    return refuse({ error: "FORBIDDEN", message: `This API key lacks the scope "${scope}".` });
  };

/** The key of an `authorization` header, which comes bare or after `Bearer` in any case. */
const readKey = (header: string | undefined): string => (header ?? "").replace(/^bearer\s+/i, "").trim();
