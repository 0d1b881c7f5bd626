/** Which object serves each call, and how often a call's object was lost. Holds names only. */

/** A closed object stays for as long as that of the Worker does, in milliseconds. */
const CLOSED_MS = 60_000;

/** An attempt, and the object that makes it. */
export interface Ask {
  object: string;
  key: string;
}

export interface Objects {
  nameOf: (name: string) => string;
  lose: (name: string) => void;
  /** An object was asked for an attempt by a run that began then. It is busy until it replies. */
  begin: (ask: Ask, askedBy: number) => void;
  end: (ask: Ask) => void;
  /** A consumer has heard that the attempt was made. */
  hear: (ask: Ask) => void;
  isHeard: (ask: Ask) => boolean;
  /** When the run began that asked for the attempt first. */
  askedBy: (ask: Ask) => number;
  /** The object begins no attempt any more. It stays for a while. */
  close: (object: string) => void;
  isClosed: (object: string) => boolean;
  /** The calls with a busy object whose request has not reached the receiver. */
  withAsksBefore: (received: readonly Ask[]) => string[];
  /** Evicts the objects of all calls but these. */
  evictOthers: (busy: ReadonlySet<string>) => void;
  /** Evicts all objects at the end, which is no loss. */
  retire: () => void;
  lossesOf: (callId: string) => number;
}

export function trackObjects(now: () => number): Objects {
  /** By the name the Worker uses: how many objects were lost. */
  const losses = new Map<string, number>();
  const asks = new Map<string, Ask>();
  const heard = new Set<string>();
  /** By the name the Worker uses: how many objects were retired. */
  const retirements = new Map<string, number>();
  const askedBy = new Map<string, number>();
  const closedUntil = new Map<string, number>();
  const textOf = ({ object, key }: Ask) => `${object} ${key}`;
  const callIdOf = (name: string) => name.split("/")[1] ?? "";
  const lose = (name: string) => losses.set(name, (losses.get(name) ?? 0) + 1);
  function nameOf(name: string) {
    const lost = losses.get(name) ?? 0;
    losses.set(name, lost);
    return `${name}~${lost}~${retirements.get(name) ?? 0}`;
  }
  const stays = (name: string) => (closedUntil.get(nameOf(name)) ?? 0) > now();
  return {
    nameOf,
    lose,
    begin: (ask, began) => {
      asks.set(textOf(ask), ask);
      askedBy.set(textOf(ask), Math.min(began, askedBy.get(textOf(ask)) ?? began));
    },
    end: (ask) => asks.delete(textOf(ask)),
    hear: (ask) => heard.add(textOf(ask)),
    isHeard: (ask) => heard.has(textOf(ask)),
    askedBy: (ask) => askedBy.get(textOf(ask)) ?? 0,
    close: (object) => closedUntil.set(object, now() + CLOSED_MS),
    isClosed: (object) => closedUntil.has(object),
    withAsksBefore: (received) => {
      const arrived = new Set(received.map(textOf));
      return [...asks].flatMap(([text, { object }]) => (arrived.has(text) ? [] : callIdOf(object)));
    },
    evictOthers: (busy) => {
      for (const name of losses.keys()) if (!busy.has(callIdOf(name)) && !stays(name)) lose(name);
    },
    retire: () => {
      for (const name of losses.keys())
        if (!stays(name)) retirements.set(name, (retirements.get(name) ?? 0) + 1);
    },
    lossesOf: (callId) =>
      [...losses].reduce((sum, [name, lost]) => (callIdOf(name) === callId ? sum + lost : sum), 0),
  };
}
