/** Finds text in text, in any case. Pure. */

/** More are not counted. */
export const MATCHES_LIMIT = 1_000;

/** What somebody searches for, and where it is. */
export interface Found {
  needle: string;
  places: readonly number[];
  /** Which of the places. */
  current: number;
}

const asPattern = (needle: string): RegExp =>
  new RegExp(needle.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&"), "gi");

/** Where it begins, each time. */
export function placesOf(text: string, needle: string): number[] {
  if (needle === "") return [];
  const places: number[] = [];
  for (const { index } of text.matchAll(asPattern(needle))) {
    places.push(index);
    if (places.length === MATCHES_LIMIT) break;
  }
  return places;
}

/**
 * The same in JSON, and the needle as it stands there: what somebody types may hold quotes, which stand in a string
 * with a backslash.
 */
export function placesInJson(json: string, needle: string): { places: number[]; found: string } {
  const places = placesOf(json, needle);
  const escaped = JSON.stringify(needle).slice(1, -1);
  if (places.length > 0 || escaped === needle) return { places, found: needle };
  return { places: placesOf(json, escaped), found: escaped };
}

/** The text in pieces; those at odd places match. */
export function piecesOf(text: string, needle: string): string[] {
  const pieces: string[] = [];
  let copied = 0;
  for (const at of placesOf(text, needle)) {
    pieces.push(text.slice(copied, at), text.slice(at, at + needle.length));
    copied = at + needle.length;
  }
  return [...pieces, text.slice(copied)];
}
