/**
 * JSON whose numbers keep the digits they came with. Text in, value out, and back; no I/O.
 * Never a parser of its own: `JSON.parse` hands its reviver each number's source text, `JSON.rawJSON` writes it back.
 */

export type ParsedJson =
  | { ok: true; value: unknown }
  | { ok: false; reason: "not_json"; detail: string }
  | { ok: false; reason: "too_deep" };

/** Deeper JSON is refused, well before the reviver's recursion would meet the end of the stack (at some 2,000 levels). */
export const DEPTH_LIMIT = 1_000;

/**
 * Parses `text` so that `JSON.stringify` of the result, or of a part of it, repeats every number's digits.
 * Numbers that JavaScript prints as they were written stay plain numbers; the others (`1.10`, `1E5`,
 * `12345678901234567890`) become raw JSON. Text that a plain round trip repeats has none of those, and is read in
 * a third of the time the reviver takes.
 */
export function parseKeepingDigits(text: string): ParsedJson {
  try {
    const plain: unknown = JSON.parse(text);
    if (isDeeperThan(plain, DEPTH_LIMIT)) return { ok: false, reason: "too_deep" };
    return { ok: true, value: JSON.stringify(plain) === text ? plain : JSON.parse(text, keepDigits) };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false, reason: "not_json", detail: error.message };
    throw error;
  }
}

/** Goes no deeper than `levels` itself, however deep the value is. */
function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (levels === 0) return true;
  for (const member of Object.values(value)) if (isDeeperThan(member, levels - 1)) return true;
  return false;
}

function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== "number" || context.source === undefined) return value;
  return String(value) === context.source ? value : JSON.rawJSON(context.source);
}

/** Whether `value` came from a JSON object: no array, no null, and no number kept as raw JSON. */
export const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
