/**
 * JSON as the text that it came as: where each value begins and ends. Numbers keep their digits, because nothing is
 * parsed. The text is valid JSON. Nothing here recurses, and no text is read twice: a hostile payload of 1 MiB costs
 * some milliseconds.
 */

export type JsonKind = "object" | "array" | "string" | "number" | "literal";

/** A value's place in the text. */
export interface JsonSpan {
  start: number;
  /** The index after it. */
  end: number;
}

/** Every object and array of a text, in the order in which they begin. */
export interface JsonIndex {
  text: string;
  starts: Int32Array;
  ends: Int32Array;
  /** How many members or elements each one has. */
  counts: Int32Array;
  /** The index of the one around it; -1 for none. */
  parents: Int32Array;
}

export interface JsonChild extends JsonSpan {
  /** The member's name as it is written, with its quotes; null for an element. */
  name: JsonSpan | null;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);

export function kindAt(text: string, at: number): JsonKind {
  const first = text.charAt(at);
  if (first === "{") return "object";
  if (first === "[") return "array";
  if (first === '"') return "string";
  return /[-\d]/.test(first) ? "number" : "literal";
}

/** The index after the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (let code = text.charCodeAt(at); code !== QUOTE && at < text.length; code = text.charCodeAt(at))
    at += code === BACKSLASH ? 2 : 1;
  return at + 1;
}

const isSpace = (code: number): boolean => code === 0x20 || (code >= 0x09 && code <= 0x0d);

function afterSpaces(text: string, at: number): number {
  let next = at;
  while (isSpace(text.charCodeAt(next))) next++;
  return next;
}

/** The index after a number, `true`, `false` or `null`. */
function endOfScalar(text: string, start: number): number {
  if (text.charCodeAt(start) === QUOTE) return endOfString(text, start);
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COMMA || CLOSING.has(code) || isSpace(code)) break;
  }
  return at;
}

export function indexJson(text: string): JsonIndex {
  const starts: number[] = [];
  const ends: number[] = [];
  const counts: number[] = [];
  const parents: number[] = [];
  let inside = -1;
  /** A value begins in the current container: its first one, or the one after a comma. */
  const note = () => {
    if (inside >= 0) counts[inside] = (counts[inside] ?? 0) + 1;
  };
  let isBegin = true;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (CLOSING.has(code)) {
      ends[inside] = at + 1;
      inside = parents[inside] ?? -1;
      isBegin = false;
      at++;
    } else if (code === COMMA) {
      isBegin = true;
      at++;
    } else if (code === COLON || isSpace(code)) at++;
    else {
      if (isBegin) note();
      isBegin = OPENING.has(code);
      if (!isBegin) at = endOfScalar(text, at);
      else {
        parents.push(inside);
        inside = starts.push(at) - 1;
        counts.push(0);
        at++;
      }
    }
  }
  const packed = (numbers: number[]) => Int32Array.from(numbers);
  return {
    text,
    starts: packed(starts),
    ends: packed(ends),
    counts: packed(counts),
    parents: packed(parents),
  };
}

/** The last object or array that begins at this place or before; -1 if none does. */
function lastBefore({ starts }: JsonIndex, place: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const endAt = (index: JsonIndex, start: number): number =>
  OPENING.has(index.text.charCodeAt(start))
    ? (index.ends[lastBefore(index, start)] ?? index.text.length)
    : endOfScalar(index.text, start);

/** How many members or elements the object or array has that begins here; null for other values. */
export const countAt = (index: JsonIndex, start: number): number | null =>
  OPENING.has(index.text.charCodeAt(start)) ? (index.counts[lastBefore(index, start)] ?? 0) : null;

/** The first `limit` members or elements of the object or array that begins here. */
export function childrenAt(index: JsonIndex, start: number, limit = Number.POSITIVE_INFINITY): JsonChild[] {
  const { text } = index;
  const children: JsonChild[] = [];
  const isObject = text.charAt(start) === "{";
  let at = afterSpaces(text, start + 1);
  while (at < text.length && !CLOSING.has(text.charCodeAt(at)) && children.length < limit) {
    const name = isObject ? { start: at, end: endOfString(text, at) } : null;
    if (name !== null) at = afterSpaces(text, afterSpaces(text, name.end) + 1);
    const end = endAt(index, at);
    children.push({ name, start: at, end });
    at = afterSpaces(text, end);
    if (text.charCodeAt(at) === COMMA) at = afterSpaces(text, at + 1);
  }
  return children;
}

/** Where the objects and arrays begin that are around a place, from the outermost. */
export function around(index: JsonIndex, place: number): number[] {
  const found: number[] = [];
  let each = lastBefore(index, place);
  for (; each >= 0; each = index.parents[each] ?? -1)
    if ((index.ends[each] ?? 0) > place) found.push(index.starts[each] ?? 0);
  return found.reverse();
}

/** The text of a string, or of a name. */
export function stringAt(text: string, { start, end }: JsonSpan): string {
  try {
    return String(JSON.parse(text.slice(start, end)));
  } catch {
    return text.slice(start, end);
  }
}

/** The member of this name of the object that begins here; null if there is none. */
export function memberAt(index: JsonIndex, start: number, name: string): JsonSpan | null {
  if (index.text.charAt(start) !== "{") return null;
  const named = (child: JsonChild) => child.name !== null && stringAt(index.text, child.name) === name;
  return childrenAt(index, start).findLast(named) ?? null;
}

/** The text of a member of members, by their names from the outermost; null if there is none. */
export function textOfMember(text: string, names: readonly string[]): string | null {
  const index = indexJson(text);
  let span: JsonSpan | null = { start: 0, end: text.length };
  for (const name of names) span = span === null ? null : memberAt(index, span.start, name);
  return span === null ? null : text.slice(span.start, span.end);
}

/** Deeper levels are indented no further: a body of brackets alone must not grow without bound. */
const INDENTED_LEVELS = 20;

/** The text on lines, indented, with its numbers as they are; null if it is not an object or array in JSON. */
export function indented(text: string): string | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
  } catch {
    return null;
  }
  const pieces: string[] = [];
  let depth = 0;
  const line = () => pieces.push(`\n${"  ".repeat(Math.min(depth, INDENTED_LEVELS))}`);
  for (let at = afterSpaces(text, 0); at < text.length; at = afterSpaces(text, at)) {
    const code = text.charCodeAt(at);
    const isOpening = OPENING.has(code);
    const isClosing = CLOSING.has(code);
    if (isClosing) {
      depth--;
      if (!/^[[{]$/.test(pieces.at(-1) ?? "")) line();
    }
    const end = isOpening || isClosing || code === COMMA || code === COLON ? at + 1 : endOfScalar(text, at);
    pieces.push(code === COLON ? ": " : text.slice(at, end));
    at = end;
    if (isOpening) depth++;
    const isEmpty = isOpening && CLOSING.has(text.charCodeAt(afterSpaces(text, at)));
    if ((isOpening && !isEmpty) || code === COMMA) line();
  }
  return pieces.join("");
}
