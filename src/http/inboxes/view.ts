/**
 * `/view/{token}` shows what an inbox has received to whoever has this address, without a key. It changes nothing, and
 * signatures and credentials are masked. The inbox's own address does not lead to it: see `newInbox`.
 */
import type { Context, MiddlewareHandler } from "hono";
import { notFound, okPage, refuseCursor } from "../answer.ts";
import { countedAddress, refuseRate } from "../limits.ts";
import type { Given } from "../route.ts";
import type { pageQuery } from "../schemas.ts";
import type { HttpEnv } from "../services.ts";
import { isRequestId } from "./handlers.ts";

/** Whoever gets the address can look: it must not be kept, passed on or found. */
export const unlisted: MiddlewareHandler<HttpEnv> = async (c, next) => {
  await next();
  c.res.headers.set("cache-control", "no-store");
  c.res.headers.set("referrer-policy", "no-referrer");
  c.res.headers.set("x-robots-tag", "noindex");
  c.res.headers.set("x-content-type-options", "nosniff");
};

export async function viewRequests(
  c: Context<HttpEnv>,
  { query: { limit, cursor } }: Given<typeof pageQuery>,
): Promise<Response> {
  if (!(await c.env.isWithinLimit("addresses", countedAddress(c)))) return refuseRate("addresses");
  if (cursor !== undefined && !isRequestId(cursor)) return refuseCursor(cursor);
  const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
  const page = await c.env.inboxes.viewed(c.req.param("token") ?? "")?.view({ before, limit });
  if (page == null) return notFound("There is no such page.");
  return okPage(page.requests, page.next === null ? null : String(page.next));
}
