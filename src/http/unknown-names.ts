/** Describes unknown names of members and parameters in a refusal. Text in, text out. */
import leven from "leven";

/** A refusal lists this many names at most. */
const NAMES_LIMIT = 10;
/** Longer names are cut to this length and get no suggestion. */
const NAME_CHARACTERS = 64;

/** The names in quotes, each with the known name that was probably meant. */
export function describeUnknown(names: readonly string[], known: readonly string[]): string {
  const described = names.slice(0, NAMES_LIMIT).map((name) => {
    if (name.length > NAME_CHARACTERS) return JSON.stringify(`${name.slice(0, NAME_CHARACTERS)}…`);
    const nearest = nearestName(name, known);
    return nearest === null
      ? JSON.stringify(name)
      : `${JSON.stringify(name)} (did you mean ${JSON.stringify(nearest)}?)`;
  });
  const rest = names.length > NAMES_LIMIT ? ` and ${names.length - NAMES_LIMIT} more` : "";
  return described.join(", ") + rest;
}

/** A name is near if it differs in no more than this share of its letters. */
const NEAR = 0.4;

/** The known name with the most similar spelling; null if none is near. */
function nearestName(name: string, known: readonly string[]): string | null {
  const given = lettersOf(name);
  const candidates = known
    .map((candidate) => ({ candidate, letters: lettersOf(candidate) }))
    .map(({ candidate, letters }) => ({ candidate, letters, distance: leven(given, letters) }))
    .filter(
      ({ letters, distance }) => distance <= longer(given, letters) * NEAR || isPartOfOther(given, letters),
    )
    .sort((one, other) => one.distance - other.distance);
  return candidates[0]?.candidate ?? null;
}

/** `callId` and `call_id` are the same word. */
const lettersOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

const longer = (one: string, other: string): number => Math.max(one.length, other.length);

/** Parts shorter than this occur in too many words. */
const PART_LETTERS = 4;

const isPartOfOther = (one: string, other: string): boolean =>
  Math.min(one.length, other.length) >= PART_LETTERS && (one.includes(other) || other.includes(one));
