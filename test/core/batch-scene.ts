/** Runs one batch in memory: with given logs, and functions that note how they were called. */

import type { AttemptReply, AttemptRequest } from "../../src/call/attempt-request.ts";
import type { AttemptEntry, AttemptKey } from "../../src/core/webhook-log.ts";
import { deliverBatch } from "../../src/deliver/batch.ts";
import type { BatchVerbs } from "../../src/deliver/context.ts";
import type { Settlement } from "../../src/deliver/settlement.ts";
import type { LoadedLog } from "../../src/record/batch-read.ts";
import type { EndpointKey } from "../../src/record/endpoints.ts";
import type { Wake } from "../../src/record/parked.ts";
import type { Loss, Result, Writing } from "../../src/record/results.ts";
import { entryOf, NOW } from "./samples.ts";

const RULES = {
  ...{ retryScheduleMs: [5_000, 300_000], sweepGraceMs: 60_000, deliveryTimeoutMs: 15_000 },
  ...{ allowPrivateTargets: true, publicUrl: new URL("https://postcall.example") },
};
export const ACK: Settlement = { kind: "ack" };
export const again = (delaySeconds: number): Settlement => ({ kind: "retry", delaySeconds });
export const underWay = (delaySeconds: number): Settlement => ({ kind: "under_way", delaySeconds });
export const made = (entry: AttemptEntry): AttemptReply => ({ kind: "made", entry });
export const away = async (): Promise<never> => {
  throw new Error("away");
};

/** The log's next state after a first attempt that failed. */
export const RETRYING = {
  status: "retrying",
  reason: null,
  next_attempt_at: NOW + 5_000,
  sweep_at: NOW + 65_000,
  ...{ parked: null, trials: null, spared: 0 },
};

interface Trace {
  /** The functions in the order of their calls, with the call ids they got. */
  order: string[];
  requests: AttemptRequest[];
  results: Result[];
  losses: Loss[];
  successors: { key: AttemptKey; delaySeconds: number }[];
  writings: Writing[];
  wakes: { endpoint: EndpointKey; delaySeconds: number }[];
}

/**
 * Functions that a test replaces. Of a write it gives the attempts whose log moved on and the endpoints' new
 * versions.
 */
export type Replaced = Partial<Omit<BatchVerbs, "write">> & {
  write?: (writing: Writing) => Promise<AttemptKey[]>;
  versions?: (writing: Writing) => string[];
  waking?: (writing: Writing) => Wake[];
};

/**
 * Runs one batch. By default every log is found, every attempt is answered 200, and every write takes effect.
 * `settlements` are those of `keys`, in order.
 */
export async function runBatch(scene: {
  keys: readonly AttemptKey[];
  logs: readonly LoadedLog[];
  replace?: Replaced;
}): Promise<Trace & { settlements: Settlement[]; settlementOf: (key: AttemptKey) => Settlement }> {
  const { keys, logs, replace = {} } = scene;
  const trace: Trace = {
    order: [],
    requests: [],
    results: [],
    losses: [],
    successors: [],
    writings: [],
    wakes: [],
  };
  const note = (verb: string, asked: readonly AttemptKey[]) =>
    trace.order.push([verb, ...asked.map(({ call_id }) => call_id)].join(" "));
  const verbs: BatchVerbs = {
    now: () => NOW,
    random: () => 0.5,
    newId: () => "id",
    readEndpoints: async (keys) => keys.map(() => null),
    countWaiting: async (keys) => keys.map(() => ({ waiting: 7, waiting_exact: true })),
    takeTurns: async (asked) =>
      asked.map(({ user_id, url, count }) => {
        trace.order.push(`take ${count} turns`);
        return { user_id, url, paced_until: 0 };
      }),
    giveSlots: async (asked) =>
      asked.map(({ user_id, url, count }) => {
        trace.order.push(`give ${count} slots`);
        return { user_id, url, next_slot_at: NOW + count * 100 };
      }),
    release: async (releases) => {
      for (const { url, limit } of releases) trace.order.push(`release ${limit} at ${url}`);
      return [];
    },
    enqueueWakes: async (wakes) => {
      trace.wakes.push(...wakes);
    },
    takesWrites: async () => true,
    decryptHeaders: async () => ({}),
    decryptSecrets: async () => ["whsec_c2VjcmV0"],
    ...replace,
    read: async (asked) => {
      note("read", asked);
      if (replace.read) return replace.read(asked);
      return asked.map(({ call_id }) => logs.find((log) => log.call_id === call_id));
    },
    attempt: async (request) => {
      note("attempt", [request.key]);
      trace.requests.push(request);
      return replace.attempt ? replace.attempt(request) : made(entryOf());
    },
    lookUp: async (key, asked) => {
      note("lookUp", [key]);
      return replace.lookUp ? replace.lookUp(key, asked) : { kind: "superseded" };
    },
    write: async (writing) => {
      const { results, parked, suspended, slots, losses, endpoints } = writing;
      const moved = [...results, ...slots].map(({ key }) => key).concat(parked, suspended);
      note("write", [...moved, ...losses.map(({ key }) => key)]);
      trace.writings.push(writing);
      trace.results.push(...results);
      trace.losses.push(...losses);
      return {
        moved: replace.write ? await replace.write(writing) : moved,
        changed: endpoints
          .filter(({ version }) => replace.versions?.(writing).includes(version) ?? true)
          .map((change) => ({ ...change, wake_at: null })),
        waking: replace.waking?.(writing) ?? [],
        notified: [],
        unappended: [],
      };
    },
    enqueue: async (successors) => {
      note(
        "enqueue",
        successors.map(({ key }) => key),
      );
      trace.successors.push(...successors);
      await replace.enqueue?.(successors);
    },
  };
  const settlementOf = await deliverBatch(keys, RULES, verbs);
  return { ...trace, settlements: keys.map(settlementOf), settlementOf };
}
