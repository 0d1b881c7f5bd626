/** A call's line in memory: lines whose requests are held open or answered at once, and what they are asked. */
import { vi } from "vitest";
import { openLine } from "../../src/call/line.ts";
import type { AttemptEntry, AttemptKey } from "../../src/core/webhook-log.ts";
import type { AttemptJob } from "../../src/deliver/job.ts";
import { entryOf, jobOf, keyOf, NOW } from "./samples.ts";

/** Running, with all of its timeout left: these clocks stand still. */
export const RUNNING = { kind: "under_way", leftMs: 15_000 };
export const WAITING = { kind: "under_way", leftMs: null };
export const SUPERSEDED = { kind: "superseded" };
export const made = (entry: AttemptEntry) => ({ kind: "made", entry });

/** How long a batch waits for an attempt. */
const WAIT_MS = 2_000;

/** Lets fake time pass. */
export const passMs = (ms: number) => vi.advanceTimersByTimeAsync(ms);
export const jobFor = (key: Partial<AttemptKey>, change: Partial<AttemptJob> = {}) =>
  jobOf({ key: keyOf(key), ...change });

/** A line whose requests are held open: `answer` and `lose` end the one that is running. Needs fake timers. */
export function heldLine(now = () => NOW) {
  const requests: { job: AttemptJob; sentAt: number; end: PromiseWithResolvers<AttemptEntry> }[] = [];
  const kept: Promise<unknown>[] = [];
  const { attempt: ask, recall: recallWithin } = openLine({
    send: (job, sentAt) => {
      const end = Promise.withResolvers<AttemptEntry>();
      requests.push({ job, sentAt, end });
      return end.promise;
    },
    keepAlive: (work) => kept.push(work),
    now,
  });
  return {
    ask,
    recall: (key: AttemptKey, newestOrdinal = 1) => recallWithin(key, { waitMs: WAIT_MS, newestOrdinal }),
    kept,
    sent: () => requests.map(({ job }) => `${job.key.delivery_id} ${job.key.attempt}`),
    answer: async () => {
      const entry = entryOf({ sent_at: requests.at(-1)?.sentAt ?? Number.NaN });
      requests.at(-1)?.end.resolve(entry);
      await passMs(0);
      return entry;
    },
    lose: async () => {
      requests.at(-1)?.end.reject(new Error("lost"));
      await passMs(0);
    },
  };
}

/** A line whose requests are answered at once. */
export function quickLine(now = () => NOW) {
  const sent: { job: AttemptJob; sentAt: number }[] = [];
  const send = async (job: AttemptJob, sentAt: number) => {
    sent.push({ job, sentAt });
    return entryOf({ sent_at: sentAt });
  };
  const { attempt: ask, recall: recallWithin } = openLine({ send, keepAlive: () => {}, now });
  return {
    ask,
    recall: (key: AttemptKey, newestOrdinal = 1) => recallWithin(key, { waitMs: WAIT_MS, newestOrdinal }),
    sent,
  };
}
