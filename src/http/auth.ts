/** Who asks: the API key of a request, looked up by its digest. Unknown, expired and missing keys are answered alike. */
import type { Context, MiddlewareHandler } from "hono";
import { isApiKeyForm } from "../core/api-key.ts";
import { sha256Hex } from "../core/signature.ts";
import { type ApiKey, findKey, type Scope } from "../record/keys.ts";
import { refuse } from "./answer.ts";
import type { HttpEnv, Services } from "./services.ts";

/** A key is looked up again after this long: a revoked one is refused everywhere within this time. */
const KNOWN_KEY_MS = 30_000;
/** An unknown key costs one look-up in this time. It can't become known meanwhile: keys are made at random. */
const UNKNOWN_KEY_MS = 10_000;
/** Of known keys and of unknown ones; the key remembered longest goes. */
const REMEMBERED_KEYS = 1_000;

/** The valid key that a request came with, or null. `fresh`: as the record has it now, whatever is remembered. */
type FindApiKey = (c: Context<HttpEnv>, options?: { fresh?: boolean }) => Promise<ApiKey | null>;

/** Looks keys up, and remembers for a while what it found. */
export function apiKeyFinder(): FindApiKey {
  const known = memory<ApiKey>();
  // Apart from the known ones, so that a flood of bad keys pushes no good one out.
  const unknown = memory<true>();

  async function lookUp(key: string, { databaseOf, now }: Services): Promise<ApiKey | null> {
    const apiKey = await findKey(databaseOf(), await sha256Hex(key));
    if (apiKey === null) {
      known.forget(key);
      unknown.remember(key, true, now() + UNKNOWN_KEY_MS);
    } else known.remember(key, apiKey, now() + KNOWN_KEY_MS);
    return apiKey;
  }

  return async (c, { fresh = false } = {}) => {
    const key = readKey(c.req.header("authorization"));
    const now = c.env.now();
    if (!isApiKeyForm(key) || (!fresh && unknown.recall(key, now))) return null;
    const apiKey = (fresh ? null : known.recall(key, now)) ?? (await lookUp(key, c.env));
    const isExpired = apiKey !== null && apiKey.expires_at !== null && apiKey.expires_at <= c.env.now();
    return isExpired ? null : apiKey;
  };
}

/** Values by key, each until its time, the newest of them. */
function memory<T>() {
  const entries = new Map<string, { value: T; until: number }>();
  return {
    recall: (key: string, now: number): T | null => {
      const entry = entries.get(key);
      return entry !== undefined && entry.until > now ? entry.value : null;
    },
    remember: (key: string, value: T, until: number): void => {
      entries.delete(key);
      entries.set(key, { value, until });
      const [oldest] = entries.keys();
      if (entries.size > REMEMBERED_KEYS && oldest !== undefined) entries.delete(oldest);
    },
    forget: (key: string): void => void entries.delete(key),
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
    c.set("isStillValid", async () => (await findApiKey(c, { fresh: true })) !== null);
    return next();
  };

/** Lets every request pass, and leaves the key in `caller`: null where it came with none that is known. */
export const identify =
  (findApiKey: FindApiKey): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    c.set("caller", await findApiKey(c));
    return next();
  };

/** Lets a request pass whose key has all of these scopes. */
export const requireScopes =
  (scopes: readonly Scope[]): MiddlewareHandler<HttpEnv> =>
  async (c, next) => {
    const missing = scopes.find((scope) => !c.get("apiKey").scopes.includes(scope));
    if (missing === undefined) return next();
    return refuse({ error: "FORBIDDEN", message: `This API key lacks the scope "${missing}".` });
  };

/** Whether the request's key may see payloads and the queries of URLs. */
export const mayRead = (c: Context<HttpEnv>): boolean => c.get("apiKey").scopes.includes("read");

/** The key of an `authorization` header, which comes bare or after `Bearer` in any case. */
const readKey = (header: string | undefined): string => (header ?? "").replace(/^bearer\s+/i, "").trim();
