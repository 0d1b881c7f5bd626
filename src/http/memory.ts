/** What an isolate remembers for a while. */

/** The oldest entry goes when there are more than this. */
const ENTRIES_LIMIT = 1_000;

/** Remembers the newest values by key, each until its time (milliseconds since the epoch). */
export function memory<T>() {
  const entries = new Map<string, { value: T; until: number }>();
  return {
    get: (key: string, now: number): T | null => {
      const entry = entries.get(key);
      return entry !== undefined && entry.until > now ? entry.value : null;
    },
    remember: (key: string, value: T, until: number): void => {
      entries.delete(key);
      entries.set(key, { value, until });
      const [oldest] = entries.keys();
      if (entries.size > ENTRIES_LIMIT && oldest !== undefined) entries.delete(oldest);
    },
    forget: (key: string): void => void entries.delete(key),
  };
}
