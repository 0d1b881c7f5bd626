/** Reads the first bytes of a body into one buffer that grows. Chunks are never kept: tiny ones cost far more than they hold. */

/** The first read makes room for this much; each further one doubles the room. No room is made for what never comes. */
const FIRST_READ_BYTES = 65_536;

/** The body's first bytes, `limitBytes` at most; null where the body was cut off. What lies beyond is not waited for. */
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
    // A read takes the buffer away and gives it back under a new name.
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
