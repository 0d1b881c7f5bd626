/** Requests as a receiver gets them, the same with a byte changed, and whether they are taken for genuine. */
import type { IncomingHttpHeaders } from "node:http";
import { expect } from "vitest";

/** A request as it arrived. */
export interface Captured {
  rawBody: Buffer;
  headers: IncomingHttpHeaders;
}

/** False or an error if the request is not genuine; else a library's own answer, or none. */
export type Verify = (request: Captured, secret: string) => unknown;

export const headersOf = ({ headers }: Captured) => headers as Record<string, string>;

/** Whether a request passes: it is neither answered false nor an error. */
export function isGenuine(verify: Verify, request: Captured, secret: string): boolean {
  try {
    return verify(request, secret) !== false;
  } catch {
    return false;
  }
}

/** The bytes with one bit of byte `index` changed; ASCII stays ASCII. */
export function flipped(bytes: Buffer, index: number): Buffer {
  const changed = Buffer.from(bytes);
  changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
  return changed;
}

/** The request once for each byte of the body and of these headers, with that byte changed. */
export function* changes(request: Captured, names: readonly string[]): Generator<[string, Captured]> {
  for (const index of request.rawBody.keys())
    yield [`body[${index}]`, { ...request, rawBody: flipped(request.rawBody, index) }];
  for (const name of names) {
    const value = Buffer.from(headersOf(request)[name] ?? "");
    expect(value.length).toBeGreaterThan(0);
    for (const index of value.keys()) {
      const headers = { ...request.headers, [name]: flipped(value, index).toString() };
      yield [`${name}[${index}]`, { ...request, headers }];
    }
  }
}

/** What of the changed requests is taken for genuine all the same. */
export const stillGenuine = (verify: Verify, requests: Iterable<[string, Captured]>, secret: string) =>
  [...requests].flatMap(([what, request]) => (isGenuine(verify, request, secret) ? [what] : []));
