/** What holds for every batch, whatever happens to its logs, its attempts, its write and its queue. */
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AttemptReply } from "../../src/call/attempt-request.ts";
import { away, made, type Replaced, runBatch } from "./batch-scene.ts";
import { entryOf, failureOf, keyOf, logOf, NOW } from "./samples.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

/**
 * What happens to one message. `unread`: its payload was not read. `replaced`: it names a retry of a replaced
 * delivery.
 */
interface Fate {
  log: "due" | "unread" | "stale" | "gone" | "early" | "replaced" | "replaced_first";
  reply: "delivered" | "failed" | "under_way" | "superseded" | "lost" | "no_secret";
  losses: number;
}
const someFate: fc.Arbitrary<Fate> = fc.record({
  log: fc.constantFrom("due", "unread", "stale", "gone", "early", "replaced", "replaced_first"),
  reply: fc.constantFrom("delivered", "failed", "under_way", "superseded", "lost", "no_secret"),
  losses: fc.nat({ max: 3 }),
});
const someScene = fc.record({
  fates: fc.array(someFate, { maxLength: 8 }),
  writes: fc.boolean(),
  enqueues: fc.boolean(),
});

/** A call's id is its fate's index. */
const keysOf = (fates: readonly Fate[]) =>
  fates.map(({ log }, index) => keyOf({ call_id: String(index), attempt: log === "replaced" ? 2 : 1 }));

function logFor(call_id: string, { log, losses }: Fate) {
  if (log === "gone") return undefined;
  const waiting = logOf({ call_id, losses });
  const changes = {
    due: {},
    unread: { payload: null },
    stale: { attempts: 1 },
    early: { next_attempt_at: NOW + 60_000 },
    replaced: { delivery_id: "dlv_2" },
    replaced_first: { delivery_id: "dlv_2" },
  };
  return { ...waiting, ...changes[log] };
}

/** Functions that answer each call by its fate. A replaced log does not move on. A look-up asks for no secret. */
function verbsOf({ fates, writes, enqueues }: { fates: Fate[]; writes: boolean; enqueues: boolean }) {
  const fateOf = (call_id: string) => fates[Number(call_id)];
  const answer = async ({ call_id }: { call_id: string }): Promise<AttemptReply> => {
    const reply = fateOf(call_id)?.reply;
    if (reply === "superseded") return { kind: reply };
    if (reply === "under_way") return { kind: reply, leftMs: null };
    if (reply === "lost") return away();
    return made(reply === "failed" ? failureOf(500) : entryOf());
  };
  const verbs: Replaced = {
    read: async (asked) =>
      asked.map(({ call_id }) => {
        const fate = fateOf(call_id);
        return fate && logFor(call_id, fate);
      }),
    decryptHeaders: async () => ({}),
    decryptSecrets: async ({ call_id }) =>
      fateOf(call_id)?.reply === "no_secret" ? null : ["whsec_c2VjcmV0"],
    attempt: ({ key }) => answer(key),
    lookUp: answer,
    write: async ({ results }) => {
      if (!writes) return away();
      return results
        .map(({ key }) => key)
        .filter(({ call_id }) => !fateOf(call_id)?.log.startsWith("replaced"));
    },
    enqueue: async () => (enqueues ? undefined : away()),
  };
  return verbs;
}

/** The ids of the calls that such a fate met, in order. */
const idsWhere = (fates: readonly Fate[], holds: (fate: Fate) => boolean) =>
  fates.flatMap((fate, index) => (holds(fate) ? [String(index)] : []));
const idsOf = (keys: readonly { call_id: string }[]) => keys.map(({ call_id }) => call_id).toSorted();
/** The call ids of each call of one function. */
const asksOf = (order: readonly string[], verb: string) =>
  order.flatMap((line) => (line.startsWith(`${verb} `) ? [line.slice(verb.length + 1)] : []));

