/**
 * `/view/{token}` shows what an inbox has received to whoever has this address, without a key: as JSON, and to a browser
 * as a page that asks for the JSON. It changes nothing, and signatures and credentials are masked. The inbox's own
 * address does not lead to it: see `newInbox`.
 */
import type { Context, MiddlewareHandler } from "hono";
import { notFound, okPage, refuseCursor } from "../answer.ts";
import { countedAddress, refuseRate } from "../limits.ts";
import type { Given } from "../route.ts";
import type { pageQuery } from "../schemas.ts";
import type { HttpEnv } from "../services.ts";
import { isRequestId } from "./handlers.ts";
import { page, wantsPage } from "./page.ts";

/** Whoever gets the address can look: it must not be kept, passed on or found. */
export const unlisted: MiddlewareHandler<HttpEnv> = async (c, next) => {
  await next();
  c.res.headers.set("cache-control", "no-store");
  c.res.headers.set("referrer-policy", "no-referrer");
  c.res.headers.set("x-robots-tag", "noindex");
  c.res.headers.set("x-content-type-options", "nosniff");
  c.res.headers.set("vary", "accept");
};

/** The page has the status that the requests would be answered with, and reads as little as that takes. */
export async function viewInbox(c: Context<HttpEnv>, given: Given<typeof pageQuery>): Promise<Response> {
  if (!wantsPage(c.req.header("accept"))) return viewRequests(c, given);
  return page(await viewRequests(c, { ...given, query: { ...given.query, limit: 1 } }));
}

/**
 * Viewers are counted by their address. The page asks every two seconds: with five of them open an address stays well
 * below the limit.
 */
async function viewRequests(
  c: Context<HttpEnv>,
  { query: { limit, cursor } }: Given<typeof pageQuery>,
): Promise<Response> {
  if (!(await c.env.isWithinLimit("addresses", countedAddress(c)))) return refuseRate("addresses");
  if (cursor !== undefined && !isRequestId(cursor)) return refuseCursor(cursor);
  const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
  const found = await c.env.inboxes.viewed(c.req.param("token") ?? "")?.view({ before, limit });
  if (found == null) return notFound("There is no such page.");
  return okPage(found.requests, found.next === null ? null : String(found.next));
}
