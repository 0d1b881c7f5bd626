/** Attempt queues in memory, whose requests are held open or answered at once. */
import { vi } from "vitest";
import { openAttemptQueue } from "../../src/call/attempt-queue.ts";
import type { AttemptRequest } from "../../src/call/attempt-request.ts";
import type { AttemptEntry, AttemptKey } from "../../src/core/webhook-log.ts";
import { entryOf, keyOf, NOW, requestOf } from "./samples.ts";

/** Running, with all of its timeout left: these clocks stand still. */
export const RUNNING = { kind: "under_way", leftMs: 15_000 };
export const WAITING = { kind: "under_way", leftMs: null };
export const SUPERSEDED = { kind: "superseded" };
export const made = (entry: AttemptEntry) => ({ kind: "made", entry });

/** How long a batch waits for an attempt. */
const WAIT_MS = 2_000;

/** Lets fake time pass. */
export const passMs = (ms: number) => vi.advanceTimersByTimeAsync(ms);
export const requestFor = (key: Partial<AttemptKey>, change: Partial<AttemptRequest> = {}) =>
  requestOf({ key: keyOf(key), ...change });

/** A queue whose requests are held open: `answer` and `lose` end the one that is running. Needs fake timers. */
export function heldQueue(now = () => NOW) {
  const asked: { request: AttemptRequest; sentAt: number; end: PromiseWithResolvers<AttemptEntry> }[] = [];
  const kept: Promise<unknown>[] = [];
  const { attempt: ask, lookUp: lookUpWithin } = openAttemptQueue({
    send: (request, sentAt) => {
      const end = Promise.withResolvers<AttemptEntry>();
      asked.push({ request, sentAt, end });
      return end.promise;
    },
    keepAlive: (work) => kept.push(work),
    now,
  });
  return {
    ask,
    lookUp: (key: AttemptKey, newestOrdinal = 1) => lookUpWithin(key, { waitMs: WAIT_MS, newestOrdinal }),
    kept,
    sent: () => asked.map(({ request }) => `${request.key.delivery_id} ${request.key.attempt}`),
    answer: async () => {
      const entry = entryOf({ sent_at: asked.at(-1)?.sentAt ?? Number.NaN });
      asked.at(-1)?.end.resolve(entry);
      await passMs(0);
      return entry;
    },
    lose: async () => {
      asked.at(-1)?.end.reject(new Error("lost"));
      await passMs(0);
    },
  };
}

/** A queue whose requests are answered at once. */
export function quickQueue(now = () => NOW) {
  const sent: { request: AttemptRequest; sentAt: number }[] = [];
  const send = async (request: AttemptRequest, sentAt: number) => {
    sent.push({ request, sentAt });
    return entryOf({ sent_at: sentAt });
  };
  const { attempt: ask, lookUp: lookUpWithin } = openAttemptQueue({ send, keepAlive: () => {}, now });
  return {
    ask,
    lookUp: (key: AttemptKey, newestOrdinal = 1) => lookUpWithin(key, { waitMs: WAIT_MS, newestOrdinal }),
    sent,
  };
}
