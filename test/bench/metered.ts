/**
 * The service with counters around its bindings: the same code, and each row, message, object request and Worker
 * request counted as it is billed. `GET /meter` tells the counts since the last time, the cron's apart;
 * `POST /meter/sweep` runs a sweep as a step. A binding that can't be counted can't be used.
 */
import type { Call as CallObject } from "../../src/call/object.ts";
import worker from "../../src/index.ts";
import { meter } from "../support/meter.ts";
import { type Metered, nothing, type Usage } from "./evidence.ts";

export { Call, Inbox } from "../../src/index.ts";

type Account = keyof Metered;
type Count = (name: keyof Usage, more: number) => void;

let used: Metered = { steps: nothing(), cron: nothing() };
const envs = new Map<Account, Env>();

/** A missing count must not pass for 0. */
const countFor =
  (account: Account): Count =>
  (name, more) => {
    used[account][name] += typeof more === "number" ? more : Number.NaN;
  };

function meteredEnv(env: Env, account: Account): Env {
  const known = envs.get(account) ?? countingEnv(env, countFor(account));
  envs.set(account, known);
  return known;
}

/** By name, so that a new binding does not compile until it is counted here. */
const countingEnv = (env: Env, count: Count): Env => ({
  DB: meter(env.DB, (rows) => {
    count("rows_read", rows.rows_read);
    count("rows_written", rows.rows_written);
  }),
  DELIVERIES: countingQueue(env.DELIVERIES, count),
  RETRIES: countingQueue(env.RETRIES, count),
  DEAD_LETTERS: uncounted("DEAD_LETTERS"),
  CALLS: countingObjects(env.CALLS, count),
  INBOXES: uncounted("INBOXES"),
  REPORTS_LIMIT: env.REPORTS_LIMIT, // free
  SENDS_LIMIT: env.SENDS_LIMIT,
  REQUESTS_LIMIT: env.REQUESTS_LIMIT,
  ADDRESSES_LIMIT: env.ADDRESSES_LIMIT,
  RETRY_SCHEDULE: env.RETRY_SCHEDULE,
  DELIVERY_TIMEOUT: env.DELIVERY_TIMEOUT,
  SWEEP_GRACE: env.SWEEP_GRACE,
  ALLOW_PRIVATE_TARGETS: env.ALLOW_PRIVATE_TARGETS,
  PUBLIC_URL: env.PUBLIC_URL,
  RETENTION_DAYS: env.RETENTION_DAYS,
  ADMIN_KEY: env.ADMIN_KEY,
  SECRETS_KEY: env.SECRETS_KEY,
  SESSION_KEY: env.SESSION_KEY,
});

function uncounted<Binding extends object>(name: string): Binding {
  const refuse = () => {
    throw new Error(`the binding ${name} is not counted: the bill would be without it`);
  };
  return new Proxy({} as Binding, { get: refuse });
}

const countingQueue = (queue: Queue, count: Count) =>
  ({
    sendBatch: async (messages: MessageSendRequest[]) => {
      count("messages", messages.length);
      return queue.sendBatch(messages);
    },
  }) as unknown as Queue;

const countingObjects = (objects: Env["CALLS"], count: Count) =>
  ({
    getByName: (name: string) => {
      const stub = objects.getByName(name);
      return {
        attempt: async (request: Parameters<CallObject["attempt"]>[0]) => {
          count("object_requests", 1);
          const started = performance.now();
          try {
            return await stub.attempt(request);
          } finally {
            count("object_ms", performance.now() - started);
          }
        },
        lookUp: (...asked: Parameters<CallObject["lookUp"]>) => {
          count("object_requests", 1);
          return stub.lookUp(...asked);
        },
      };
    },
  }) as unknown as Env["CALLS"];

function countingBatch(batch: MessageBatch, count: Count): MessageBatch {
  const messages = batch.messages.map((message) => ({
    id: message.id,
    body: message.body,
    timestamp: message.timestamp,
    attempts: message.attempts,
    ack: () => message.ack(),
    retry: (options?: QueueRetryOptions) => {
      count("message_retries", 1);
      message.retry(options);
    },
  }));
  return { queue: batch.queue, messages } as unknown as MessageBatch;
}

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/meter") {
      const told = used;
      used = { steps: nothing(), cron: nothing() };
      return Response.json(told);
    }
    const counting = meteredEnv(env, "steps");
    if (pathname === "/meter/sweep") {
      used.steps.sweeps++;
      await worker.scheduled({} as ScheduledController, counting);
      return new Response();
    }
    used.steps.worker_requests++;
    return worker.fetch(request, counting, ctx);
  },

  async queue(batch, env) {
    used.steps.worker_requests++;
    return worker.queue(countingBatch(batch, countFor("steps")), meteredEnv(env, "steps"));
  },

  scheduled(controller, env) {
    used.cron.sweeps++;
    return worker.scheduled(controller, meteredEnv(env, "cron"));
  },
} satisfies ExportedHandler<Env>;
