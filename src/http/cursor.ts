/** Cursors: an opaque text for a place in a list. What comes back is checked like any other input. */
import { Buffer } from "node:buffer";

export const writeCursor = (place: string): string => Buffer.from(place).toString("base64url");

/** The parts of the place in a cursor, as the form names them; null if it holds no place of this form. */
export const readCursor = (cursor: string, form: RegExp): readonly string[] | null =>
  form.exec(Buffer.from(cursor, "base64url").toString());

/** A place in a list that is ordered by time, the newest first: after the element of this time and id. */
interface TimePlace {
  at: number;
  id: string;
}

const TIME_PLACE = /^(\d{1,15})-([\w-]{1,128})$/;
const BEGINNING: TimePlace = { at: Number.MAX_SAFE_INTEGER, id: "" };

export const writeTimeCursor = ({ at, id }: TimePlace): string => writeCursor(`${at}-${id}`);

/** Where the page of such a list begins; null if the cursor is none of its. */
export function readTimeCursor(cursor: string | undefined): TimePlace | null {
  if (cursor === undefined) return BEGINNING;
  const [, at, id] = readCursor(cursor, TIME_PLACE) ?? [];
  return at === undefined || id === undefined ? null : { at: Number(at), id };
}
