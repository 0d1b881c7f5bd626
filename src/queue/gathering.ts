/**
 * Messages that follow each other closely share one send: it costs the runtime as much for one as for many. Whatever
 * comes alone is sent at once. Holds messages for some milliseconds in memory and nowhere else; what is lost with it,
 * the sweep finds.
 */
import type { Enqueued } from "./producer.ts";

export interface GatheringVerbs {
  send: (entries: readonly Enqueued[]) => Promise<void>;
  wait: (ms: number) => Promise<unknown>;
  now: () => number;
}

/** Far less than a batch waits to be filled, in milliseconds. */
const GATHERING_MS = 20;

/**
 * Takes entries, and returns the send that they wait for where they are the first of it: theirs to keep alive. A
 * gathering whose keeper is gone takes no more once its time has passed.
 */
export function openGathering({ send, wait, now }: GatheringVerbs) {
  let open: { entries: Enqueued[]; until: number } | null = null;
  let lastAt = Number.NEGATIVE_INFINITY;
  return (entries: readonly Enqueued[]): Promise<void> | null => {
    const at = now();
    const isAlone = at - lastAt > GATHERING_MS;
    lastAt = at;
    if (open !== null && at <= open.until) {
      open.entries.push(...entries);
      return null;
    }
    if (isAlone) return send(entries);
    const gathering = { entries: [...entries], until: at + GATHERING_MS };
    open = gathering;
    return wait(GATHERING_MS).then(() => {
      if (open === gathering) open = null;
      return send(gathering.entries);
    });
  };
}
