/** Renders a captured request as JSON. Pure. */
import { toBase64 } from "../core/signature.ts";
import type { StoredRequest } from "./store.ts";

/** The JSON text of a request. A body that is not UTF-8 is shown in base64. */
export function renderRequest({ id, received_at, body, ...request }: StoredRequest): string {
  const { method, path, query, headers, truncated, signature } = request;
  const text = decode(body, truncated);
  return JSON.stringify({
    id: String(id),
    received_at: new Date(received_at).toISOString(),
    method,
    path,
    query,
    headers,
    body: text ?? base64(new Uint8Array(body)),
    body_encoding: text === null ? "base64" : "utf-8",
    truncated,
    signature,
  });
}

/** A cut body may end inside a character. */
function decode(body: ArrayBuffer, isCut: boolean): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body, { stream: isCut });
  } catch {
    return null;
  }
}

/** How many bytes are encoded at a time, a multiple of three: a function takes only so many arguments. */
const CHUNK_BYTES = 30_000;

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES)
    text += toBase64(bytes.subarray(start, start + CHUNK_BYTES));
  return text;
}
