/**
 * Messages that are to be sent at about the same time share one send: it costs the runtime as much for one as for many.
 * Holds them for some milliseconds in memory and nowhere else; what is lost with it, the sweep finds.
 */
import type { Enqueued } from "./producer.ts";

export interface GatheringVerbs {
  send: (entries: readonly Enqueued[]) => Promise<void>;
  wait: (ms: number) => Promise<unknown>;
  now: () => number;
}

/** Far less than a batch waits to be filled, in milliseconds. */
const GATHERING_MS = 10;

/**
 * Takes entries, and returns the send that they wait for where they are the first of it: theirs to keep alive. A gathering
 * whose keeper is gone takes no more once its time has passed.
 */
export function openGathering({ send, wait, now }: GatheringVerbs) {
  let open: { entries: Enqueued[]; until: number } | null = null;
  return (entries: readonly Enqueued[]): Promise<void> | null => {
    if (open !== null && now() <= open.until) {
      open.entries.push(...entries);
      return null;
    }
    const gathering = { entries: [...entries], until: now() + GATHERING_MS };
    open = gathering;
    return wait(GATHERING_MS).then(() => {
      if (open === gathering) open = null;
      return send(gathering.entries);
    });
  };
}
