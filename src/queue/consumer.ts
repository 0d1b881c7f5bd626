/** The only place that acks and retries messages. The given function decides what happens to each message. */
import { isNewerMessage, readMessage } from "../core/message.ts";
import type { AttemptKey } from "../core/webhook-log.ts";
import type { Settlement } from "../deliver/settlement.ts";
import type { Enqueued } from "./producer.ts";

/**
 * Delivers a batch's messages, and acks or retries each one. With `moveOn`, messages whose attempt is under way move
 * to another lane. Behind a backlog in this lane a hung attempt would not be noticed.
 */
export async function consume(
  batch: MessageBatch,
  verbs: {
    deliver: (keys: AttemptKey[]) => Promise<(key: AttemptKey) => Settlement>;
    moveOn?: (entries: Enqueued[]) => Promise<void>;
  },
): Promise<void> {
  const messages = readMessages(batch);
  const settle = await verbs.deliver(messages.map(({ key }) => key));
  const underWay = messages.flatMap(({ key }) => {
    const settlement = settle(key);
    return settlement.kind === "under_way" ? [{ key, delaySeconds: settlement.delaySeconds }] : [];
  });
  const isMoved = underWay.length > 0 && (await hasMoved(underWay, verbs.moveOn));
  for (const { message, key } of messages) {
    const settlement = settle(key);
    if (settlement.kind === "ack" || (settlement.kind === "under_way" && isMoved)) message.ack();
    else message.retry({ delaySeconds: settlement.delaySeconds });
  }
}

async function hasMoved(
  entries: Enqueued[],
  moveOn?: (entries: Enqueued[]) => Promise<void>,
): Promise<boolean> {
  if (moveOn === undefined) return false;
  try {
    await moveOn(entries);
    return true;
  } catch (error) {
    console.warn(
      "The queue did not take messages of running attempts; they come back in their own lane.",
      error,
    );
    return false;
  }
}

/** After a rollback, messages of a newer version come back this often: 100 retries last eight hours. */
const NEWER_SECONDS = 300;

/**
 * The messages that this version can read. A message of a newer version comes back; meanwhile the sweep enqueues its
 * attempt in this version. Other messages are acked and logged: retrying them would not help.
 */
function readMessages(batch: MessageBatch): { message: Message; key: AttemptKey }[] {
  return batch.messages.flatMap((message) => {
    const key = readMessage(message.body);
    if (key !== null) return [{ message, key }];
    if (isNewerMessage(message.body)) {
      console.warn(
        `Message ${message.id} in ${batch.queue} is of a newer version and comes back.`,
        message.body,
      );
      message.retry({ delaySeconds: NEWER_SECONDS });
      return [];
    }
    console.error(
      `Message ${message.id} in ${batch.queue} is not one of ours and was dropped.`,
      message.body,
    );
    message.ack();
    return [];
  });
}
