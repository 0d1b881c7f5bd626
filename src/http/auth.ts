/**
 * Finds out who asks: an org by its API key, which is looked up by its digest, or the operator by the admin key.
 * Unknown, expired and missing keys are answered alike.
 */
import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { isApiKeyForm } from "../core/api-key.ts";
import { databaseNumberOf } from "../core/id.ts";
import { sha256Hex } from "../core/signature.ts";
import { type FoundKey, findKey, LAST_USE_EVERY_MS, writeLastUse } from "../record/keys.ts";
import { refuse } from "./answer.ts";
import { countedAddress, LIMIT_PERIOD_SECONDS, refuseRate } from "./limits.ts";
import { memory } from "./memory.ts";
import type { Access } from "./route.ts";
import type { HttpEnv, Services } from "./services.ts";

/** A known key is looked up again after this long, so a revoked one is refused everywhere within this time. */
const KNOWN_KEY_MS = 30_000;
/** For this long a key that was valid is looked up again even if bad keys come from its address. */
const PROVEN_KEY_MS = 86_400_000;
/** An unknown key is not looked up again for this long. It can't become valid meanwhile, because keys are random. */
const UNKNOWN_KEY_MS = 10_000;

/**
 * Finds the valid key of a request, or null. `fresh`: asks the record, whatever is remembered. `fromMemory`: no key is
 * looked up that was not valid before.
 */
type FindApiKey = (
  c: Context<HttpEnv>,
  options?: { fresh?: boolean; fromMemory?: boolean },
) => Promise<FoundKey | null>;

/** Looks up keys and remembers the results for a while. */
function apiKeyFinder(): FindApiKey {
  const known = memory<FoundKey>();
  const proven = memory<true>();
  // Kept apart, so that a flood of bad keys does not push out a good one.
  const unknown = memory<true>();

  async function lookUp(key: string, { databaseOf, now }: Services): Promise<FoundKey | null> {
    const apiKey = await findKey(databaseOf(), sha256Hex(key));
    if (apiKey === null) {
      known.forget(key);
      unknown.remember(key, true, now() + UNKNOWN_KEY_MS);
    } else {
      known.remember(key, apiKey, now() + KNOWN_KEY_MS);
      proven.remember(key, true, now() + PROVEN_KEY_MS);
    }
    return apiKey;
  }

  return async (c, { fresh = false, fromMemory = false } = {}) => {
    const key = readKey(c.req.header("authorization"));
    const now = c.env.now();
    if (!isApiKeyForm(key) || databaseNumberOf(key) !== 0 || (!fresh && unknown.get(key, now))) return null;
    const remembered = fresh ? null : known.get(key, now);
    const isBarred = fromMemory && proven.get(key, now) === null;
    const apiKey = remembered ?? (isBarred ? null : await lookUp(key, c.env));
    const isExpired = apiKey !== null && apiKey.expires_at !== null && apiKey.expires_at <= c.env.now();
    if (apiKey === null || isExpired) return null;
    if (!apiKey.is_suspended) noteUse(apiKey, key, c.env);
    return apiKey;
  };
}

/** Notes at most once an hour that a key is used, after the answer. What can't be written is written after a later look-up. */
function noteUse(apiKey: FoundKey, key: string, { databaseOf, keepAlive, now: clock }: Services): void {
  const now = clock();
  if (apiKey.last_used_at !== null && apiKey.last_used_at >= now - LAST_USE_EVERY_MS) return;
  apiKey.last_used_at = now; // of the remembered key, so that this isolate writes no more
  keepAlive(writeLastUse(databaseOf(), { digest: sha256Hex(key), now }));
}

/** The keys of this isolate's requests. */
export const findApiKey = apiKeyFinder();

/** Addresses from which too many requests without a valid key came. No key of theirs is looked up; those known are valid. */
const blocked = memory<true>();

/** Lets a request with a valid key pass. Puts an org's key into `apiKey`; of the admin key it sets `isAdmin`. */
export const authenticate = (): MiddlewareHandler<HttpEnv> => async (c, next) => {
  const { adminKey } = c.env.config();
  const isAdmin = adminKey !== null && isSame(readKey(c.req.header("authorization")), adminKey);
  c.set("isAdmin", isAdmin);
  if (isAdmin) return next();
  const address = countedAddress(c);
  const isBlocked = blocked.get(address, c.env.now()) === true;
  const apiKey = await findApiKey(c, { fromMemory: isBlocked });
  if (apiKey === null) {
    if (isBlocked || !(await c.env.isWithinLimit("addresses", address))) {
      if (!isBlocked) blocked.remember(address, true, c.env.now() + LIMIT_PERIOD_SECONDS * 1_000);
      return refuseRate("addresses");
    }
    const message =
      "The authorization header holds no valid API key. Send it as `authorization: KEY` or `Bearer KEY`.";
    return refuse({ error: "AUTH_FAILURE", message }, { "www-authenticate": "Bearer" });
  }
  if (apiKey.is_suspended) return refuse({ error: "FORBIDDEN", message: SUSPENDED });
  c.set("apiKey", apiKey);
  c.set("isStillValid", async () => (await findApiKey(c, { fresh: true }))?.is_suspended === 0);
  return next();
};

const SUSPENDED =
  "This org is suspended: its keys can do nothing, and nothing is sent for it, until the operator lifts that.";

/** Compares in a time that tells nothing about the texts, not even their lengths. */
const isSame = (one: string, other: string): boolean =>
  timingSafeEqual(Buffer.from(sha256Hex(one)), Buffer.from(sha256Hex(other)));

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

/** The key in an `authorization` header: bare, or after `Bearer` in any case. */
const readKey = (header: string | undefined): string => (header ?? "").replace(/^bearer\s+/i, "").trim();
