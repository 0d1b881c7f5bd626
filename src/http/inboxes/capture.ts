/**
 * `/inbox/{id}` and all paths below it take any method without a key. The inbox stores the request and answers with
 * its configured response. No more of a body is read than is used. Cookies are not stored: a browser's cookies belong
 * to other paths of this host.
 */
import type { Context, MiddlewareHandler } from "hono";
import type { ConfiguredResponse } from "../../core/inbox.ts";
import { areWellFormed, isSigned } from "../../core/verify.ts";
import { KEPT_BODY_BYTES } from "../../inbox/object.ts";
import { notFound, refuse } from "../answer.ts";
import { CUT_OFF } from "../body.ts";
import { readFirst } from "../first-bytes.ts";
import type { HttpEnv } from "../services.ts";

/** The longest body whose signature is checked, in bytes: no payload of ours is longer. */
const SIGNED_BODY_BYTES = 1_048_576;

/** How many characters are kept of the path, of the query, and of all headers together. */
const KEPT_URL_CHARACTERS = 8_192;
const KEPT_HEADERS_CHARACTERS = 16_384;

/** Responses with these statuses have no body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5). */
const BODILESS = new Set([204, 205, 304]);

/**
 * A page served from here can run nothing on our origin, whatever the configured response is. Errors get the headers
 * too.
 */
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
  // The wait is here because it would keep the object awake, and billed.
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
 * The whole body if it is within the limit. Otherwise `isWhole` is false, and the body is the part that is kept. Null
 * if the body was cut off.
 */
async function readWithin(
  { body, headers }: Request,
  limitBytes: number,
): Promise<{ body: ArrayBuffer; isWhole: boolean } | null> {
  const length = headers.get("content-length");
  const isTooLong = Number(length) > limitBytes;
  // If no length is given, one more byte tells whether the body goes on.
  const wantedBytes = isTooLong ? KEPT_BODY_BYTES : length === null ? limitBytes + 1 : Number(length);
  const bytes = await readFirst(body, wantedBytes);
  if (bytes === null) return null;
  const isWhole = !isTooLong && bytes.length <= limitBytes;
  return { body: bytes.slice(0, isWhole ? limitBytes : KEPT_BODY_BYTES).buffer, isWhole };
}
