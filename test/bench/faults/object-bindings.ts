/** The binding of calls' objects for one run: the real objects, and what its faults do to them. */
import { env } from "cloudflare:workers";
import type { AttemptReply, AttemptRequest } from "../../../src/call/attempt-request.ts";
import type { Call } from "../../../src/call/object.ts";
import type { AttemptKey } from "../../../src/core/webhook-log.ts";
import type { Operation } from "./bindings.ts";
import type { Ask } from "./objects.ts";
import type { Fault } from "./program.ts";
import { keyOfEntry } from "./requests.ts";
import type { World } from "./world.ts";

/**
 * An object is lost by giving its call another one. What the old one has under way goes on, unknown to the new one.
 * Each request names its object, so that the receiver can tell them apart.
 */
export function objects(
  world: World,
  {
    operate,
    noteAttempt,
    began,
  }: {
    operate: <T>(operation: Operation<T>) => Promise<T>;
    noteAttempt: (asked: AttemptRequest) => void;
    /** When the run began. */
    began: number;
  },
) {
  const getByName = (name: string) => {
    const lose = async () => world.objects.lose(name);
    const hear = async (ask: Ask, asking: Promise<AttemptReply>): Promise<AttemptReply> => {
      const reply = await asking;
      if (reply.kind === "made") world.objects.hear(ask);
      return reply;
    };
    return {
      attempt: (asked: AttemptRequest) => {
        noteAttempt(asked);
        const object = world.objects.nameOf(name);
        const url = `${asked.url}?object=${encodeURIComponent(object)}`;
        const request = { ...asked, url, waitMs: world.waitMs(asked.waitMs) };
        const stub = env.CALLS.getByName(object);
        const ask = { object, key: keyOfEntry(request.key) };
        const operation: Operation<AttemptReply> = {
          kind: "object",
          work: async () => {
            world.objects.begin(ask, began);
            world.bill.objectRequests++;
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
        world.bill.objectRequests++;
        const work = async () => await stub.lookUp(key, world.waitMs(waitMs), newestOrdinal);
        return hear({ object, key: keyOfEntry(key) }, operate({ kind: "object", work, onFailure: lose }));
      },
      close: () => {
        const object = world.objects.nameOf(name);
        world.bill.objectRequests++;
        const work = async () => {
          await env.CALLS.getByName(object).close();
          world.objects.close(object);
        };
        // Late: it fails to close, and lives on.
        const onFailure = async ({ what, when }: Fault) =>
          what === "late" && when === "before" ? undefined : lose();
        return operate({ kind: "object", work, onFailure });
      },
    };
  };
  return { getByName } as unknown as DurableObjectNamespace<Call>;
}

/** A request that makes the object throw before it sends anything. */
const unsignable = (request: AttemptRequest): AttemptRequest => ({ ...request, secrets: ["whsec_!"] });
