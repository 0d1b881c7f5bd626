/**
 * Repeats writes that fail for a moment. D1 repeats only reads by itself. The writes must be safe to repeat: one that
 * failed may have been committed all the same.
 */
import { isPassing } from "./availability.ts";

/** How long a write is tried, in milliseconds. After that a request is answered 503, and a batch's messages come back. */
const RETRY_FOR_MS = 5_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export interface Clock {
  now: () => number;
  /** In [0, 1). */
  random: () => number;
  wait: (ms: number) => Promise<void>;
}

/** The value of the write, and whether it was tried more than once: an earlier try may have taken effect. */
export async function writeWithRetry<T>(
  write: () => Promise<T>,
  { now, random, wait }: Clock,
): Promise<{ value: T; repeated: boolean }> {
  const until = now() + RETRY_FOR_MS;
  for (let tries = 1, pause = FIRST_PAUSE_MS; ; tries++, pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      return { value: await write(), repeated: tries > 1 };
    } catch (error) {
      if (!isPassing(error) || now() + pause > until) throw error;
    }
    await wait(pause * (0.5 + random()));
  }
}
