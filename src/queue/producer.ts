/**
 * The only place that sends queue messages: first attempts go into one lane, all later ones into the other, and so do
 * endpoints that wake.
 */
import { clampDelay, writeMessage, writeWakeMessage } from "../core/message.ts";
import { type AttemptKey, OPERATIONAL_EVENT } from "../core/webhook-log.ts";
import type { EndpointKey } from "../record/endpoints.ts";

/** An attempt to enqueue. Without a delay it is due now. */
export interface Enqueued {
  key: AttemptKey;
  delaySeconds?: number;
  /** It goes into the later lane: it has waited, and a backlog of first attempts is not to keep it. */
  hasWaited?: boolean;
}

/** An endpoint that wakes after a delay. */
export interface EnqueuedWake {
  endpoint: EndpointKey;
  delaySeconds: number;
}

type Lanes = Pick<Env, "DELIVERIES" | "RETRIES">;

/** A queue takes this many messages in one send. */
const SEND_LIMIT = 100;

/** Rejects if a queue does not take them. Some of them may be in it all the same. */
export async function enqueue(lanes: Lanes, entries: readonly Enqueued[]): Promise<void> {
  // Operational webhooks go into the later lane too: their receivers are never degraded, and a hanging one would make
  // calls wait.
  const isFirst = ({ key, delaySeconds = 0, hasWaited = false }: Enqueued) =>
    key.attempt === 1 && delaySeconds === 0 && !hasWaited && key.event !== OPERATIONAL_EVENT;
  const first = entries.filter(isFirst);
  const later = entries.filter((entry) => !isFirst(entry));
  await Promise.all([
    sendAll(lanes.DELIVERIES, first.map(requestOf)),
    sendAll(lanes.RETRIES, later.map(requestOf)),
  ]);
}

const requestOf = ({ key, delaySeconds = 0 }: Enqueued): MessageSendRequest => ({
  body: writeMessage(key),
  delaySeconds: clampDelay(delaySeconds),
});

/** Rejects if the queue does not take them. */
export const enqueueWakes = (lanes: Lanes, wakes: readonly EnqueuedWake[]): Promise<void> =>
  sendAll(
    lanes.RETRIES,
    wakes.map(({ endpoint, delaySeconds }) => ({ body: writeWakeMessage(endpoint), delaySeconds })),
  );

async function sendAll(lane: Queue, requests: readonly MessageSendRequest[]): Promise<void> {
  for (let start = 0; start < requests.length; start += SEND_LIMIT)
    await lane.sendBatch(requests.slice(start, start + SEND_LIMIT));
}
