/**
 * Messages that follow each other closely share one send, which costs the runtime as much as a single one. A message
 * that comes alone is sent at once. Messages are held in memory for some milliseconds. The sweep finds the ones that
 * are lost with it.
 */
import type { Enqueued } from "./producer.ts";

export interface CoalescedSendVerbs {
  send: (entries: readonly Enqueued[]) => Promise<void>;
  wait: (ms: number) => Promise<unknown>;
  now: () => number;
}

/** How long messages are collected, in milliseconds: far less than a batch waits to be filled. */
const COALESCE_MS = 20;

/**
 * Takes entries. For the first of a shared send it returns the promise of that send, which the caller has to keep
 * alive; otherwise null. After its time a shared send takes no more entries, even if its keeper is gone.
 */
export function openCoalescedSend({ send, wait, now }: CoalescedSendVerbs) {
  let open: { entries: Enqueued[]; until: number } | null = null;
  let lastAt = Number.NEGATIVE_INFINITY;
  return (entries: readonly Enqueued[]): Promise<void> | null => {
    const at = now();
    const isAlone = at - lastAt > COALESCE_MS;
    lastAt = at;
    if (open !== null && at <= open.until) {
      open.entries.push(...entries);
      return null;
    }
    if (isAlone) return send(entries);
    const sharedSend = { entries: [...entries], until: at + COALESCE_MS };
    open = sharedSend;
    return wait(COALESCE_MS).then(() => {
      if (open === sharedSend) open = null;
      return send(sharedSend.entries);
    });
  };
}
