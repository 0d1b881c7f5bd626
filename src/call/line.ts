/**
 * The order of one call's attempts: one at a time, each awaited to its end before the next begins. Remembers what it
 * has just done, so that a repeated message is answered and not sent again. Keeps nothing that could not be reread.
 */
import { nextSentAt } from "../core/transition.ts";
import { type AttemptEntry, type AttemptKey, attemptKeyText } from "../core/webhook-log.ts";
import type { AttemptJob, Reply } from "../deliver/job.ts";

/** How many attempts are remembered: a whole schedule's and a few more. */
const REMEMBERED_ATTEMPTS = 16;

/** Whoever asks again after an attempt is hardly kept waiting, in milliseconds: it would keep others from asking. */
const JOIN_WAIT_LIMIT_MS = 200;

export interface LineVerbs {
  send: (job: AttemptJob, sentAt: number) => Promise<AttemptEntry>;
  /** Keeps the object alive until the promise settles; a rejection in it is no concern of the caller's. */
  keepAlive: (work: Promise<unknown>) => void;
  now: () => number;
}

export interface Line {
  /** Takes an attempt into the line, or finds it there. Rejects where making it failed. */
  attempt: (job: AttemptJob) => Promise<Reply>;
  /**
   * Finds an attempt: made, under way, or superseded where it is not known. Makes none. `newestOrdinal` is that of the
   * log's current delivery: whoever still wants to make an attempt of an older one comes too late from then on.
   */
  recall: (key: AttemptKey, asked: { waitMs: number; newestOrdinal: number }) => Promise<Reply>;
}

export function openLine({ send, keepAlive, now }: LineVerbs): Line {
  const attempts = new Map<string, Promise<Reply>>();
  const made: string[] = [];
  const highestOrdinal = new Map<string, number>();
  let lastSentAt: number | null = null;
  let running: { key: string; until: number } | null = null;
  let tail: Promise<unknown> = Promise.resolve();

  async function takeTurn(job: AttemptJob): Promise<Reply> {
    // A first attempt too: before a newer delivery begins it is recorded, or was put off and is not to be made any more.
    if (job.delivery_ordinal < (highestOrdinal.get(job.key.event) ?? 0)) return { kind: "superseded" };
    lastSentAt = nextSentAt(nextSentAt(now(), lastSentAt), job.last_sent_at);
    running = { key: attemptKeyText(job.key), until: now() + job.timeoutMs };
    return { kind: "made", entry: await send(job, lastSentAt) };
  }

  function join(job: AttemptJob): Promise<Reply> {
    const key = attemptKeyText(job.key);
    const known = attempts.get(key);
    if (known !== undefined) return known;
    noteOrdinal(job.key, job.delivery_ordinal);
    const turn = tail.then(() => takeTurn(job));
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
  function withinWait(key: AttemptKey, { reply, waitMs }: { reply: Promise<Reply>; waitMs: number }) {
    const { promise: underWay, resolve } = Promise.withResolvers<Reply>();
    const timer = setTimeout(() => {
      const leftMs = running?.key === attemptKeyText(key) ? running.until - now() : null;
      resolve({ kind: "under_way", leftMs });
    }, waitMs);
    // The timer goes with the answer: one left running would keep the object awake, and billed.
    return Promise.race([reply, underWay]).finally(() => clearTimeout(timer));
  }

  return {
    attempt: (job) => {
      const isKnown = attempts.has(attemptKeyText(job.key));
      const waitMs = isKnown ? Math.min(job.waitMs, JOIN_WAIT_LIMIT_MS) : job.waitMs;
      return withinWait(job.key, { reply: join(job), waitMs });
    },
    recall: (key, { waitMs, newestOrdinal }) => {
      noteOrdinal(key, newestOrdinal);
      const reply = attempts.get(attemptKeyText(key)) ?? Promise.resolve({ kind: "superseded" });
      return withinWait(key, { reply, waitMs });
    },
  };
}
