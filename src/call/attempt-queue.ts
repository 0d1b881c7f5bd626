/**
 * One call's attempts, made one at a time: each ends before the next begins. The queue remembers recent attempts and
 * answers a repeated message without sending again. It stores nothing: all it knows can be read again from D1.
 */
import { nextSentAt } from "../core/transition.ts";
import { type AttemptEntry, type AttemptKey, attemptKeyText } from "../core/webhook-log.ts";
import type { AttemptReply, AttemptRequest } from "./attempt-request.ts";

/** How many attempts are remembered: more than a whole schedule has. A call that is probed for days makes more. */
const REMEMBERED_ATTEMPTS = 16;

/**
 * A caller who asks for a known attempt again waits this long at most, in milliseconds. It could wait for others
 * instead.
 */
const JOIN_WAIT_LIMIT_MS = 200;

export interface AttemptQueueVerbs {
  send: (request: AttemptRequest, sentAt: number) => Promise<AttemptEntry>;
  /** Keeps the object alive until the promise settles. A rejection does not concern the caller. */
  keepAlive: (work: Promise<unknown>) => void;
  now: () => number;
}

export interface AttemptQueue {
  /** Adds an attempt to the queue, or finds it there. Rejects if making it failed. */
  attempt: (request: AttemptRequest) => Promise<AttemptReply>;
  /**
   * Looks up an attempt without making it. An unknown one is `superseded`. `newestOrdinal` is the ordinal of the
   * log's current delivery: from then on no attempt of an older delivery is made.
   */
  lookUp: (key: AttemptKey, asked: { waitMs: number; newestOrdinal: number }) => Promise<AttemptReply>;
  /** The call was erased: from now on no attempt begins. One that has begun goes on. */
  close: () => void;
}

export function openAttemptQueue({ send, keepAlive, now }: AttemptQueueVerbs): AttemptQueue {
  const attempts = new Map<string, Promise<AttemptReply>>();
  const made: string[] = [];
  /** By event: the newest delivery's ordinal. By event and delivery: its newest attempt that was begun. */
  const newest = new Map<string, number>();
  let lastSentAt: number | null = null;
  let isClosed = false;
  let running: { key: string; until: number } | null = null;
  let tail: Promise<unknown> = Promise.resolve();

  async function takeTurn(request: AttemptRequest): Promise<AttemptReply> {
    // This holds for first attempts too: before a newer delivery starts, the older one's first attempt was recorded
    // or given up. And before an attempt is asked for, the one before it was recorded.
    const { event, delivery_id, attempt } = request.key;
    const delivery = `${event}/${delivery_id}`;
    const isOlder = request.delivery_ordinal < newestOf(event) || attempt < newestOf(delivery);
    if (isOlder || isClosed) return { kind: "superseded" };
    note(delivery, attempt);
    lastSentAt = nextSentAt(nextSentAt(now(), lastSentAt), request.last_sent_at);
    running = { key: attemptKeyText(request.key), until: now() + request.timeoutMs };
    return { kind: "made", entry: await send(request, lastSentAt) };
  }

  function join(request: AttemptRequest): Promise<AttemptReply> {
    const key = attemptKeyText(request.key);
    const known = attempts.get(key);
    if (known !== undefined) return known;
    note(request.key.event, request.delivery_ordinal);
    const turn = tail.then(() => takeTurn(request));
    attempts.set(key, turn);
    // Both outcomes are handled: if one link of the chain rejected, all that follow would reject too.
    tail = turn.then(
      () => remember(key),
      () => attempts.delete(key),
    );
    keepAlive(tail);
    return turn;
  }

  const newestOf = (name: string): number => newest.get(name) ?? 0;
  const note = (name: string, number: number) => newest.set(name, Math.max(number, newestOf(name)));

  /** Forgets the oldest attempt when there are too many. */
  function remember(key: string): void {
    made.push(key);
    if (made.length > REMEMBERED_ATTEMPTS) attempts.delete(made.shift() ?? "");
  }

  /** The reply, or `under_way` if it takes longer than `waitMs`. */
  function withinWait(key: AttemptKey, { reply, waitMs }: { reply: Promise<AttemptReply>; waitMs: number }) {
    const { promise: underWay, resolve } = Promise.withResolvers<AttemptReply>();
    const timer = setTimeout(() => {
      const leftMs = running?.key === attemptKeyText(key) ? running.until - now() : null;
      resolve({ kind: "under_way", leftMs });
    }, waitMs);
    // A timer left running would keep the object awake, and billed.
    return Promise.race([reply, underWay]).finally(() => clearTimeout(timer));
  }

  return {
    attempt: (request) => {
      const isKnown = attempts.has(attemptKeyText(request.key));
      const waitMs = isKnown ? Math.min(request.waitMs, JOIN_WAIT_LIMIT_MS) : request.waitMs;
      return withinWait(request.key, { reply: join(request), waitMs });
    },
    lookUp: (key, { waitMs, newestOrdinal }) => {
      note(key.event, newestOrdinal);
      const reply = attempts.get(attemptKeyText(key)) ?? Promise.resolve({ kind: "superseded" });
      return withinWait(key, { reply, waitMs });
    },
    close: () => {
      isClosed = true;
    },
  };
}
