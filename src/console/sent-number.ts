/** A number as a form has it. Pure. */

/** Null if it is empty. What is no number goes as it is: the server refuses it and tells its rule. */
export function sentNumber(text: string): number | string | null {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  return Number.isFinite(Number(trimmed)) ? Number(trimmed) : trimmed;
}
