/** Cursors: an opaque text for a place in a list. What comes back is checked like any other input. */
import { Buffer } from "node:buffer";
import type * as z from "zod";

export const writeCursor = (place: unknown): string =>
  Buffer.from(JSON.stringify(place)).toString("base64url");

/** The place in a cursor; null if it has no place of this shape. */
export function readCursor<Place extends z.ZodType>(cursor: string, shape: Place): z.output<Place> | null {
  try {
    return shape.safeParse(JSON.parse(Buffer.from(cursor, "base64url").toString())).data ?? null;
  } catch {
    return null;
  }
}
