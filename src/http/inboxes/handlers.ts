/**
 * `/v1/inboxes` makes inboxes (receivers of our own), lists and ends them, configures their responses and lists what
 * they received. Another org's inbox is answered as if it did not exist.
 */
import type { Context } from "hono";
import { inboxUrl, viewUrl } from "../../core/inbox.ts";
import type { InboxState } from "../../inbox/store.ts";
import { addInbox, INBOXES_LIMIT, listInboxes, removeInbox } from "../../record/inboxes.ts";
import { notFound, ok, okPage, refuse, refuseCursor } from "../answer.ts";
import { mayRead } from "../auth.ts";
import { readTimeCursor, writeTimeCursor } from "../cursor.ts";
import type { Given, QueryShape } from "../route.ts";
import type { pageQuery } from "../schemas.ts";
import type { HttpEnv } from "../services.ts";
import { whileKeyIsValid } from "./key-bound-stream.ts";
import type { configureInboxSchema } from "./schemas.ts";

export async function makeInbox(c: Context<HttpEnv>): Promise<Response> {
  const { user_id } = c.get("apiKey");
  const { id, token } = c.env.inboxes.make();
  const inbox = c.env.inboxes.find(id);
  if (inbox === null) throw new Error(`the platform does not know the id it has just made: ${id}`);
  const state = await inbox.create(user_id, token);
  const { expires_at } = state;
  // Only now: every inbox in the list exists.
  c.set("acted", { target: id });
  if (await addInbox(c.env.databaseOf(user_id), { user_id, id, now: c.env.now(), expires_at }))
    return ok(renderInbox(c, id, state));
  await inbox.end(user_id);
  return refuse({ error: "CONFLICT", message: TOO_MANY });
}

const TOO_MANY = `${INBOXES_LIMIT} inboxes are there, and no more can be. DELETE /v1/inboxes/{id} ends one.`;

/** Each inbox says itself what it is: the record has no addresses of pages. */
export async function getInboxes(
  c: Context<HttpEnv>,
  { query: { limit, cursor } }: Given<typeof pageQuery>,
): Promise<Response> {
  const before = readTimeCursor(cursor);
  if (before === null) return refuseCursor(cursor ?? "");
  const { user_id } = c.get("apiKey");
  const wanted = { user_id, now: c.env.now(), before, limit: limit + 1 };
  const listed = await listInboxes(c.env.databaseOf(user_id), wanted);
  const shown = listed.slice(0, limit);
  const inboxes = await Promise.all(
    shown.map(async ({ id }) => {
      const state = await c.env.inboxes.find(id)?.read(user_id);
      return state == null ? [] : [JSON.stringify(renderInbox(c, id, state))];
    }),
  );
  const last = listed.length > limit ? shown.at(-1) : undefined;
  return okPage(
    inboxes.flat(),
    last === undefined ? null : writeTimeCursor({ ...last, at: last.created_at }),
  );
}

export async function deleteInbox(c: Context<HttpEnv>): Promise<Response> {
  const id = c.req.param("id") ?? "";
  const { user_id } = c.get("apiKey");
  const hasEnded = await c.env.inboxes.find(id)?.end(user_id);
  const wasListed = await removeInbox(c.env.databaseOf(user_id), { user_id, id });
  return hasEnded || wasListed ? ok({ id, deleted: true }) : noInbox(id);
}

export async function configureInbox(
  c: Context<HttpEnv>,
  { body }: Given<QueryShape, typeof configureInboxSchema>,
): Promise<Response> {
  const id = c.req.param("id") ?? "";
  const state = await c.env.inboxes.find(id)?.configure(c.get("apiKey").user_id, body.respond);
  if (state == null) return noInbox(id);
  // Whoever has the address of the page reads what arrives.
  const inbox = renderInbox(c, id, state);
  const { view_url: _, ...withoutPage } = inbox;
  return ok(mayRead(c) ? inbox : withoutPage);
}

export async function listRequests(
  c: Context<HttpEnv>,
  { query: { limit, cursor } }: Given<typeof pageQuery>,
): Promise<Response> {
  if (cursor !== undefined && !isRequestId(cursor)) return refuseCursor(cursor);
  const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
  const id = c.req.param("id") ?? "";
  const { user_id } = c.get("apiKey");
  const page = await c.env.inboxes.find(id)?.list(user_id, { before, limit });
  if (page == null) return noInbox(id);
  return okPage(page.requests, page.next === null ? null : String(page.next));
}

/** A stream's key is looked up again this often. The stream of a revoked key ends then. */
const KEY_CHECK_MS = 20_000;

/**
 * Resumes after the request that `Last-Event-ID` names. Without it, or with an id of another inbox, the stream starts
 * with the next request.
 */
export async function streamRequests(c: Context<HttpEnv>): Promise<Response> {
  const resumed = c.req.header("last-event-id");
  const last = resumed !== undefined && isRequestId(resumed) ? Number(resumed) : null;
  const id = c.req.param("id") ?? "";
  const stream = await c.env.inboxes.find(id)?.stream(c.get("apiKey").user_id, last);
  if (stream == null) return noInbox(id);
  const headers = { "content-type": "text/event-stream", "cache-control": "no-store" };
  const { expires_at } = c.get("apiKey");
  const wait = (signal: AbortSignal) => {
    const leftMs = expires_at === null ? 0 : expires_at - c.env.now();
    return scheduler.wait(leftMs > 0 ? Math.min(leftMs, KEY_CHECK_MS) : KEY_CHECK_MS, { signal });
  };
  return new Response(whileKeyIsValid(stream, { isStillValid: c.get("isStillValid"), wait }), { headers });
}

export const isRequestId = (text: string): boolean => /^\d{1,15}$/.test(text);

const noInbox = (id: string): Response => notFound(`There is no inbox ${JSON.stringify(id)}.`);

const renderInbox = (c: Context<HttpEnv>, id: string, { view_token, expires_at, respond }: InboxState) => ({
  id,
  url: inboxUrl(c.env.config().publicUrl, id),
  view_url: viewUrl(c.env.config().publicUrl, view_token),
  expires_at: new Date(expires_at).toISOString(),
  respond,
});
