/**
 * A session of the console: a cookie that stands for the key it was made with. It can do what the key can, as long as
 * the key can, for twelve hours at most.
 */
import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { isLoopback } from "../../config.ts";
import { type BoundKey, findToken, takeToken } from "../../record/console-tokens.ts";
import { type Caller, callerOfBoundKey } from "../callers.ts";
import { type FindOptions, rememberedLookUp } from "../remembered.ts";
import type { HttpEnv, Services } from "../services.ts";
import { makeToken, placeOf } from "./tokens.ts";

const LIFE_SECONDS = 12 * 3_600;

const sessions = rememberedLookUp<BoundKey>(async (services, token) => {
  const place = placeOf(services, "session", token);
  return place === null ? null : findToken(services.databaseOf(token), place);
});

/** Who has this session; null if there is no such session any more, or its key is not valid any more. */
export async function callerOfSession(
  c: Context<HttpEnv>,
  token: string,
  options?: FindOptions,
): Promise<Caller | null> {
  // Before anything is looked up or remembered: a cookie that somebody made up costs next to nothing.
  if (placeOf(c.env, "session", token) === null) return null;
  const bound = await sessions.find(c.env, token, options);
  return bound === null ? null : callerOfBoundKey(c, bound, options);
}

/** Begins a session that is bound to this key. Returns the `set-cookie` header that hands it to the browser. */
export async function beginSession(c: Context<HttpEnv>, key: BoundKey): Promise<string> {
  const { token } = await makeToken(c.env, { kind: "session", lifeSeconds: LIFE_SECONDS, key });
  return setCookie(c.env, token, LIFE_SECONDS);
}

/** Ends a session. False if there was none: it had ended, or nobody made it. */
export async function endSession(
  { env }: Context<HttpEnv>,
  token: string,
  options: FindOptions,
): Promise<boolean> {
  const place = placeOf(env, "session", token);
  if (place === null || (await sessions.find(env, token, options)) === null) return false;
  const { value, repeated } = await env.writeWithRetry(() => takeToken(env.databaseOf(token), place));
  sessions.forget(env, token);
  return value !== null || repeated;
}

/**
 * The prefix has browsers take the cookie only from this very host, over HTTPS, and for all of its paths. On the own
 * machine there is no HTTPS.
 */
const cookieName = (services: Services): string =>
  isLoopback(services.config().publicUrl) ? "postcall" : "__Host-postcall";

/** What the cookie of the request holds, valid or not; null if there is none. */
export const sessionToken = (c: Context<HttpEnv>): string | null => getCookie(c, cookieName(c.env)) ?? null;

/** The header that takes the cookie back. */
export const clearCookie = (services: Services): string => setCookie(services, "", 0);

function setCookie(services: Services, value: string, maxAgeSeconds: number): string {
  const name = cookieName(services);
  const isSecure = name.startsWith("__Host-");
  const attributes = `Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
  return `${name}=${value}; ${attributes}`;
}
