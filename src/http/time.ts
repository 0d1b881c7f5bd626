/** Writes times as answers show them. */

/** ISO 8601 of milliseconds since the epoch; null stays null. */
export const iso = <T extends number | null>(milliseconds: T) =>
  (milliseconds === null ? null : new Date(milliseconds).toISOString()) as T extends null ? null : string;
