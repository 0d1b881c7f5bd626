/**
 * A call's conversation from its payload, and which of its words citations refer to. The payload is whatever was
 * reported: a member may be missing or of any type. Pure.
 */
import type { CitationRow } from "./citation-rows.ts";

export interface Utterance {
  speaker: string;
  text: string;
  /** When it was said, in seconds from the call's beginning; null if that is not known. */
  seconds: number | null;
}

export interface Conversation {
  utterances: Utterance[];
  /** How many entries of that member have no text, and are left out. */
  without_text: number;
  /** Which member it comes from. */
  source: "transcripts" | "corrected_transcript" | "concatenated_transcript" | null;
}

/** What the speakers are called. */
const SPEAKERS: Record<string, string> = { user: "caller", "agent-action": "action" };

const speakerOf = (name: unknown): string => {
  if (typeof name !== "string" || name === "") return "–";
  return (Object.hasOwn(SPEAKERS, name) ? SPEAKERS[name] : undefined) ?? name;
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function conversationOf(payload: unknown, corrected: unknown = undefined): Conversation {
  const members = isRecord(payload) ? payload : {};
  const spoken = spokenOf(members);
  if (spoken.utterances.length > 0) return { ...spoken, source: "transcripts" };
  const mended = correctedOf(corrected ?? members.corrected_transcript);
  if (mended.utterances.length > 0) return { ...mended, source: "corrected_transcript" };
  const utterances = linesOf(members.concatenated_transcript);
  return {
    ...{ utterances, without_text: 0 },
    source: utterances.length > 0 ? "concatenated_transcript" : null,
  };
}

type Read = Omit<Conversation, "source">;

/** The entries of a transcript that have a text, and how many have none. */
function entriesOf(transcript: unknown): {
  said: (Record<string, unknown> & { text: string })[];
  without_text: number;
} {
  const entries = Array.isArray(transcript) ? transcript : [];
  const said = entries.filter((entry) => isRecord(entry) && typeof entry.text === "string");
  return { said, without_text: entries.length - said.length };
}

function spokenOf({ transcripts, started_at }: Record<string, unknown>): Read {
  const { said, without_text } = entriesOf(transcripts);
  const start = timeOf(started_at) ?? timeOf(said[0]?.created_at);
  const utterances = said.map(({ user, text, created_at }) => {
    const at = timeOf(created_at);
    const seconds = at === null || start === null ? null : Math.max(0, (at - start) / 1_000);
    return { speaker: speakerOf(user), text, seconds };
  });
  return { utterances, without_text };
}

function timeOf(value: unknown): number | null {
  const time = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

function correctedOf(transcript: unknown): Read {
  const { said, without_text } = entriesOf(transcript);
  const utterances = said.map(({ speaker_label, speaker, text, start }) => ({
    ...{
      speaker: speakerOf(speaker_label ?? (typeof speaker === "number" ? `speaker ${speaker}` : speaker)),
      text,
    },
    seconds: typeof start === "number" && start >= 0 ? start : null,
  }));
  return { utterances, without_text };
}

/** A name before a colon begins an utterance: "user: Hello". */
const LINE = /^\s*([\w -]{1,40}): ?(.*)$/s;

function linesOf(value: unknown): Utterance[] {
  if (typeof value !== "string" || value.trim() === "") return [];
  return value
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [, speaker, text] = LINE.exec(line) ?? [];
      return { speaker: speakerOf(speaker), text: (text ?? line).trim(), seconds: null };
    });
}

/** A part of an utterance, and the citations that refer to it, by their numbers. */
export interface Segment {
  text: string;
  cited: number[];
}

interface Range {
  from: number;
  to: number;
  citation: number;
}

/** The whole conversation is looked through for so many citations that don't tell where their words are. */
const SEARCHES_LIMIT = 200;

/** The citations' ranges in each utterance. */
export function citedRanges(utterances: readonly Utterance[], citations: readonly CitationRow[]): Range[][] {
  const ranges: Range[][] = utterances.map(() => []);
  let searches = 0;
  for (const [citation, { said, value }] of citations.entries())
    for (const { idx, text } of said) {
      if (text === "") continue;
      const isThere = (place: number) => utterances[place]?.text.includes(text) === true;
      let place = idx ?? -1;
      if (!isThere(place))
        place = searches++ < SEARCHES_LIMIT ? utterances.findIndex((_, each) => isThere(each)) : -1;
      const whole = utterances[place]?.text;
      if (whole === undefined) continue;
      ranges[place]?.push({ ...narrowed(whole, text, value), citation });
    }
  return ranges;
}

/** Where the value itself was said, if it was said like that; else all that was cited. */
function narrowed(whole: string, cited: string, value: string): Omit<Range, "citation"> {
  const from = whole.indexOf(cited);
  const inside = value.length > 1 ? cited.toLowerCase().indexOf(value.toLowerCase()) : -1;
  return inside < 0
    ? { from, to: from + cited.length }
    : { from: from + inside, to: Math.min(from + inside + value.length, from + cited.length) };
}

/** So many ranges of an utterance are shown. */
const RANGES_LIMIT = 50;

/** The utterance in parts, of which the cited ones name their citations. */
export function segmentsOf(text: string, ranges: readonly Range[]): Segment[] {
  const looked = ranges.slice(0, RANGES_LIMIT);
  const cuts = new Set([0, text.length, ...looked.flatMap(({ from, to }) => [from, to])]);
  const places = [...cuts]
    .filter((place) => place >= 0 && place <= text.length)
    .sort((one, other) => one - other);
  return places.slice(1).map((to, before) => {
    const from = places[before] ?? 0;
    const over = looked.filter((range) => range.from <= from && range.to >= to);
    return { text: text.slice(from, to), cited: [...new Set(over.map(({ citation }) => citation))] };
  });
}

/** "0:06", "1:02:06". */
export function clockOf(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return whole < 3_600
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}
