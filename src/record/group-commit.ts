/**
 * Small writes that come close together share one transaction: the database runs one at a time, and most of what a
 * small one costs is the asking. A write that comes alone is made at once. The first of a group leads it: it waits
 * for the group before, while others join, and then commits all of them. Nobody's write depends on another's: if a
 * group fails or hangs, each of its writes is made by itself. So each must be safe to repeat. Only an error that all
 * of them share, of a database that is away or overloaded, is everybody's: repeating them would add to it.
 */

/** The most writes in a group. */
const GROUP_LIMIT = 16;
/** A group is led on after this long, in milliseconds, even if the one before has not ended. */
const LEAD_AFTER_MS = 100;
/** Whoever has joined a group waits this long for its outcome, in milliseconds. */
const OUTCOME_AFTER_MS = 5_000;

interface Group<Write, Outcome> {
  writes: Write[];
  outcomes: Promise<Outcome[]>;
}

/**
 * `commit` makes these writes in one transaction and returns their outcomes in order. `isShared`: the error is the
 * database's, and no fault of one of the writes.
 */
export function openGroupCommit<Write, Outcome>({
  commit,
  isShared,
}: {
  commit: (writes: readonly Write[]) => Promise<Outcome[]>;
  isShared: (error: unknown) => boolean;
}) {
  let open: Group<Write, Outcome> | null = null;
  /** The outcome of the newest group; null once it has ended. */
  let before: Promise<unknown> | null = null;

  async function lead(group: Group<Write, Outcome>): Promise<Outcome[]> {
    if (before !== null) await within(LEAD_AFTER_MS, before);
    if (open === group) open = null;
    const committing = commit(group.writes);
    const ended = committing.then(
      () => {},
      () => {},
    );
    before = ended;
    void ended.then(() => {
      if (before === ended) before = null;
    });
    return committing;
  }

  return async (write: Write): Promise<Outcome> => {
    const joined = open !== null && open.writes.length < GROUP_LIMIT ? open : null;
    const group: Group<Write, Outcome> = joined ?? { writes: [], outcomes: Promise.resolve([]) };
    const position = group.writes.push(write) - 1;
    if (joined === null) {
      open = group;
      group.outcomes = lead(group);
    }
    const outcomes = await (joined === null
      ? group.outcomes
      : within(OUTCOME_AFTER_MS, group.outcomes)
    ).catch((error: unknown) => {
      if (group.writes.length === 1 || isShared(error)) throw error;
      return null;
    });
    const [outcome] = outcomes?.slice(position) ?? (await commit([write]));
    return outcome as Outcome;
  };
}

/** The promise's value; null if it takes longer. */
async function within<T>(limitMs: number, promise: Promise<T>): Promise<T | null> {
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), limitMs);
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