const isDue = ({ log }: Fate) => log === "due";
const isReplaced = ({ log }: Fate) => log === "replaced" || log === "replaced_first";
const isAttempted = (fate: Fate) => isDue(fate) && fate.reply !== "no_secret";
const isInterrupted = (fate: Fate) => isDue(fate) && fate.reply === "lost" && fate.losses >= 2;
const isMade = (fate: Fate) =>
  ((isDue(fate) || isReplaced(fate)) && (fate.reply === "delivered" || fate.reply === "failed")) ||
  (isReplaced(fate) && fate.reply === "no_secret");
const hasResult = (fate: Fate) => isMade(fate) || isInterrupted(fate);
const isDone = (fate: Fate) =>
  ["stale", "gone"].includes(fate.log) || ((isDue(fate) || isReplaced(fate)) && fate.reply === "superseded");

test("each attempt is made once at most, and only where its log waits for it", async () => {
  await fc.assert(
    fc.asyncProperty(someScene, async (scene) => {
      const keys = keysOf(scene.fates);
      const { requests } = await runBatch({ keys: [...keys, ...keys], logs: [], replace: verbsOf(scene) });
      expect(idsOf(requests.map(({ key }) => key))).toEqual(idsWhere(scene.fates, isAttempted));
    }),
    { numRuns: 200 },
  );
});

test("a batch reads once, each key once, and looks up exactly what is closed", async () => {
  await fc.assert(
    fc.asyncProperty(someScene, async (scene) => {
      const keys = keysOf(scene.fates);
      const { order } = await runBatch({ keys: [...keys, ...keys], logs: [], replace: verbsOf(scene) });
      const all = keys.map(({ call_id }) => call_id).join(" ");
      expect(asksOf(order, "read")).toEqual(keys.length > 0 ? [all] : []);
      expect(asksOf(order, "lookUp").toSorted()).toEqual(idsWhere(scene.fates, isReplaced));
    }),
    { numRuns: 200 },
  );
});

test("a message is acked exactly where nothing is left to do or its result was written", async () => {
  await fc.assert(
    fc.asyncProperty(someScene, async (scene) => {
      const keys = keysOf(scene.fates);
      const trace = await runBatch({ keys, logs: [], replace: verbsOf(scene) });
      const acked = keys.filter((_, index) => trace.settlements[index]?.kind === "ack");
      expect(idsOf(acked)).toEqual(
        idsWhere(scene.fates, (fate) => isDone(fate) || (scene.writes && hasResult(fate))),
      );
    }),
    { numRuns: 200 },
  );
});

test("a message comes back at once exactly where its payload was left out of the read", async () => {
  await fc.assert(
    fc.asyncProperty(someScene, async (scene) => {
      const keys = keysOf(scene.fates);
      const { settlements } = await runBatch({ keys, logs: [], replace: verbsOf(scene) });
      const atOnce = keys.filter((_, index) => {
        const settlement = settlements[index];
        return settlement?.kind === "retry" && settlement.delaySeconds === 0;
      });
      expect(idsOf(atOnce)).toEqual(idsWhere(scene.fates, ({ log }) => log === "unread"));
    }),
    { numRuns: 200 },
  );
});

test("every result and every loss is written once, and only what moved its log on and failed has a successor", async () => {
  await fc.assert(
    fc.asyncProperty(someScene, async (scene) => {
      const { fates, writes } = scene;
      const trace = await runBatch({ keys: keysOf(fates), logs: [], replace: verbsOf(scene) });
      expect(idsOf(trace.results.map(({ key }) => key))).toEqual(idsWhere(fates, hasResult));
      expect(idsOf(trace.losses.map(({ key }) => key))).toEqual(
        idsWhere(fates, (fate) => isDue(fate) && fate.reply === "lost" && !isInterrupted(fate)),
      );
      expect(idsOf(trace.successors.map(({ key }) => key))).toEqual(
        idsWhere(fates, (fate) => writes && isDue(fate) && hasResult(fate) && fate.reply !== "delivered"),
      );
      for (const { key } of trace.successors) expect(key.attempt).toBe(2);
    }),
    { numRuns: 200 },
  );
});
