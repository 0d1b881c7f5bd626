/**
 * Reads the first bytes of a body into one growing buffer. Chunks are not kept: a tiny chunk costs far more memory
 * than it holds.
 */

/** The size of the first buffer. It doubles when it is full, so that no memory is taken for bytes that never come. */
const FIRST_READ_BYTES = 65_536;

/** The first bytes of the body, at most `limitBytes`; null if the body was cut off. The rest is not waited for. */
export async function readFirst(body: ReadableStream | null, limitBytes: number): Promise<Uint8Array | null> {
  if (body === null || limitBytes === 0) return new Uint8Array();
  const reader = body.getReader({ mode: "byob" });
  let buffer = new Uint8Array(Math.min(limitBytes, FIRST_READ_BYTES));
  let size = 0;
  for (;;) {
    const room = buffer.length - size;
    const read = await reader.readAtLeast(room, buffer.subarray(size)).catch(() => null);
    if (read === null) return null;
    if (read.value === undefined) break;
    size += read.value.length;
    // A read detaches the buffer, and returns it as a new one.
    buffer = new Uint8Array(read.value.buffer);
    if (read.done || read.value.length < room || size === limitBytes) break;
    buffer = grown(buffer, Math.min(limitBytes, 2 * size));
  }
  await reader.cancel();
  return buffer.subarray(0, size);
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}
