/** A queue in memory. A program decides what happens to its messages, and its owner has the clock. */

export interface Waiting {
  id: number;
  lane: string;
  body: unknown;
  dueAt: number;
}

export interface MemoryQueue {
  send: (lane: string, body: unknown, delaySeconds: number) => void;
  /** Puts a message back, to come again after a while. */
  comeBack: (message: Waiting, delaySeconds: number) => void;
  /** Hands out the `pick`th message. When one is gone, the numbers of the later ones change. */
  take: (pick: number) => Waiting | undefined;
  /** When the next message is due; null if there is none. */
  nextDueAt: () => number | null;
  /** Hands out a batch of one lane: the messages that are due first. Null if there is none. */
  takeNext: () => Waiting[] | null;
  repeat: (pick: number) => Waiting | undefined;
}

const BATCH_LIMIT = 25;

export function openQueue(now: () => number): MemoryQueue {
  let waiting: Waiting[] = [];
  let lastId = 0;
  const add = (message: Omit<Waiting, "id">) => waiting.push({ ...message, id: ++lastId });
  const remove = (taken: readonly Waiting[]) => {
    waiting = waiting.filter((message) => !taken.includes(message));
  };
  const at = (pick: number) => (waiting.length === 0 ? undefined : waiting[pick % waiting.length]);
  return {
    send: (lane, body, delaySeconds) => add({ lane, body, dueAt: now() + delaySeconds * 1_000 }),
    comeBack: ({ lane, body }, delaySeconds) => add({ lane, body, dueAt: now() + delaySeconds * 1_000 }),
    take: (pick) => {
      const message = at(pick);
      if (message !== undefined) remove([message]);
      return message;
    },
    nextDueAt: () => (waiting.length === 0 ? null : Math.min(...waiting.map(({ dueAt }) => dueAt))),
    takeNext: () => {
      const [first] = waiting.toSorted((a, b) => a.dueAt - b.dueAt || a.id - b.id);
      if (first === undefined) return null;
      const dueBy = Math.max(first.dueAt, now());
      const taken = waiting
        .filter(({ lane, dueAt }) => lane === first.lane && dueAt <= dueBy)
        .slice(0, BATCH_LIMIT);
      remove(taken);
      return taken;
    },
    repeat: (pick) => {
      const message = at(pick);
      if (message !== undefined) add(message);
      return message;
    },
  };
}
