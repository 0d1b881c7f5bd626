/** Reads from the `Prefer` header (RFC 7240) how long a caller wants to wait for first attempts. Pure. */

const DEFAULT_WAIT_MS = 10_000;
const LONGEST_WAIT_MS = 25_000;

export interface Waiting {
  waitMs: number;
  /**
   * The preference that was applied, for `preference-applied`; null if there was none. Only with a preference may the
   * answer be 202.
   */
  applied: string | null;
}

/** `wait=N` (seconds, up to 25) wins over `respond-async`. Unknown preferences are ignored, as the RFC demands. */
export function readPrefer(header: string | undefined): Waiting {
  const preferences = (header ?? "")
    .toLowerCase()
    .split(",")
    .map((preference) => preference.replace(/;.*/, "").trim());
  const wait = preferences.map((preference) => /^wait\s*=\s*"?(\d+)"?$/.exec(preference)?.[1]).find(Boolean);
  if (wait !== undefined) {
    const waitMs = Math.min(Number(wait) * 1_000, LONGEST_WAIT_MS);
    return { waitMs, applied: `wait=${waitMs / 1_000}` };
  }
  return preferences.includes("respond-async")
    ? { waitMs: 0, applied: "respond-async" }
    : { waitMs: DEFAULT_WAIT_MS, applied: null };
}
