/** Queue messages: what one says, and whether it still has anything to say. Pure. */
import * as z from "zod";
import { isCallId } from "./call-id.ts";
import { type AttemptKey, LOG_EVENTS, type LogState, OPERATIONAL_EVENT } from "./webhook-log.ts";

/**
 * The newest message version. A consumer understands this one and, once there is one, the version before it. A member
 * that older consumers may ignore needs no new version.
 */
export const MESSAGE_VERSION = 1;

/** A message names an attempt and carries nothing else: no payload, no URL, no state. */
export type DeliveryMessage = AttemptKey & { v: typeof MESSAGE_VERSION };

const schema = z.object({
  v: z.literal(MESSAGE_VERSION),
  user_id: z.string().min(1),
  call_id: z.string().refine(isCallId),
  event: z.enum([...LOG_EVENTS, OPERATIONAL_EVENT]),
  delivery_id: z.string().min(1),
  attempt: z.int().min(1),
});

/** The attempt a message body names, or null where it is no message of ours. */
export function readMessage(body: unknown): AttemptKey | null {
  const parsed = schema.safeParse(body);
  if (!parsed.success) return null;
  const { v: _v, ...key } = parsed.data;
  return key;
}

/** Whether a body is a message of ours that only a newer version of this code can read: it is to be kept for that. */
export const isNewerMessage = (body: unknown): boolean => newerSchema.safeParse(body).success;

const newerSchema = z.object({ v: z.int().gt(MESSAGE_VERSION) });

export const writeMessage = ({
  user_id,
  call_id,
  event,
  delivery_id,
  attempt,
}: AttemptKey): DeliveryMessage => ({
  v: MESSAGE_VERSION,
  user_id,
  call_id,
  event,
  delivery_id,
  attempt,
});

/** A message may be this early and is sent all the same, in milliseconds: queues count in whole seconds. */
export const EARLY_TOLERANCE_MS = 1_000;

/** The longest delay a queue takes, in seconds. */
export const QUEUE_DELAY_LIMIT_SECONDS = 86_400;

export type MessageVerdict =
  | { kind: "send" }
  | { kind: "early"; delaySeconds: number }
  | { kind: "closed" }
  | { kind: "stale" };

/**
 * Whether the attempt that a message names is the one its log waits for. It is closed where a newer delivery has replaced
 * its own, or its own was given up before it: it is not to be made any more, but may have been under way by then, the
 * first one too where it had waited for its endpoint. It is stale where it is recorded, is not next, or its log is gone.
 */
export function judgeMessage(
  key: Pick<AttemptKey, "delivery_id" | "attempt">,
  log: Pick<LogState, "delivery_id" | "attempts" | "next_attempt_at"> | undefined,
  now: number,
): MessageVerdict {
  if (log === undefined) return { kind: "stale" };
  if (log.delivery_id !== key.delivery_id) return { kind: "closed" };
  if (log.attempts !== key.attempt - 1) return { kind: "stale" };
  if (log.next_attempt_at === null) return { kind: "closed" };
  const earlyMs = log.next_attempt_at - now;
  if (earlyMs <= EARLY_TOLERANCE_MS) return { kind: "send" };
  return { kind: "early", delaySeconds: clampDelay(Math.ceil(earlyMs / 1_000)) };
}

export const clampDelay = (delaySeconds: number): number => Math.min(delaySeconds, QUEUE_DELAY_LIMIT_SECONDS);
