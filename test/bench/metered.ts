/**
 * The service with counters around its bindings: the same code, and each row, message, object request and Worker
 * request counted as it is billed. `GET /meter` tells the counts since the last time; `POST /meter/sweep` runs a sweep.
 */
import type { Call as CallObject } from "../../src/call/object.ts";
import worker from "../../src/index.ts";
import { meter } from "../support/meter.ts";

export { Call, Inbox } from "../../src/index.ts";

/** What was used. Messages are counted as they are sent, retries as they are asked for. */
export interface Usage {
  rows_read: number;
  rows_written: number;
  messages: number;
  message_retries: number;
  object_requests: number;
  object_ms: number;
  worker_requests: number;
  batches: number;
}

const nothing = (): Usage => ({
  ...{ rows_read: 0, rows_written: 0, messages: 0, message_retries: 0 },
  ...{ object_requests: 0, object_ms: 0, worker_requests: 0, batches: 0 },
});

let usage = nothing();
let metered: Env | undefined;

function meteredEnv(env: Env): Env {
  const database = meter(env.DB, (rows) => {
    usage.rows_read += rows.rows_read;
    usage.rows_written += rows.rows_written;
  });
  metered ??= {
    ...env,
    DB: database,
    DELIVERIES: countingQueue(env.DELIVERIES),
    RETRIES: countingQueue(env.RETRIES),
    CALLS: countingObjects(env.CALLS),
  };
  return metered;
}

const countingQueue = (queue: Queue) =>
  ({
    sendBatch: async (messages: MessageSendRequest[]) => {
      usage.messages += messages.length;
      return queue.sendBatch(messages);
    },
  }) as unknown as Queue;

const countingObjects = (objects: Env["CALLS"]) =>
  ({
    getByName: (name: string) => {
      const stub = objects.getByName(name);
      return {
        attempt: async (job: Parameters<CallObject["attempt"]>[0]) => {
          usage.object_requests++;
          const started = performance.now();
          try {
            return await stub.attempt(job);
          } finally {
            usage.object_ms += performance.now() - started;
          }
        },
        recall: (...asked: Parameters<CallObject["recall"]>) => {
          usage.object_requests++;
          return stub.recall(...asked);
        },
      };
    },
  }) as unknown as Env["CALLS"];

function countingBatch(batch: MessageBatch): MessageBatch {
  const messages = batch.messages.map((message) => ({
    id: message.id,
    body: message.body,
    timestamp: message.timestamp,
    attempts: message.attempts,
    ack: () => message.ack(),
    retry: (options?: QueueRetryOptions) => {
      usage.message_retries++;
      message.retry(options);
    },
  }));
  return { queue: batch.queue, messages } as unknown as MessageBatch;
}

export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/meter") {
      const told = usage;
      usage = nothing();
      return Response.json(told);
    }
    if (pathname === "/meter/sweep") {
      await worker.scheduled({} as ScheduledController, meteredEnv(env));
      return new Response();
    }
    usage.worker_requests++;
    return worker.fetch(request, meteredEnv(env), ctx);
  },

  async queue(batch, env) {
    usage.worker_requests++;
    usage.batches++;
    return worker.queue(countingBatch(batch), meteredEnv(env));
  },

  scheduled: (controller, env) => worker.scheduled(controller, env),
} satisfies ExportedHandler<Env>;
