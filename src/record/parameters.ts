/** JSON parameters of statements, of a size that D1 takes. */

/** The largest JSON parameter of a statement, in characters: D1 refuses parameters over 2 MB. */
const PARAMETER_LIMIT_CHARACTERS = 500_000;

/** Packs rows into as few JSON arrays as the limit allows. A row over the limit goes alone. */
export function parameters(rows: readonly object[]): string[] {
  const packed: string[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (size + text.length > PARAMETER_LIMIT_CHARACTERS) {
      packed.push([]);
      size = 0;
    }
    packed.at(-1)?.push(text);
    size += text.length + 1;
  }
  return packed.map((texts) => `[${texts.join(",")}]`);
}
