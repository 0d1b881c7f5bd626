/**
 * `/inbox/{id}`, and whatever lies below it: any method, no key. What comes is kept by its inbox, and answered as that
 * was response. Never reads more of a body than is used, and never keeps cookies: those a browser brings are for other paths
 * here.
 */
import type { Context, MiddlewareHandler } from "hono";
import type { ConfiguredResponse } from "../../core/inbox.ts";
import { areWellFormed, isSigned } from "../../core/verify.ts";
import { KEPT_BODY_BYTES } from "../../inbox/object.ts";
import { notFound, refuse } from "../answer.ts";
import { CUT_OFF } from "../body.ts";
import { readFirst } from "../first-bytes.ts";
import type { HttpEnv } from "../services.ts";

/** A signature can be checked over a whole body only: no payload of ours is longer than this, in bytes. */
const SIGNED_BODY_BYTES = 1_048_576;

/** What is kept of the path, of the query, and of all headers together, in characters. */
const KEPT_URL_CHARACTERS = 8_192;
const KEPT_HEADERS_CHARACTERS = 16_384;

/** An answer of these has no body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5). */
const BODILESS = new Set([204, 205, 304]);

/** A page served from here can run nothing on our origin, whatever an inbox was response. Errors are no exception. */
export const harmlessInBrowsers: MiddlewareHandler<HttpEnv> = async (c, next) => {
  await next();
  c.res.headers.set("content-security-policy", "sandbox; default-src 'none'");
  c.res.headers.set("x-content-type-options", "nosniff");
};

export async function captureRequest(c: Context<HttpEnv>): Promise<Response> {
  const inbox = c.env.inboxes.find(c.req.param("id") ?? "");
  if (inbox === null) return noInbox();
  const { method } = c.req.raw;
  const url = new URL(c.req.url);
  const headers = keptHeaders(c.req.raw.headers);
  const isToBeChecked = isSigned(headers) && areWellFormed(headers);
  const limitBytes = isToBeChecked ? SIGNED_BODY_BYTES : KEPT_BODY_BYTES;
  const read = await readWithin(c.req.raw, limitBytes);
  if (read === null) return refuse(CUT_OFF);
  const [path, query] = [url.pathname, url.search.slice(1)].map((text) => text.slice(0, KEPT_URL_CHARACTERS));
  const response = await inbox.capture({ method, path: path ?? "", query: query ?? "", headers, ...read });
  if (response === null) return noInbox();
  // Here and not in the object, which would be kept awake, and billed, by it.
  if (response.delay_ms > 0) await scheduler.wait(response.delay_ms);
  return configuredAnswer(response);
}

const noInbox = () => notFound("There is no such inbox.");

const configuredAnswer = ({ status, headers, body }: ConfiguredResponse): Response =>
  new Response(BODILESS.has(status) ? null : body, {
    status,
    headers: { "content-type": "application/json", ...headers },
  });

function keptHeaders(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  let room = KEPT_HEADERS_CHARACTERS;
  for (const [name, value] of headers) {
    if (name === "cookie" || name.length + value.length > room) continue;
    room -= name.length + value.length;
    kept[name] = value;
  }
  return kept;
}

/**
 * The whole body where it is within the limit; else `isWhole` is false, and of the body there is what is kept of it.
 * Null where it was cut off.
 */
async function readWithin(
  { body, headers }: Request,
  limitBytes: number,
): Promise<{ body: ArrayBuffer; isWhole: boolean } | null> {
  const length = headers.get("content-length");
  const isTooLong = Number(length) > limitBytes;
  // Where no length is given, one byte more tells whether the body goes on.
  const wantedBytes = isTooLong ? KEPT_BODY_BYTES : length === null ? limitBytes + 1 : Number(length);
  const bytes = await readFirst(body, wantedBytes);
  if (bytes === null) return null;
  const isWhole = !isTooLong && bytes.length <= limitBytes;
  return { body: bytes.slice(0, isWhole ? limitBytes : KEPT_BODY_BYTES).buffer, isWhole };
}
