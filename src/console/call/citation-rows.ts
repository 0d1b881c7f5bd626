/** A call's citations as they are shown. Whatever was posted is taken: it may have any shape. Pure. */
import {
  childrenAt,
  indexJson,
  type JsonIndex,
  type JsonSpan,
  kindAt,
  memberAt,
  stringAt,
} from "../json-text.ts";

/** What somebody said that a citation refers to. */
interface Said {
  /** Its number among the utterances, if it was given. */
  idx: number | null;
  text: string;
}

export interface CitationRow {
  variable: string;
  type: string;
  /** A text without its quotes; of all else the JSON, whose numbers have their digits. */
  value: string;
  said: Said[];
}

/** Of each citation so many utterances are looked at. */
const SAID_LIMIT = 50;
/** So many citations are looked at. */
const CITATIONS_LIMIT = 2_000;

export function citationRows(json: string): CitationRow[] {
  const index = indexJson(json);
  if (kindAt(json, 0) !== "array") return [];
  return childrenAt(index, 0, CITATIONS_LIMIT).map((child) => rowOf(index, child));
}

/** How many there are, of those that `citationRows` has too and the rest. */
export const citationCount = (json: string): number => {
  const index = indexJson(json);
  return kindAt(json, 0) === "array" ? (index.counts[0] ?? 0) : 0;
};

function rowOf(index: JsonIndex, { start, end }: JsonSpan): CitationRow {
  const textOf = (name: string): string => {
    const span = memberAt(index, start, name);
    return span === null ? "" : shownText(index.text, span);
  };
  if (kindAt(index.text, start) !== "object")
    return { variable: "", type: "", value: shownText(index.text, { start, end }), said: [] };
  return {
    variable: textOf("variable_name"),
    type: textOf("variable_type"),
    value: textOf("value"),
    said: saidOf(index, memberAt(index, start, "cited_utterances")),
  };
}

const shownText = (text: string, span: JsonSpan): string =>
  kindAt(text, span.start) === "string" ? stringAt(text, span) : text.slice(span.start, span.end);

function saidOf(index: JsonIndex, span: JsonSpan | null): Said[] {
  if (span === null || kindAt(index.text, span.start) !== "array") return [];
  return childrenAt(index, span.start, SAID_LIMIT).flatMap(({ start }): Said[] => {
    const transcript = memberAt(index, start, "transcript");
    if (transcript === null || kindAt(index.text, transcript.start) !== "string") return [];
    const place = memberAt(index, start, "idx");
    const idx = place === null ? Number.NaN : Number(index.text.slice(place.start, place.end));
    return [{ idx: Number.isInteger(idx) ? idx : null, text: stringAt(index.text, transcript) }];
  });
}
