/** Reads times that callers give. Text in, milliseconds out. */

/** ISO 8601 with a zone: date, `T`, time to the minute or finer, `Z` or an offset. */
const INSTANT = /^(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(?:\.(\d{1,9}))?(Z|[+ -]\d\d:\d\d)$/;

/**
 * Milliseconds since the epoch, rounded up: what is compared with it has whole milliseconds. Null if the text is no such
 * time, or if its day does not exist. An unescaped `+` of a query arrives as a space.
 */
export function readInstant(text: string): number | null {
  const [, minute, second = ":00", fraction = "", zone = ""] = INSTANT.exec(text) ?? [];
  if (minute === undefined || (fraction !== "" && text[16] !== ":")) return null;
  const local = `${minute}${second}`;
  const milliseconds = Date.parse(`${local}${zone.replace(" ", "+")}`);
  // `Date.parse` takes the 31st of any month, and 24:00.
  const named = Date.parse(`${local}Z`);
  if (Number.isNaN(milliseconds) || !new Date(named).toISOString().startsWith(local)) return null;
  return milliseconds + Math.ceil(Number(fraction.padEnd(9, "0")) / 1_000_000);
}
