/** Which object serves each call, and how often a call's object was lost. Holds names only. */

/** An attempt, and the object that makes it. */
export interface Ask {
  object: string;
  key: string;
}

export interface Objects {
  nameOf: (name: string) => string;
  lose: (name: string) => void;
  /** An object was asked for an attempt. It is busy until it replies. */
  begin: (ask: Ask) => void;
  end: (ask: Ask) => void;
  /** A consumer has heard that the attempt was made. */
  hear: (ask: Ask) => void;
  isHeard: (ask: Ask) => boolean;
  /** The calls with a busy object whose request has not reached the receiver. */
  withAsksBefore: (received: readonly Ask[]) => string[];
  /** Evicts the objects of all calls but these. */
  evictOthers: (busy: ReadonlySet<string>) => void;
  /** Evicts all objects at the end, which is no loss. */
  retire: () => void;
  lossesOf: (callId: string) => number;
}

export function trackObjects(): Objects {
  /** By the name the Worker uses: how many objects were lost. */
  const losses = new Map<string, number>();
  const asks = new Map<string, Ask>();
  const heard = new Set<string>();
  let retirements = 0;
  const textOf = ({ object, key }: Ask) => `${object} ${key}`;
  const callIdOf = (name: string) => name.split("/")[1] ?? "";
  const lose = (name: string) => losses.set(name, (losses.get(name) ?? 0) + 1);
  return {
    nameOf: (name) => {
      const lost = losses.get(name) ?? 0;
      losses.set(name, lost);
      return `${name}~${lost}~${retirements}`;
    },
    lose,
    begin: (ask) => asks.set(textOf(ask), ask),
    end: (ask) => asks.delete(textOf(ask)),
    hear: (ask) => heard.add(textOf(ask)),
    isHeard: (ask) => heard.has(textOf(ask)),
    withAsksBefore: (received) => {
      const arrived = new Set(received.map(textOf));
      return [...asks].flatMap(([text, { object }]) => (arrived.has(text) ? [] : callIdOf(object)));
    },
    evictOthers: (busy) => {
      for (const name of losses.keys()) if (!busy.has(callIdOf(name))) lose(name);
    },
    retire: () => {
      retirements++;
    },
    lossesOf: (callId) =>
      [...losses].reduce((sum, [name, lost]) => (callIdOf(name) === callId ? sum + lost : sum), 0),
  };
}
