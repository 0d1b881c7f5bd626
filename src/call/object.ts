/**
 * The Durable Object of one call. All webhooks of the call are sent from here. It uses no storage: D1 holds the
 * truth, and a lost object is made anew from it.
 */
import { DurableObject } from "cloudflare:workers";
import type { AttemptKey } from "../core/webhook-log.ts";
import { makeAttempt } from "./attempt.ts";
import { openAttemptQueue } from "./attempt-queue.ts";
import type { AttemptReply, AttemptRequest } from "./attempt-request.ts";
import { askPublicResolver, openResolver } from "./resolver.ts";

/** Shared by all objects of an isolate. */
const resolve = openResolver({
  ask: askPublicResolver,
  wait: (ms) => scheduler.wait(ms),
  now: () => Date.now(),
});

/**
 * A closed queue is remembered this long, in milliseconds. A batch that read the call before it was erased asks for its
 * attempt within seconds.
 */
const CLOSED_MS = 60_000;

export class Call extends DurableObject<Env> {
  readonly #queue = openAttemptQueue({
    send: (request, sentAt) => makeAttempt({ request, sentAt, resolve }),
    keepAlive: (work) => this.ctx.waitUntil(work),
    now: () => Date.now(),
  });

  /**
   * Makes the attempt, or finds that it was made. If making it fails this throws, and the caller takes the object for
   * lost.
   */
  attempt(request: AttemptRequest): Promise<AttemptReply> {
    return this.#queue.attempt(request);
  }

  /** Looks up an attempt without making it. Batches of older versions pass no ordinal. */
  lookUp(key: AttemptKey, waitMs: number, newestOrdinal = 0): Promise<AttemptReply> {
    return this.#queue.lookUp(key, { waitMs, newestOrdinal });
  }

  /** The call was erased: no attempt begins any more. */
  close(): void {
    this.#queue.close();
    this.ctx.waitUntil(scheduler.wait(CLOSED_MS));
  }
}

/** The object of one call. A call id has no slash, so no two calls share a name. */
export const callObject = (
  namespace: DurableObjectNamespace<Call>,
  key: { user_id: string; call_id: string },
) => namespace.getByName(`${key.user_id}/${key.call_id}`);
