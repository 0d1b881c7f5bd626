/** The sweep: enqueues again what is late in the record, because no queue message is relied on. */
import type { AttemptKey } from "../core/webhook-log.ts";

export interface SweepVerbs {
  /** Claims up to `limit` late logs, and returns the attempt each waits for. */
  claim: (limit: number) => Promise<AttemptKey[]>;
  enqueue: (keys: AttemptKey[]) => Promise<void>;
}

/** One claim is one write and one batch of messages. */
const CLAIM_LIMIT = 100;
/** What one sweep takes at most; the next one goes on. */
const ROUND_LIMIT = 100;

/** Returns how many logs were late. A claim whose messages the queue did not take comes up again at its next `sweep_at`. */
export async function sweep({ claim, enqueue }: SweepVerbs): Promise<number> {
  let swept = 0;
  for (let round = 0; round < ROUND_LIMIT; round++) {
    const keys = await claim(CLAIM_LIMIT);
    if (keys.length > 0) await enqueue(keys);
    swept += keys.length;
    if (keys.length < CLAIM_LIMIT) break;
  }
  return swept;
}
