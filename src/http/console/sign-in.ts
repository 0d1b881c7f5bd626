/** `/console/session`: signs in with a key or a link, and out again. */
import type { Context } from "hono";
import { takeToken } from "../../record/console-tokens.ts";
import { ok, refuse } from "../answer.ts";
import { admit, refuseBad } from "../auth.ts";
import { type Caller, callerOfBoundKey, callerOfKey } from "../callers.ts";
import { countBad, countRequest, isBarred } from "../limits.ts";
import type { Given, QueryShape } from "../route.ts";
import type { HttpEnv } from "../services.ts";
import { getCaller } from "../whoami.ts";
import { refuseOtherSignIn } from "./origin.ts";
import type { signInSchema } from "./schemas.ts";
import { beginSession, clearCookie, endSession, sessionToken } from "./session.ts";
import { placeOf } from "./tokens.ts";

/** Answers what `/v1/whoami` does for the key. The session of a cookie that came along goes on until it ends by itself. */
export async function signIn(
  c: Context<HttpEnv>,
  { body: { key, link } }: Given<QueryShape, typeof signInSchema>,
): Promise<Response> {
  const foreign = refuseOtherSignIn(c);
  if (foreign !== null) return foreign;
  if ((key === undefined) === (link === undefined))
    return refuse({ error: "invalid_parameter", message: "The body must have either key or link." });
  const fromMemory = isBarred(c);
  const caller =
    key === undefined
      ? await callerOfLink(c, link ?? "", { fromMemory })
      : await callerOfKey(c, key, { fromMemory });
  if (caller === null) return refuseBad(c, key === undefined ? NO_LINK : NO_KEY);
  const refusal = admit(c, caller) ?? (await countRequest(c, {}));
  if (refusal !== null) return refusal;
  const answer = await getCaller(c);
  if (answer.ok) answer.headers.set("set-cookie", await beginSession(c, caller.key));
  return answer;
}

const NO_KEY = "key is no valid API key.";
const NO_LINK =
  "This link was used, is older than a minute, or its key is not valid any more. Make a new one.";

/** Uses a link, if nobody has: of several requests at once only one gets the key that it is bound to. */
async function callerOfLink(
  c: Context<HttpEnv>,
  link: string,
  { fromMemory }: { fromMemory: boolean },
): Promise<Caller | null> {
  const place = fromMemory ? null : placeOf(c.env, "link", link); // no link is remembered
  const bound = place === null ? null : await takeToken(c.env.databaseOf(link), place);
  return bound === null ? null : callerOfBoundKey(c, bound);
}

/** Ends the session of the cookie, and takes the cookie back. Without a session there is only the cookie to take back. */
export async function signOut(c: Context<HttpEnv>): Promise<Response> {
  const foreign = refuseOtherSignIn(c);
  if (foreign !== null) return foreign;
  const token = sessionToken(c);
  if (token !== null && !(await endSession(c, token, { fromMemory: isBarred(c) }))) {
    const tooMany = await countBad(c);
    if (tooMany !== null) return tooMany;
  }
  const answer = ok({ deleted: true });
  answer.headers.set("set-cookie", clearCookie(c.env));
  return answer;
}
