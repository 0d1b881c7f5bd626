/** Queue messages: what they name, an attempt or an endpoint that wakes, and whether the attempt is still to be made. Pure. */
import * as z from "zod";
import { isCallId } from "./call-id.ts";
import { URL_LIMIT_CHARACTERS } from "./target.ts";
import { type AttemptKey, LOG_EVENTS, type LogState, OPERATIONAL_EVENT } from "./webhook-log.ts";

/**
 * The newest message version. A consumer also understands the version before it, if there is one. A member that older
 * consumers may ignore needs no new version.
 */
export const MESSAGE_VERSION = 1;

/** A message that names an attempt. It carries no payload, no URL and no state. */
export type DeliveryMessage = AttemptKey & { v: typeof MESSAGE_VERSION };

/** A message that names an endpoint which wakes: an org, and a URL without its query. It carries no state either. */
export interface WakeMessage {
  v: typeof MESSAGE_VERSION;
  user_id: string;
  endpoint: string;
}

const wakeSchema = z.object({
  v: z.literal(MESSAGE_VERSION),
  user_id: z.string().min(1).max(128),
  endpoint: z.string().min(1).max(URL_LIMIT_CHARACTERS),
});

/** The endpoint that a message names, or null if it names none. */
export function readWakeMessage(body: unknown): { user_id: string; url: string } | null {
  const parsed = wakeSchema.safeParse(body);
  return parsed.success ? { user_id: parsed.data.user_id, url: parsed.data.endpoint } : null;
}

export const writeWakeMessage = ({ user_id, url }: { user_id: string; url: string }): WakeMessage => ({
  v: MESSAGE_VERSION,
  user_id,
  endpoint: url,
});

const schema = z.object({
  v: z.literal(MESSAGE_VERSION),
  user_id: z.string().min(1).max(128),
  call_id: z.string().refine(isCallId),
  event: z.enum([...LOG_EVENTS, OPERATIONAL_EVENT]),
  delivery_id: z.string().min(1).max(128),
  attempt: z.int().min(1),
});

/** The attempt that a message names, or null if it names none. */
export function readMessage(body: unknown): AttemptKey | null {
  const parsed = schema.safeParse(body);
  if (!parsed.success) return null;
  const { v: _v, ...key } = parsed.data;
  return key;
}

/** Whether a message is ours but needs newer code to read it. Such a message is kept. */
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

/** A message that is early by no more than this is still sent, in milliseconds: queues count whole seconds. */
export const EARLY_TOLERANCE_MS = 1_000;

/** The longest delay a queue takes, in seconds. */
export const QUEUE_DELAY_LIMIT_SECONDS = 86_400;

export type MessageVerdict =
  | { kind: "send" }
  | { kind: "early"; delaySeconds: number }
  | { kind: "closed" }
  | { kind: "stale" };

/**
 * Whether the attempt that a message names is the one its log waits for.
 * - `closed`: a newer delivery has replaced the attempt's, or its delivery was given up. It is not to be made any
 *   more, but it may have been under way already.
 * - `stale`: it is recorded already, it is not the next one, or its log is gone.
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

/** Whole seconds until then, rounded up; 0 if it has passed. Times are in milliseconds. */
export const secondsUntil = (at: number, now: number): number => Math.max(0, Math.ceil((at - now) / 1_000));

export const clampDelay = (delaySeconds: number): number => Math.min(delaySeconds, QUEUE_DELAY_LIMIT_SECONDS);
