/**
 * Lays JSON out over several lines without touching a token: numbers keep their digits, strings their spelling, and
 * members given twice stay. Pure.
 */

/** Strings, numbers and names, and the marks between them. White space is skipped. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[^\s{}[\]:,"]+|[{}[\]:,]/g;

const INDENT = "  ";

/** The text laid out, or null if it is not JSON. */
export function layOutJson(text: string): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const tokens = text.match(TOKEN) ?? [];
  const parts: string[] = [];
  let depth = 0;
  const line = () => `\n${INDENT.repeat(depth)}`;
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1];
    if (token === "{" || token === "[") {
      const isEmpty = next === "}" || next === "]";
      depth += 1;
      parts.push(token, isEmpty ? "" : line());
    } else if (token === "}" || token === "]") {
      const before = tokens[index - 1];
      depth -= 1;
      parts.push(before === "{" || before === "[" ? "" : line(), token);
    } else if (token === ",") parts.push(token, line());
    else parts.push(token, token === ":" ? " " : "");
  }
  return parts.join("");
}
