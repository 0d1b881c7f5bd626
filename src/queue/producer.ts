/** The only place that sends queue messages: first attempts go into one lane, all later ones into the other. */
import { clampDelay, writeMessage } from "../core/message.ts";
import { type AttemptKey, OPERATIONAL_EVENT } from "../core/webhook-log.ts";

/** An attempt to enqueue. Without a delay it is due now. */
export interface Enqueued {
  key: AttemptKey;
  delaySeconds?: number;
}

type Lanes = Pick<Env, "DELIVERIES" | "RETRIES">;

/** A queue takes this many messages in one send. */
const SEND_LIMIT = 100;

/** Rejects if a queue does not take them. Some of them may be in it all the same. */
export async function enqueue(lanes: Lanes, entries: readonly Enqueued[]): Promise<void> {
  // Operational webhooks go into the later lane too: their receivers are never degraded, and a hanging one would make
  // calls wait.
  const isFirst = ({ key, delaySeconds = 0 }: Enqueued) =>
    key.attempt === 1 && delaySeconds === 0 && key.event !== OPERATIONAL_EVENT;
  const first = entries.filter(isFirst);
  const later = entries.filter((entry) => !isFirst(entry));
  await Promise.all([sendAll(lanes.DELIVERIES, first), sendAll(lanes.RETRIES, later)]);
}

async function sendAll(lane: Queue, entries: readonly Enqueued[]): Promise<void> {
  for (let start = 0; start < entries.length; start += SEND_LIMIT) {
    const requests = entries.slice(start, start + SEND_LIMIT).map(({ key, delaySeconds = 0 }) => ({
      body: writeMessage(key),
      delaySeconds: clampDelay(delaySeconds),
    }));
    await lane.sendBatch(requests);
  }
}
