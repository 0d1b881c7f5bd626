/**
 * Tells requests that our own pages make from those that other pages have a browser make. A browser sends the cookie of
 * a session along with both; `SameSite=Strict` holds it back for other sites only, and the other hosts of a domain are
 * the same site.
 */
import type { Context } from "hono";
import { refuse } from "../answer.ts";
import type { HttpEnv } from "../services.ts";

/** A page of another origin may not send this header unless we allow it, and we never do. */
const OWN_HEADER = "x-postcall-console";

export const isMarked = (c: Context<HttpEnv>): boolean => c.req.header(OWN_HEADER) === "1";

const originOf = (c: Context<HttpEnv>): string => c.env.config().publicUrl.origin;

/** Refuses a request with a session that changes something, unless a page of ours made it; else null. */
export function refuseOtherOrigin(c: Context<HttpEnv>): Response | null {
  if (["GET", "HEAD"].includes(c.req.method)) return null;
  if (isMarked(c) && c.req.header("origin") === originOf(c)) return null;
  return forbidden(
    `With a session of the console, ${c.req.method} needs the headers \`origin: ${originOf(c)}\` and \`${OWN_HEADER}: 1\`.`,
  );
}

/**
 * Refuses to sign in or out for a page of another origin. No cookie has to come along for that, so `SameSite` is no
 * help: such a page could sign its visitor in to an org of its own, and read what the visitor then does there. The own
 * header keeps these out alone, because a browser asks us before it sends one for them. An `Origin` is needed only if
 * there is one, so that programs that are no browser can sign in too.
 */
export function refuseOtherSignIn(c: Context<HttpEnv>): Response | null {
  const origin = c.req.header("origin") ?? originOf(c);
  if (isMarked(c) && origin === originOf(c)) return null;
  return forbidden(
    `This needs the header \`${OWN_HEADER}: 1\`, and from a browser a page of ${originOf(c)}: open ${originOf(c)}/console.`,
  );
}

const forbidden = (message: string): Response => refuse({ error: "FORBIDDEN", message });
