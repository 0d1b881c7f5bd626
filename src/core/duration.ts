/** Reads durations as operators write them (`250ms`, `5s`, `30m`, `24h`) into milliseconds. Pure. */

const MILLISECONDS_PER_UNIT: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** The milliseconds in `text`, or null if it is no duration. A unit is required; fractions are not accepted. */
export function parseDuration(text: string): number | null {
  const [, digits, unit] = /^(\d{1,12})(ms|s|m|h)$/.exec(text.trim()) ?? [];
  const factor = unit === undefined ? undefined : MILLISECONDS_PER_UNIT[unit];
  return digits === undefined || factor === undefined ? null : Number(digits) * factor;
}

/** A comma-separated list of durations in milliseconds, or null if any is invalid. Empty text is an empty list. */
export function parseDurations(text: string): number[] | null {
  if (text.trim() === "") return [];
  const durations: number[] = [];
  for (const part of text.split(",")) {
    const milliseconds = parseDuration(part);
    if (milliseconds === null) return null;
    durations.push(milliseconds);
  }
  return durations;
}
