/**
 * JSON whose numbers keep the digits they came with. Text in, value out, and back; no I/O.
 * Never a parser of its own: `JSON.parse` hands its reviver each number's source text, `JSON.rawJSON` writes it back.
 */

export type ParsedJson =
  | { ok: true; value: unknown }
  | { ok: false; reason: "not_json"; detail: string }
  | { ok: false; reason: "too_deep" };

/**
 * Parses `text` so that `JSON.stringify` of the result, or of a part of it, repeats every number's digits.
 * Numbers that JavaScript prints as they were written stay plain numbers; the others (`1.10`, `1E5`,
 * `12345678901234567890`) become raw JSON. The runtime's stack bounds the depth, at roughly 2,000 levels.
 */
export function parseKeepingDigits(text: string): ParsedJson {
  try {
    return { ok: true, value: JSON.parse(text, keepDigits) };
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, reason: "too_deep" };
    if (error instanceof SyntaxError) return { ok: false, reason: "not_json", detail: error.message };
    throw error;
  }
}

function keepDigits(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== "number" || context.source === undefined) return value;
  return String(value) === context.source ? value : JSON.rawJSON(context.source);
}

/** Whether `value` came from a JSON object: no array, no null, and no number kept as raw JSON. */
export const isJsonObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
