/**
 * One HTTP request to a receiver, and its outcome. This is the only request to a receiver in the code. It follows no
 * redirect, reads no more of the response than is kept, and ends at its timeout, headers and body together.
 */
import packageJson from "../../package.json" with { type: "json" };
import { readFailure, readStatus } from "../core/classify.ts";
import { shownHeader } from "../core/endpoint-settings.ts";
import { bodySignature, standardSignature } from "../core/signature.ts";
import type { AttemptEntry, AttemptError } from "../core/webhook-log.ts";
import type { AttemptRequest } from "./attempt-request.ts";
import { refuseReceiver } from "./guard.ts";
import type { Resolve } from "./resolver.ts";

/** How many bytes are kept of a response's body, and of its headers. */
const KEPT_BYTES = 4_096;

export async function makeAttempt(input: {
  request: AttemptRequest;
  sentAt: number;
  resolve: Resolve;
}): Promise<AttemptEntry> {
  const { request, sentAt, resolve } = input;
  const body = new TextEncoder().encode(request.payload);
  const own = headersOf(request, body, sentAt);
  const headers = { ...request.headers, ...own };
  const request_headers = { ...shownHeaders(request.headers), ...own };
  const init: RequestInit = { method: "POST", headers, body, redirect: "manual" };
  const answer = await exchange(request, init, resolve);
  const { send_type, url: request_url } = request;
  return { send_type, sent_at: sentAt, request_url, request_headers, ...answer };
}

function headersOf(request: AttemptRequest, body: Uint8Array, sentAt: number): Record<string, string> {
  const timestampSeconds = Math.floor(sentAt / 1_000);
  const { secrets, webhook_id: webhookId } = request;
  const standard = secrets.map((secret) => standardSignature({ secret, webhookId, timestampSeconds, body }));
  return {
    "content-type": "application/json",
    "user-agent": `postcall/${packageJson.version}`,
    "webhook-id": webhookId,
    "webhook-timestamp": String(timestampSeconds),
    "webhook-signature": standard.join(" "),
    [request.signature_header?.toLowerCase() ?? "x-webhook-signature"]: bodySignature(secrets[0], body),
    "x-postcall-delivery": request.key.delivery_id,
    "x-postcall-attempt": String(request.key.attempt),
    "x-postcall-send-type": request.send_type,
  };
}

/** What the log shows of the headers that the endpoint's owner has set. */
const shownHeaders = (headers: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, shownHeader(value)]));

type Answer = Pick<
  AttemptEntry,
  "response_code" | "response_ms" | "error" | "response_headers" | "response_body"
> &
  Partial<Pick<AttemptEntry, "request_headers">>;

async function exchange(request: AttemptRequest, init: RequestInit, resolve: Resolve): Promise<Answer> {
  const timeout = new AbortController();
  const { signal } = timeout;
  // Its own timer, cleared at the end: AbortSignal.timeout would keep the object awake, and billed, until it fires.
  const timer = setTimeout(() => timeout.abort(tookTooLong()), request.timeoutMs);
  try {
    const refusal = await refuseReceiver({ url: request.url, rules: request.targetRules, resolve, signal });
    if (refusal !== null) return { ...withoutResponse(refusal), response_ms: 0, request_headers: {} };
    const started = performance.now(); // without the time of the resolver
    const answer = await answerTo(request, { ...init, signal });
    return { ...answer, response_ms: Math.round(performance.now() - started) };
  } finally {
    clearTimeout(timer);
  }
}

const tookTooLong = () => new DOMException("The attempt took too long.", "TimeoutError");

const withoutResponse = (error: AttemptError) => ({
  response_code: null,
  error,
  response_headers: {},
  response_body: "",
});

async function answerTo(request: AttemptRequest, init: RequestInit): Promise<Omit<Answer, "response_ms">> {
  const { protocol } = new URL(request.url);
  let response: Response;
  try {
    response = await fetch(request.url, init);
  } catch (error) {
    return withoutResponse(readFailure({ error, phase: "headers", protocol }));
  }
  const status = readStatus(response.status);
  const response_headers = keptHeaders(response.headers);
  // An empty body marked as gzip would fail to decompress.
  const isEmpty = response.headers.get("content-length") === "0";
  const { text, error } = await keptBody(isEmpty ? null : response.body);
  const failure = error === null ? status.error : readFailure({ error, phase: "body", protocol });
  return { response_code: status.response_code, error: failure, response_headers, response_body: text };
}

/** As many headers as fit. `retry-after` comes first, because the schedule depends on it. */
function keptHeaders(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  let room = KEPT_BYTES;
  const retryAfter = headers.get("retry-after");
  for (const [name, value] of [
    ...(retryAfter === null ? [] : [["retry-after", retryAfter] as const]),
    ...headers,
  ]) {
    if (name.length + value.length > room || Object.hasOwn(kept, name)) continue;
    room -= name.length + value.length;
    kept[name] = value;
  }
  return kept;
}

/** The first bytes of the body as text, and the error that cut it off, if any. The rest is never read. */
async function keptBody(body: ReadableStream<Uint8Array> | null): Promise<{ text: string; error: unknown }> {
  const decoder = new TextDecoder();
  let text = "";
  let room = KEPT_BYTES;
  if (body === null) return { text, error: null };
  const reader = body.getReader();
  try {
    while (room > 0) {
      const { done, value } = await reader.read();
      if (done) break;
      const part = value.subarray(0, room);
      room -= part.length;
      text += decoder.decode(part, { stream: true });
    }
    if (room === 0) reader.cancel().catch(() => {});
    return { text, error: null };
  } catch (error) {
    return { text, error };
  }
}
