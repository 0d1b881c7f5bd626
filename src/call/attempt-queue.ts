/**
 * The order of one call's attempts: one at a time, each awaited to its end before the next begins. Remembers what it
 * has just done, so that a repeated message is answered and not sent again. Keeps nothing that could not be reread.
 */
import { nextSentAt } from "../core/transition.ts";
import { type AttemptEntry, type AttemptKey, attemptKeyText } from "../core/webhook-log.ts";
import type { AttemptReply, AttemptRequest } from "./attempt-request.ts";

/** How many attempts are remembered: a whole schedule's and a few more. */
const REMEMBERED_ATTEMPTS = 16;

/** Whoever asks again after an attempt is hardly kept waiting, in milliseconds: it would keep others from asking. */
const JOIN_WAIT_LIMIT_MS = 200;

export interface AttemptQueueVerbs {
  send: (request: AttemptRequest, sentAt: number) => Promise<AttemptEntry>;
  /** Keeps the object alive until the promise settles; a rejection in it is no concern of the caller's. */
  keepAlive: (work: Promise<unknown>) => void;
  now: () => number;
}

export interface Line {
  /** Takes an attempt into the queue, or finds it there. Rejects where making it failed. */
  attempt: (request: AttemptRequest) => Promise<AttemptReply>;
  /**
   * Finds an attempt: made, under way, or superseded where it is not known. Makes none. `newestOrdinal` is that of the
   * log's current delivery: whoever still wants to make an attempt of an older one comes too late from then on.
   */
  lookUp: (key: AttemptKey, asked: { waitMs: number; newestOrdinal: number }) => Promise<AttemptReply>;
}

export function openAttemptQueue({ send, keepAlive, now }: AttemptQueueVerbs): Line {
  const attempts = new Map<string, Promise<AttemptReply>>();
  const made: string[] = [];
  const highestOrdinal = new Map<string, number>();
  let lastSentAt: number | null = null;
  let running: { key: string; until: number } | null = null;
  let tail: Promise<unknown> = Promise.resolve();

  async function takeTurn(request: AttemptRequest): Promise<AttemptReply> {
    // A first attempt too: before a newer delivery begins it is recorded, or was put off and is not to be made any more.
    if (request.delivery_ordinal < (highestOrdinal.get(request.key.event) ?? 0))
      return { kind: "superseded" };
    lastSentAt = nextSentAt(nextSentAt(now(), lastSentAt), request.last_sent_at);
    running = { key: attemptKeyText(request.key), until: now() + request.timeoutMs };
    return { kind: "made", entry: await send(request, lastSentAt) };
  }

  function join(request: AttemptRequest): Promise<AttemptReply> {
    const key = attemptKeyText(request.key);
    const known = attempts.get(key);
    if (known !== undefined) return known;
    noteOrdinal(request.key, request.delivery_ordinal);
    const turn = tail.then(() => takeTurn(request));
    attempts.set(key, turn);
    // Both ways out: a link that rejected would reject all that follow it.
    tail = turn.then(
      () => remember(key),
      () => attempts.delete(key),
    );
    keepAlive(tail);
    return turn;
  }

  const noteOrdinal = ({ event }: AttemptKey, ordinal: number) =>
    highestOrdinal.set(event, Math.max(ordinal, highestOrdinal.get(event) ?? 0));

  /** Forgets the attempt made longest ago once there are too many. */
  function remember(key: string): void {
    made.push(key);
    if (made.length > REMEMBERED_ATTEMPTS) attempts.delete(made.shift() ?? "");
  }

  /** The reply, or after a while that it is still to come. */
  function withinWait(key: AttemptKey, { reply, waitMs }: { reply: Promise<AttemptReply>; waitMs: number }) {
    const { promise: underWay, resolve } = Promise.withResolvers<AttemptReply>();
    const timer = setTimeout(() => {
      const leftMs = running?.key === attemptKeyText(key) ? running.until - now() : null;
      resolve({ kind: "under_way", leftMs });
    }, waitMs);
    // The timer goes with the answer: one left running would keep the object awake, and billed.
    return Promise.race([reply, underWay]).finally(() => clearTimeout(timer));
  }

  return {
    attempt: (request) => {
      const isKnown = attempts.has(attemptKeyText(request.key));
      const waitMs = isKnown ? Math.min(request.waitMs, JOIN_WAIT_LIMIT_MS) : request.waitMs;
      return withinWait(request.key, { reply: join(request), waitMs });
    },
    lookUp: (key, { waitMs, newestOrdinal }) => {
      noteOrdinal(key, newestOrdinal);
      const reply = attempts.get(attemptKeyText(key)) ?? Promise.resolve({ kind: "superseded" });
      return withinWait(key, { reply, waitMs });
    },
  };
}
