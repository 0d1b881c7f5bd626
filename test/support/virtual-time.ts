/**
 * Plays the service in virtual time: real handlers, database, objects and receivers, and a queue in memory. Between two
 * events the clock jumps, so that minutes take a moment.
 */
import { env } from "cloudflare:workers";
import { openRun } from "../bench/faults/bindings.ts";
import { deliver, sweep } from "../bench/faults/runs.ts";
import { openWorld, takeClock } from "../bench/faults/world.ts";
import { request } from "./handlers.ts";
import { newCallId, type Org, type Receiver } from "./words.ts";

const NO_LUCK = { faults: [], skewMs: 0 };
const SWEEP_EVERY_MS = 60_000;

export function openVirtualTime(org: Org, receiver: Receiver) {
  const giveBack = takeClock();
  const world = openWorld({ org, receiver, prefix: "v", mayHold: false });
  const started = world.now();
  let nextSweepAt = started + SWEEP_EVERY_MS;

  /** One request of the org, now. */
  async function ask(method: string, path: string, body: object) {
    const run = openRun(world, NO_LUCK_RUN);
    let answer: Awaited<ReturnType<typeof request>> | undefined;
    await run.within(async () => {
      answer = await request(run.env, org, { method, path, body });
    });
    if (answer === undefined) throw new Error("the request was cut off");
    return answer;
  }

  return {
    elapsedMs: () => world.now() - started,
    ask,
    report: async (webhook: string): Promise<string> => {
      const call_id = newCallId();
      await ask("POST", "/v1/postcall/calls", { payload: { call_id }, webhook });
      return call_id;
    },
    /** Lets time pass until then, in milliseconds since the beginning; each message and sweep has its time. */
    passUntil: async (elapsedMs: number) => {
      const until = started + elapsedMs;
      for (;;) {
        const dueAt = world.queue.nextDueAt() ?? Number.POSITIVE_INFINITY;
        const next = Math.min(dueAt, nextSweepAt);
        if (next > until) break;
        world.pass(Math.max(0, next - world.now()));
        if (next === nextSweepAt) {
          nextSweepAt += SWEEP_EVERY_MS;
          await sweep(world, NO_LUCK);
        } else await deliver(world, world.queue.takeNext() ?? [], NO_LUCK);
      }
      world.pass(Math.max(0, until - world.now()));
    },
    /** Time passes, and no consumer or sweep runs. */
    stall: (ms: number) => world.pass(ms),
    /** What was billed so far: rows written, messages sent, and requests to objects. */
    bill: () => ({ ...world.bill }),
    close: giveBack,
  };
}

const NO_LUCK_RUN = { faults: [], isolate: 0 };

/** When an org's attempts at a URL were sent, in order, in milliseconds. */
export async function sentTimes(org: Org, url: string): Promise<number[]> {
  const { results } = await env.DB.prepare(
    `SELECT m.value ->> 'sent_at' AS at FROM webhook_logs AS l CROSS JOIN json_each(l.metadata) AS m
     WHERE l.user_id = ? AND l.url LIKE ? || '%'`,
  )
    .bind(org.user_id, url)
    .all<{ at: string }>();
  return results.map(({ at }) => Date.parse(at)).toSorted((one, other) => one - other);
}

/** How many of these times fall into one window, at most. */
export const mostIn = (times: readonly number[], windowMs: number) =>
  Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + windowMs).length));
