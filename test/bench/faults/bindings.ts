/** The bindings for one run of a handler: the real database and objects, a queue in memory, and the run's faults. */
import { env } from "cloudflare:workers";
import type { AttemptReply, AttemptRequest } from "../../../src/call/attempt-request.ts";
import type { Call } from "../../../src/call/object.ts";
import type { AttemptKey } from "../../../src/core/webhook-log.ts";
import type { Ask } from "./objects.ts";
import type { Fault } from "./program.ts";
import { keyOfEntry } from "./requests.ts";
import type { World } from "./world.ts";

/** Thrown by a fault that ends a run. */
type CutOff = "killed" | "stalled";

export interface Run {
  env: Env;
  /** Settles when a fault ends or stalls the run. */
  cutOff: Promise<CutOff>;
  /** Whether the run was cut off, or a writing transaction failed: then sends of it may be missing in the record. */
  isCutShort: () => boolean;
}

type Kind = "database" | "queue" | "object";

const TROUBLE: Record<Kind, string> = {
  database: "D1_ERROR: Network connection lost.",
  queue: "Queue is overloaded",
  object: "Durable Object reset",
};

/** The error of a database that refuses before it begins. Such a write is not repeated at once. */
const OVERLOADED = "D1_ERROR: D1 DB is overloaded. Requests queued for too long.";

const troubleOf = (kind: Kind, { what, when }: Fault): Error =>
  new Error(kind === "database" && what === "fail" && when === "before" ? OVERLOADED : TROUBLE[kind]);

/** What a fault does besides rejecting. */
interface Operation<T> {
  kind: Kind;
  isTransaction?: boolean | undefined;
  work: () => Promise<T>;
  onFailure?: (fault: Fault) => Promise<void>;
}

const never = () => new Promise<never>(() => {});

/** An environment for one run. The faults happen at the operations they name. */
export function openRun(world: World, faults: readonly Fault[]): Run {
  const cutOff = Promise.withResolvers<CutOff>();
  let operations = 0;
  let isKilled = false;
  let isCutShort = false;
  /** A stalled run that goes on meets no further faults: somebody waits for its end. */
  let isStalled = false;

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

  return {
    cutOff: cutOff.promise,
    isCutShort: () => isCutShort,
    env: {
      ...env,
      DB: database((work, isTransaction) => operate({ kind: "database", isTransaction, work })),
      DELIVERIES: queue(world, "postcall-deliveries", (work) => operate({ kind: "queue", work })),
      RETRIES: queue(world, "postcall-retries", (work) => operate({ kind: "queue", work })),
      CALLS: objects(world, operate),
    },
  };
}

type Around = <T>(work: () => Promise<T>, isTransaction?: boolean) => Promise<T>;

function database(around: Around): D1Database {
  const inner = new WeakMap<object, { query: string; statement: D1PreparedStatement }>();
  function wrap(query: string, statement: D1PreparedStatement): D1PreparedStatement {
    const wrapped = {
      bind: (...values: unknown[]) => wrap(query, statement.bind(...values)),
      all: () => around(() => statement.all()),
      run: () => around(() => statement.run()),
      first: (column?: string) =>
        around(() => (column === undefined ? statement.first() : statement.first(column))),
    } as unknown as D1PreparedStatement;
    inner.set(wrapped, { query, statement });
    return wrapped;
  }
  return {
    prepare: (query: string) => wrap(query, env.DB.prepare(query)),
    batch: (wrapped: D1PreparedStatement[]) => {
      const statements = wrapped.flatMap((statement) => inner.get(statement) ?? []);
      // A read opens a batch, and nothing has been sent yet.
      const isWriting = !statements.some(({ query }) => query.startsWith("SELECT"));
      return around(() => env.DB.batch(statements.map(({ statement }) => statement)), isWriting);
    },
  } as unknown as D1Database;
}

function queue(world: World, lane: string, around: Around): Queue {
  const sendBatch = (requests: Iterable<MessageSendRequest>) =>
    around(async () => {
      for (const { body, delaySeconds = 0 } of requests) world.queue.send(lane, body, delaySeconds);
    });
  return { sendBatch } as unknown as Queue;
}

/**
 * An object is lost by giving its call another one. What the old one has under way goes on, unknown to the new one.
 * Each request names its object, so that the receiver can tell them apart.
 */
function objects(world: World, operate: <T>(operation: Operation<T>) => Promise<T>) {
  const getByName = (name: string) => {
    const lose = async () => world.objects.lose(name);
    const hear = async (ask: Ask, asking: Promise<AttemptReply>): Promise<AttemptReply> => {
      const reply = await asking;
      if (reply.kind === "made") world.objects.hear(ask);
      return reply;
    };
    return {
      attempt: (asked: AttemptRequest) => {
        const object = world.objects.nameOf(name);
        const url = `${asked.url}?object=${encodeURIComponent(object)}`;
        const request = { ...asked, url, waitMs: world.waitMs(asked.waitMs) };
        const stub = env.CALLS.getByName(object);
        const ask = { object, key: keyOfEntry(request.key) };
        const operation: Operation<AttemptReply> = {
          kind: "object",
          work: async () => {
            world.objects.begin(ask);
            try {
              const reply = await stub.attempt(request);
              if (reply.kind !== "under_way") world.objects.end(ask);
              return reply;
            } catch (error) {
              world.objects.end(ask);
              world.failedAsks.push(request.key);
              throw error;
            }
          },
          onFailure: async ({ what, when }) => {
            world.failedAsks.push(request.key);
            if (what !== "late" || when !== "before") return lose();
            await stub.attempt(unsignable(request)).catch(() => {});
          },
        };
        return hear(ask, operate(operation));
      },
      lookUp: (key: AttemptKey, waitMs: number, newestOrdinal: number) => {
        const object = world.objects.nameOf(name);
        const stub = env.CALLS.getByName(object);
        const work = async () => await stub.lookUp(key, world.waitMs(waitMs), newestOrdinal);
        return hear({ object, key: keyOfEntry(key) }, operate({ kind: "object", work, onFailure: lose }));
      },
    };
  };
  return { getByName } as unknown as DurableObjectNamespace<Call>;
}

/** A request that makes the object throw before it sends anything. */
const unsignable = (request: AttemptRequest): AttemptRequest => ({ ...request, secrets: ["whsec_!"] });
