/** Which object serves each call now, and how often a call's object was lost before its time. Holds names only. */

export interface Objects {
  nameOf: (name: string) => string;
  lose: (name: string) => void;
  /** Evicts the objects of all calls but these. */
  evictOthers: (busy: ReadonlySet<string>) => void;
  /** Evicts all of them in the end, which is no loss. */
  retire: () => void;
  lossesOf: (callId: string) => number;
}

export function trackObjects(): Objects {
  /** By the name the Worker uses: how many objects were lost. */
  const losses = new Map<string, number>();
  let retirements = 0;
  const callIdOf = (name: string) => name.split("/")[1] ?? "";
  const lose = (name: string) => losses.set(name, (losses.get(name) ?? 0) + 1);
  return {
    nameOf: (name) => {
      const lost = losses.get(name) ?? 0;
      losses.set(name, lost);
      return `${name}~${lost}~${retirements}`;
    },
    lose,
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
