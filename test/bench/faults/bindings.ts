/** The bindings for one run of a handler: the real database and objects, a queue in memory, and the run's faults. */

import { env } from "cloudflare:workers";
import { type DatabaseWork, databaseOf, running } from "./database-bindings.ts";
import { countEffects, rowsWritten, startedBy, stateIn } from "./effects.ts";
import { objects } from "./object-bindings.ts";
import type { Fault } from "./program.ts";
import type { World } from "./world.ts";

/** Thrown by a fault that ends a run. */
type CutOff = "killed" | "stalled";

export interface Run {
  env: Env;
  /** Runs the handler: what it asks of its isolate's database belongs to this run. */
  within: (work: () => Promise<void>) => Promise<void>;
  /** Settles when a fault ends or stalls the run. */
  cutOff: Promise<CutOff>;
  /** Whether the run was cut off, or a writing transaction failed: then sends of it may be missing in the record. */
  isCutShort: () => boolean;
  /** Whether the database refused to write down what was sent. */
  isRefused: () => boolean;
}

type Kind = "database" | "queue" | "object";

const TROUBLE: Record<Kind, string> = {
  database: "D1_ERROR: Network connection lost.",
  queue: "Queue is overloaded",
  object: "Durable Object reset",
};

/** The error of a database that refuses before it begins. Such a write is not repeated at once. */
const OVERLOADED = "D1_ERROR: D1 DB is overloaded. Requests queued for too long.";

/** The error of a database that is full: it can be read, and refuses every write. */
const FULL = "D1_ERROR: database or disk is full: SQLITE_FULL";

const troubleOf = (kind: Kind, { what, when }: Fault): Error =>
  new Error(kind === "database" && what === "fail" && when === "before" ? OVERLOADED : TROUBLE[kind]);

/** What a fault does besides rejecting. */
export interface Operation<T> {
  kind: Kind;
  isTransaction?: boolean | undefined;
  work: () => Promise<T>;
  onFailure?: (fault: Fault) => Promise<void>;
}

const never = () => new Promise<never>(() => {});

/**
 * An environment for one run. The faults happen at the operations they name. `started` gets the calls of which it starts
 * a new delivery.
 */
export function openRun(
  world: World,
  { faults, isolate, started = [] }: { faults: readonly Fault[]; isolate: number; started?: string[] },
): Run {
  const began = world.tick();
  const suspension = world.suspension();
  const cutOff = Promise.withResolvers<CutOff>();
  let operations = 0;
  let isKilled = false;
  let isCutShort = false;
  let isRefused = false;
  /** A stalled run that goes on meets no further faults: somebody waits for its end. */
  let isStalled = false;
  const refusal = world.refusal();
  /** As it was read last. */
  let endpointState: string | undefined;
  const hasNoticed = refusal?.isolates.has(isolate) === true;

  async function strike<T>(fault: Fault, operation: Operation<T>): Promise<void> {
    const { what, when } = fault;
    const { kind, isTransaction, work, onFailure } = operation;
    isCutShort ||= isTransaction === true || what === "kill" || what === "stall";
    const isLate = what === "late" && when === "before" && kind === "database";
    world.count(`${isLate ? "late" : what === "late" ? "fail" : what} ${when} ${kind}`);
    switch (what) {
      case "kill":
        isKilled = true;
        cutOff.resolve("killed");
        return never();
      case "stall":
        isStalled = true;
        cutOff.resolve("stalled");
        return world.stall();
      case "late":
      case "fail":
        if (isLate) world.late.push(work);
        await onFailure?.(fault);
        throw troubleOf(kind, fault);
    }
  }

  async function operate<T>(operation: Operation<T>): Promise<T> {
    if (isKilled) return never();
    const at = operations++;
    const fault = isStalled ? undefined : faults.find((candidate) => candidate.at === at);
    if (fault?.when === "before") await strike(fault, operation);
    const result = await operation.work();
    if (isKilled) return never();
    if (fault?.when === "after" && !isStalled) await strike(fault, operation);
    return result;
  }

  function operateDatabase<T>({ queries, work, isWriting, isTransaction }: DatabaseWork<T>): Promise<T> {
    return operate({
      kind: "database",
      isTransaction,
      work: async () => {
        if (world.refusal() === null || !isWriting) {
          const answer = await work();
          endpointState = stateIn(answer) ?? endpointState;
          world.bill.rows += rowsWritten(answer);
          for (const [index, one] of [answer].flat().entries()) {
            const [query, result] = [queries[index] ?? "", one as Partial<D1Result>];
            countEffects(world, query, result);
            started.push(...startedBy(query, result));
          }
          return answer;
        }
        world.count("write refused");
        isCutShort ||= isTransaction;
        isRefused ||= isTransaction;
        throw new Error(FULL);
      },
    });
  }

  return {
    cutOff: cutOff.promise,
    isCutShort: () => isCutShort,
    isRefused: () => isRefused,
    within: (work) => running.run({ database: operateDatabase }, work),
    env: {
      ...env,
      DB: databaseOf(world, isolate),
      DELIVERIES: queue(world, "postcall-deliveries", (work) => operate({ kind: "queue", work })),
      RETRIES: queue(world, "postcall-retries", (work) => operate({ kind: "queue", work })),
      CALLS: objects(world, {
        operate,
        noteAttempt: ({ key, send_type }) => {
          if (hasNoticed && world.refusal() === refusal) world.sentInVain.push(key);
          if (endpointState === "paused") world.sentToPaused.push({ ...key, send_type });
          if (suspension !== null && world.suspension() === suspension) world.sentWhileSuspended.push(key);
        },
        began,
      }),
    },
  };
}

type Around = <T>(work: () => Promise<T>) => Promise<T>;

function queue(world: World, lane: string, around: Around): Queue {
  const sendBatch = (requests: Iterable<MessageSendRequest>) =>
    around(async () => {
      for (const { body, delaySeconds = 0 } of requests) {
        world.bill.messages++;
        world.queue.send(lane, body, delaySeconds);
      }
    });
  return { sendBatch } as unknown as Queue;
}
