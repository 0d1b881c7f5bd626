/**
 * `POST /console/links` makes a link that signs in to the console with the caller's key: once, within a minute. Its token
 * is in the fragment, which browsers keep to themselves: so it is in no log and no `Referer`.
 */
import type { Context } from "hono";
import { ok } from "../answer.ts";
import type { HttpEnv } from "../services.ts";
import { iso } from "../time.ts";
import { makeToken } from "./tokens.ts";

const LIFE_SECONDS = 60;

export async function makeLink(c: Context<HttpEnv>): Promise<Response> {
  const key = c.get("boundKey");
  const { token, expires_at } = await makeToken(c.env, { kind: "link", lifeSeconds: LIFE_SECONDS, key });
  const { origin } = c.env.config().publicUrl;
  return ok({ url: `${origin}/console#link=${token}`, expires_at: iso(expires_at) });
}
