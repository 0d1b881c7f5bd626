/** Reads times that callers give. Text in, milliseconds out. */

/** ISO 8601 with a zone: date, `T`, time to the minute or finer, `Z` or an offset. */
const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(?:\.(\d{1,9}))?(Z|[+ -]\d\d:\d\d)$/;

/** ISO 8601 writes years outside these with a sign. */
export const FIRST_INSTANT = Date.parse("0000-01-01T00:00:00.000Z");
const LAST_INSTANT = Date.parse("9999-12-31T23:59:59.999Z");

/**
 * Milliseconds since the epoch, rounded up: what is compared with it has whole milliseconds. Null if the text is no such
 * time, if its day does not exist, or if its year in UTC is not one of 0000 to 9999. An unescaped `+` of a query arrives
 * as a space.
 */
export function readInstant(text: string): number | null {
  const [, minute, second = ":00", fraction = "", zone = ""] = INSTANT.exec(text) ?? [];
  if (minute === undefined || (fraction !== "" && text[16] !== ":")) return null;
  const local = `${minute}${second}`;
  const milliseconds = Date.parse(`${local}${zone.replace(" ", "+")}`);
  // `Date.parse` takes the 31st of any month, and 24:00.
  const named = Date.parse(`${local}Z`);
  if (Number.isNaN(milliseconds) || !new Date(named).toISOString().startsWith(local)) return null;
  const instant = milliseconds + Math.ceil(Number(fraction.padEnd(9, "0")) / 1_000_000);
  return instant >= FIRST_INSTANT && instant <= LAST_INSTANT ? instant : null;
}
