/**
 * `/inbox/{id}`, and whatever lies below it: any method, no key. What comes is kept by its inbox, and answered as that
 * was told. Never reads a body without bound, and never keeps cookies: those a browser brings are for other paths here.
 */
import type { Context, MiddlewareHandler } from "hono";
import type { ToldAnswer } from "../core/inbox.ts";
import { isSigned } from "../core/verify.ts";
import { KEPT_BODY_BYTES } from "../inbox/object.ts";
import { notFound } from "./answer.ts";
import type { HttpEnv } from "./services.ts";

/** A signature can be checked over a whole body only: no payload of ours is longer than this, in bytes. */
const SIGNED_BODY_BYTES = 1_048_576;

/** What is kept of the path, of the query, and of all headers together, in characters. */
const KEPT_URL_CHARACTERS = 8_192;
const KEPT_HEADERS_CHARACTERS = 16_384;

/** An answer of these has no body (RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5). */
const BODILESS = new Set([204, 205, 304]);

/** A page served from here can run nothing on our origin, whatever an inbox was told. Errors are no exception. */
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
  const limitBytes = isSigned(headers) ? SIGNED_BODY_BYTES : KEPT_BODY_BYTES;
  const { body, isWhole } = await readUpTo(c.req.raw.body, limitBytes);
  const [path, query] = [url.pathname, url.search.slice(1)].map((text) => text.slice(0, KEPT_URL_CHARACTERS));
  const told = await inbox.capture({ method, path: path ?? "", query: query ?? "", headers, body, isWhole });
  if (told === null) return noInbox();
  // Here and not in the object, which would be kept awake, and billed, by it.
  if (told.delay_ms > 0) await scheduler.wait(told.delay_ms);
  return answerAsTold(told);
}

const noInbox = () => notFound("There is no such inbox.");

const answerAsTold = ({ status, headers, body }: ToldAnswer): Response =>
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

async function readUpTo(
  stream: ReadableStream<Uint8Array> | null,
  limitBytes: number,
): Promise<{ body: ArrayBuffer; isWhole: boolean }> {
  const chunks: Uint8Array[] = [];
  let room = limitBytes;
  for await (const chunk of stream ?? []) {
    chunks.push(chunk.subarray(0, room));
    room -= chunk.byteLength;
    if (room < 0) break;
  }
  return { body: await new Blob(chunks).arrayBuffer(), isWhole: room >= 0 };
}
