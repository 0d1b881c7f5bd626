/**
 * The Durable Object of one call: the only place where that call's webhooks are sent from. Uses no storage; the
 * record in D1 is the one truth, and an object that was lost is made anew from it.
 */
import { DurableObject } from "cloudflare:workers";
import type { AttemptKey } from "../core/webhook-log.ts";
import { makeAttempt } from "../deliver/attempt.ts";
import { resolvePublicly } from "../deliver/guard.ts";
import type { AttemptJob, Reply } from "../deliver/job.ts";
import { openLine } from "./line.ts";

export class Call extends DurableObject<Env> {
  readonly #line = openLine({
    send: (job, sentAt) => makeAttempt({ job, sentAt, resolve: resolvePublicly }),
    keepAlive: (work) => this.ctx.waitUntil(work),
    now: () => Date.now(),
  });

  /** Makes the attempt or finds it made. Throws where making it failed: to the caller, the object is then lost. */
  attempt(job: AttemptJob): Promise<Reply> {
    return this.#line.attempt(job);
  }

  /** Finds an attempt made or under way, and never makes one. Batches of older versions name no ordinal. */
  recall(key: AttemptKey, waitMs: number, newestOrdinal = 0): Promise<Reply> {
    return this.#line.recall(key, { waitMs, newestOrdinal });
  }
}

/** The object of one call. A call id holds no slash, so two calls never share a name. */
export const callObject = (
  namespace: DurableObjectNamespace<Call>,
  key: { user_id: string; call_id: string },
) => namespace.getByName(`${key.user_id}/${key.call_id}`);
