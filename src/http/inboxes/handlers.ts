/**
 * `/v1/inboxes` makes inboxes (receivers of our own), configures their responses and lists what they received.
 * Another org's inbox is answered as if it did not exist.
 */
import type { Context } from "hono";
import { inboxUrl } from "../../core/inbox.ts";
import type { InboxState } from "../../inbox/store.ts";
import { notFound, ok, okPage, refuse } from "../answer.ts";
import { readBody } from "../body.ts";
import type { HttpEnv } from "../services.ts";
import { whileKeyIsValid } from "./key-bound-stream.ts";
import { configureInboxSchema, newInboxSchema } from "./schemas.ts";

/** Enough for a configured body with every character escaped, and its headers. */
const BODY_LIMIT_BYTES = 524_288;

const DEFAULT_PAGE = 50;
const LONGEST_PAGE = 200;

export async function makeInbox(c: Context<HttpEnv>): Promise<Response> {
  const body = await readBody(c, { schema: newInboxSchema, limitBytes: BODY_LIMIT_BYTES, optional: true });
  if (!body.ok) return body.refusal;
  const id = c.env.inboxes.newId();
  const state = await c.env.inboxes.find(id)?.create(c.get("apiKey").user_id);
  if (state === undefined) throw new Error(`the platform does not know the id it has just made: ${id}`);
  return ok(renderInbox(c, id, state));
}

export async function configureInbox(c: Context<HttpEnv>): Promise<Response> {
  const body = await readBody(c, {
    schema: configureInboxSchema,
    limitBytes: BODY_LIMIT_BYTES,
    limitParts: BODY_LIMIT_BYTES,
  });
  if (!body.ok) return body.refusal;
  const id = c.req.param("id") ?? "";
  const state = await c.env.inboxes.find(id)?.configure(c.get("apiKey").user_id, body.value.respond);
  return state == null ? noInbox(id) : ok(renderInbox(c, id, state));
}

export async function listRequests(c: Context<HttpEnv>): Promise<Response> {
  const { limit = String(DEFAULT_PAGE), cursor } = c.req.query();
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > LONGEST_PAGE)
    return invalid("limit", `must be a whole number from 1 to ${LONGEST_PAGE}`, limit);
  if (cursor !== undefined && !isRequestId(cursor))
    return invalid("cursor", "must be a next_cursor of this inbox", cursor);
  const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(cursor);
  const id = c.req.param("id") ?? "";
  const { user_id } = c.get("apiKey");
  const page = await c.env.inboxes.find(id)?.list(user_id, { before, limit: Number(limit) });
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

const isRequestId = (text: string): boolean => /^\d{1,15}$/.test(text);

const invalid = (field: string, rule: string, value: string): Response =>
  refuse({
    error: "invalid_parameter",
    message: `${field} ${rule}, and is ${JSON.stringify(value.slice(0, 80))}.`,
    field,
  });

const noInbox = (id: string): Response => notFound(`There is no inbox ${JSON.stringify(id)}.`);

const renderInbox = (c: Context<HttpEnv>, id: string, { expires_at, respond }: InboxState) => ({
  id,
  url: inboxUrl(c.env.config().publicUrl, id),
  expires_at: new Date(expires_at).toISOString(),
  respond,
});
