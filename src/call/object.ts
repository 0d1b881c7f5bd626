/**
 * The Durable Object of one call: the only place where that call's webhooks are sent from. Uses no storage; the
 * record in D1 is the one truth, and an object that was lost is made anew from it.
 */
import { DurableObject } from "cloudflare:workers";
import type { AttemptKey } from "../core/webhook-log.ts";
import { makeAttempt } from "./attempt.ts";
import { openAttemptQueue } from "./attempt-queue.ts";
import type { AttemptReply, AttemptRequest } from "./attempt-request.ts";
import { askPublicResolver, openResolver } from "./resolver.ts";

/** One for all objects of an isolate. */
const resolve = openResolver({
  ask: askPublicResolver,
  wait: (ms) => scheduler.wait(ms),
  now: () => Date.now(),
});

export class Call extends DurableObject<Env> {
  readonly #queue = openAttemptQueue({
    send: (request, sentAt) => makeAttempt({ request, sentAt, resolve }),
    keepAlive: (work) => this.ctx.waitUntil(work),
    now: () => Date.now(),
  });

  /** Makes the attempt or finds it made. Throws where making it failed: to the caller, the object is then lost. */
  attempt(request: AttemptRequest): Promise<AttemptReply> {
    return this.#queue.attempt(request);
  }

  /** Finds an attempt made or under way, and never makes one. Batches of older versions name no ordinal. */
  lookUp(key: AttemptKey, waitMs: number, newestOrdinal = 0): Promise<AttemptReply> {
    return this.#queue.lookUp(key, { waitMs, newestOrdinal });
  }
}

/** The object of one call. A call id holds no slash, so two calls never share a name. */
export const callObject = (
  namespace: DurableObjectNamespace<Call>,
  key: { user_id: string; call_id: string },
) => namespace.getByName(`${key.user_id}/${key.call_id}`);
