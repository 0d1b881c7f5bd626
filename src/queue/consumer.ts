/** The only place that acks and retries messages. The given function decides what happens to each message. */
import { isNewerMessage, readMessage, readWakeMessage } from "../core/message.ts";
import type { AttemptKey } from "../core/webhook-log.ts";
import type { Settlement } from "../deliver/settlement.ts";
import type { EndpointKey } from "../record/endpoints.ts";
import type { Enqueued } from "./producer.ts";

/** A message of an endpoint that could not be woken comes back after this long. */
const UNWOKEN_SECONDS = 5;

/**
 * Delivers a batch's messages, wakes its endpoints, and acks or retries each message. Without `wake`, messages of
 * endpoints are acked: the sweep sends new ones. With `moveOn`, messages whose attempt is under way move
 * to another lane. Behind a backlog in this lane a hung attempt would not be noticed.
 */
export async function consume(
  batch: MessageBatch,
  verbs: {
    deliver: (keys: AttemptKey[]) => Promise<(key: AttemptKey) => Settlement>;
    wake?: (endpoints: EndpointKey[]) => Promise<void>;
    moveOn?: (entries: Enqueued[]) => Promise<void>;
  },
): Promise<void> {
  const { attempts: messages, wakes } = readMessages(batch);
  const [settle] = await Promise.all([
    verbs.deliver(messages.map(({ key }) => key)),
    wakeAll(wakes, verbs.wake ?? (async () => {})),
  ]);
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

async function wakeAll(
  wakes: readonly { message: Message; endpoint: EndpointKey }[],
  wake: (endpoints: EndpointKey[]) => Promise<void>,
): Promise<void> {
  const endpoints = new Map(wakes.map(({ endpoint }) => [`${endpoint.user_id} ${endpoint.url}`, endpoint]));
  try {
    if (endpoints.size > 0) await wake([...endpoints.values()]);
    for (const { message } of wakes) message.ack();
  } catch (error) {
    console.warn("Endpoints could not be woken; their messages come back.", error);
    for (const { message } of wakes) message.retry({ delaySeconds: UNWOKEN_SECONDS });
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
function readMessages(batch: MessageBatch) {
  const attempts: { message: Message; key: AttemptKey }[] = [];
  const wakes: { message: Message; endpoint: EndpointKey }[] = [];
  for (const message of batch.messages) {
    const key = readMessage(message.body);
    const endpoint = key === null ? readWakeMessage(message.body) : null;
    if (key !== null) attempts.push({ message, key });
    else if (endpoint !== null) wakes.push({ message, endpoint });
    else if (isNewerMessage(message.body)) {
      console.warn(
        `Message ${message.id} in ${batch.queue} is of a newer version and comes back.`,
        message.body,
      );
      message.retry({ delaySeconds: NEWER_SECONDS });
    } else {
      console.error(
        `Message ${message.id} in ${batch.queue} is not one of ours and was dropped.`,
        message.body,
      );
      message.ack();
    }
  }
  return { attempts, wakes };
}
