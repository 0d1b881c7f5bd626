/**
 * Messages that follow each other closely share one send: it costs the runtime as much for one as for many. Whatever
 * comes alone is sent at once. Holds messages for some milliseconds in memory and nowhere else; what is lost with it,
 * the sweep finds.
 */
import type { Enqueued } from "./producer.ts";

export interface CoalescedSendVerbs {
  send: (entries: readonly Enqueued[]) => Promise<void>;
  wait: (ms: number) => Promise<unknown>;
  now: () => number;
}

/** Far less than a batch waits to be filled, in milliseconds. */
const COALESCE_MS = 20;

/**
 * Takes entries, and returns the send that they wait for where they are the first of it: theirs to keep alive. A
 * sharedSend whose keeper is gone takes no more once its time has passed.
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
