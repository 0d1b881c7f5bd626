/**
 * JSON whose numbers keep their digits. Text in, value and text out; no I/O. `JSON.parse` and `JSON.stringify` do the
 * work: a number that JavaScript would print differently (`1.10`, `1E5`, `12345678901234567890`) is replaced by a
 * placeholder before parsing and restored after printing. No reviver, `Map` or `Set` ever gets a key: V8 gives chosen
 * integer-like keys the same hash, and a few thousand of them would block the thread.
 */

export type ParsedJson =
  | { ok: true; json: Json }
  | { ok: false; reason: "not_json"; detail: string }
  | { ok: false; reason: "too_deep" };

export interface Json {
  /** The value as `JSON.parse` reads it: numbers are rounded to what JavaScript can hold. */
  value: unknown;
  /** The same value with placeholders for numbers. `write` prints parts of it. */
  exact: unknown;
  /** The compact JSON of a part of `exact`, or of a new object made of such parts. Every number has its digits. */
  write: (part: unknown) => string;
  /** The digits of a number found in `exact`. */
  digitsOf: (number: number) => string;
}

/** Deeper JSON is refused, well before the recursion of `JSON.stringify` would overflow the stack. */
export const DEPTH_LIMIT = 1_000;

/**
 * The nth placeholder is n times this. Every number in the text that is as large is replaced as well, so that none is
 * mistaken for a placeholder.
 */
const PLACEHOLDER = 1e300;

export function parseJson(text: string): ParsedJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, reason: "not_json", detail: error.message };
    throw error;
  }
  if (isDeeperThan(value, DEPTH_LIMIT)) return { ok: false, reason: "too_deep" };
  // Offsets and not digits: a body full of such numbers would need many times its size as small strings.
  const starts: number[] = [];
  const replaced = replaceNumbers(text, (digits, start) =>
    isPrintedAs(digits) ? digits : `${starts.push(start)}e300`,
  );
  const digitsOf = (number: number): string => {
    if (!isPlaceholder(number)) return String(number);
    const start = starts[Math.round(number / PLACEHOLDER) - 1] ?? 0;
    return text.slice(start, endOfNumber(text, start));
  };
  const write = (part: unknown): string => {
    const printed = JSON.stringify(part);
    if (starts.length === 0) return printed;
    return replaceNumbers(printed, (digits) => (digits.includes("e") ? digitsOf(Number(digits)) : digits));
  };
  const exact: unknown = starts.length === 0 ? value : JSON.parse(replaced);
  return { ok: true, json: { value, exact, write, digitsOf } };
}

/** The text without white space, its keys in the order of `JSON.parse`, and of each key the last value. */
export function compactJson(text: string): string {
  const parsed = parseJson(text);
  if (!parsed.ok) throw new Error(`not JSON: ${parsed.reason}`);
  return parsed.json.write(parsed.json.exact);
}

const isPlaceholder = (number: number): boolean => Math.abs(number) >= PLACEHOLDER;

/** Whether JavaScript prints the number with these digits, and it can't be mistaken for a placeholder. */
function isPrintedAs(digits: string): boolean {
  if (digits.length <= SAFE_DIGITS && /^[1-9]\d*$/.test(digits)) return true;
  const number = Number(digits);
  return String(number) === digits && !isPlaceholder(number);
}

/** Recurses no deeper than `levels`, however deep the value is. */
function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const member of Object.values(value)) if (isDeeperThan(member, levels - 1)) return true;
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;

/** The index after the number that begins at `start`. */
function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (isDigit(text.charCodeAt(end))) end++;
  while (isPartOfNumber(text.charCodeAt(end))) end++;
  return end;
}

const isPartOfNumber = (code: number): boolean =>
  isDigit(code) || code === 0x2e || code === 0x45 || code === 0x65 || code === 0x2b || code === MINUS;

/** JavaScript prints an integer of up to this many digits exactly as it was written. */
const SAFE_DIGITS = 15;

/** Pieces are joined when there are this many: millions of small strings held at once would be many times the text. */
const PIECES_LIMIT = 4_096;

/** Replaces each number of a valid JSON text; strings are passed over. */
function replaceNumbers(text: string, replace: (digits: string, start: number) => string): string {
  const joined: string[] = [];
  let pieces: string[] = [];
  let copied = 0;
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code !== MINUS && !isDigit(code)) at++;
    else {
      const end = endOfNumber(text, at);
      const digits = text.slice(at, end);
      const replacement = replace(digits, at);
      if (replacement !== digits) {
        pieces.push(text.slice(copied, at), replacement);
        copied = end;
        if (pieces.length >= PIECES_LIMIT) {
          joined.push(pieces.join(""));
          pieces = [];
        }
      }
      at = end;
    }
  }
  if (copied === 0) return text;
  return [...joined, ...pieces, text.slice(copied)].join("");
}

/** The index after the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}

/** Whether `value` is a JSON object: no array and no null. */
export const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
