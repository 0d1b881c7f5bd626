/** Cursors: an opaque text for a place in a list. What comes back is checked like any other input. */
import { Buffer } from "node:buffer";

export const writeCursor = (place: string): string => Buffer.from(place).toString("base64url");

/** The parts of the place in a cursor, as the form names them; null if it holds no place of this form. */
export const readCursor = (cursor: string, form: RegExp): readonly string[] | null =>
  form.exec(Buffer.from(cursor, "base64url").toString());
