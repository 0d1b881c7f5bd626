/** What holds for every batch, whatever becomes of its logs, its attempts, its write and its queue. */
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { BatchVerbs } from "../../src/deliver/batch.ts";
import { away, made, runBatch } from "./batch-scene.ts";
import { entryOf, failureOf, keyOf, logOf, NOW } from "./samples.ts";

beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

/** What meets one message. `split`: its payload comes with a second read only. */
interface Fate {
  log: "due" | "split" | "stale" | "gone" | "early";
  reply: "delivered" | "failed" | "under_way" | "superseded" | "lost" | "no_secret";
  losses: number;
}
const someFate: fc.Arbitrary<Fate> = fc.record({
  log: fc.constantFrom("due", "split", "stale", "gone", "early"),
  reply: fc.constantFrom("delivered", "failed", "under_way", "superseded", "lost", "no_secret"),
  losses: fc.nat({ max: 3 }),
});
const someScene = fc.record({
  fates: fc.array(someFate, { maxLength: 8 }),
  writes: fc.boolean(),
  enqueues: fc.boolean(),
});

/** Verbs that answer each call as its fate wants; a call's id is its fate's index. */
function verbsOf({ fates, writes, enqueues }: { fates: Fate[]; writes: boolean; enqueues: boolean }) {
  const seen = new Set<string>();
  const logFor = (call_id: string) => {
    const { log, losses } = fates[Number(call_id)] ?? {};
    if (log === undefined || log === "gone") return undefined;
    const change = { call_id, losses: losses ?? 0, attempts: log === "stale" ? 1 : 0 };
    const next_attempt_at = log === "early" ? NOW + 60_000 : NOW;
    const unread = log === "split" && !seen.has(call_id);
    seen.add(call_id);
    return logOf({ ...change, next_attempt_at, ...(unread ? { payload: null } : {}) });
  };
  const replyFor = (call_id: string) => fates[Number(call_id)]?.reply;
  const verbs: Partial<BatchVerbs> = {
    read: async (asked) => asked.map(({ call_id }) => logFor(call_id)),
    openSecret: async ({ call_id }) => (replyFor(call_id) === "no_secret" ? null : "whsec_c2VjcmV0"),
    attempt: async ({ key }) => {
      const reply = replyFor(key.call_id);
      if (reply === "under_way" || reply === "superseded") return { kind: reply };
      if (reply === "lost") return away();
      return made(reply === "failed" ? failureOf(500) : entryOf());
    },
    write: async ({ results }) => (writes ? results.map(({ key }) => key) : away()),
    enqueue: async () => (enqueues ? undefined : away()),
  };
  return verbs;
}

/** The ids of the calls that such a fate met, in order. */
const idsWhere = (fates: readonly Fate[], holds: (fate: Fate) => boolean) =>
  fates.flatMap((fate, index) => (holds(fate) ? [String(index)] : []));
const idsOf = (keys: readonly { call_id: string }[]) => keys.map(({ call_id }) => call_id).toSorted();

const isReady = ({ log }: Fate) => log === "due" || log === "split";
const isAttempted = (fate: Fate) => isReady(fate) && fate.reply !== "no_secret";
const isInterrupted = ({ reply, losses }: Fate) => reply === "lost" && losses >= 2;
const hasResult = (fate: Fate) =>
  isReady(fate) && (fate.reply === "delivered" || fate.reply === "failed" || isInterrupted(fate));
const isDone = (fate: Fate) =>
  fate.log === "stale" || fate.log === "gone" || (isReady(fate) && fate.reply === "superseded");

test("each attempt is made once at most, and only where its log waits for it", async () => {
  await fc.assert(
    fc.asyncProperty(someScene, async (scene) => {
      const keys = scene.fates.map((_, index) => keyOf({ call_id: String(index) }));
      const { jobs } = await runBatch({ keys: [...keys, ...keys], logs: [], replace: verbsOf(scene) });
      expect(idsOf(jobs.map(({ key }) => key))).toEqual(idsWhere(scene.fates, isAttempted));
    }),
    { numRuns: 200 },
  );
});

test("a message is acked exactly where nothing is left to do or its result was written", async () => {
  await fc.assert(
    fc.asyncProperty(someScene, async (scene) => {
      const keys = scene.fates.map((_, index) => keyOf({ call_id: String(index) }));
      const trace = await runBatch({ keys, logs: [], replace: verbsOf(scene) });
      const acked = keys.filter((_, index) => trace.settlements[index]?.kind === "ack");
      expect(idsOf(acked)).toEqual(
        idsWhere(scene.fates, (fate) => isDone(fate) || (scene.writes && hasResult(fate))),
      );
      expect(trace.settlements).not.toContainEqual({ kind: "retry", delaySeconds: 0 });
    }),
    { numRuns: 200 },
  );
});

test("every result and every loss is written once, and only what was written and failed has a successor", async () => {
  await fc.assert(
    fc.asyncProperty(someScene, async (scene) => {
      const { fates, writes } = scene;
      const keys = fates.map((_, index) => keyOf({ call_id: String(index) }));
      const trace = await runBatch({ keys, logs: [], replace: verbsOf(scene) });
      expect(idsOf(trace.results.map(({ key }) => key))).toEqual(idsWhere(fates, hasResult));
      expect(idsOf(trace.losses)).toEqual(
        idsWhere(fates, (fate) => isReady(fate) && fate.reply === "lost" && !isInterrupted(fate)),
      );
      expect(idsOf(trace.successors.map(({ key }) => key))).toEqual(
        idsWhere(fates, (fate) => writes && hasResult(fate) && fate.reply !== "delivered"),
      );
      for (const { key } of trace.successors) expect(key.attempt).toBe(2);
    }),
    { numRuns: 200 },
  );
});
