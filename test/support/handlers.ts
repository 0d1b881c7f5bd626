/** Calls the Worker's handlers directly: with a queue that loses its messages, a batch of one's own, or a fault. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type DeliveryMessage, writeMessage } from "../../src/core/message.ts";
import type { AttemptKey } from "../../src/core/webhook-log.ts";
import worker from "../../src/index.ts";
import { expectDocumented } from "./documented.ts";
import { type ApiAnswer, newCallId, type Org, read } from "./words.ts";

/** A queue that takes messages and never hands them on; `taken` shows what it took. */
export function losingQueue() {
  const taken: { body: DeliveryMessage; delaySeconds: number }[] = [];
  const sendBatch = async (messages: Iterable<{ body: DeliveryMessage; delaySeconds: number }>) => {
    taken.push(...messages);
  };
  return { queue: { sendBatch } as unknown as Queue, taken };
}

/** An environment whose queues lose everything, with what they took. */
export function envWithLosingQueues(overrides: Partial<Env> = {}) {
  const [deliveries, retries] = [losingQueue(), losingQueue()];
  const lossy: Env = { ...env, DELIVERIES: deliveries.queue, RETRIES: retries.queue, ...overrides };
  return { env: lossy, deliveries: deliveries.taken, retries: retries.taken };
}

/** One request to the fetch handler, in an environment of one's own. */
export async function request(
  on: Env,
  org: Pick<Org, "key">,
  input: { method?: string; path: string; body?: unknown; headers?: Record<string, string> },
): Promise<ApiAnswer> {
  const ctx = createExecutionContext();
  const { method = "GET", path, body } = input;
  const headers = { authorization: org.key, "content-type": "application/json", ...input.headers };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const answer = await read(await worker.fetch(new Request(`http://postcall.test${path}`, init), on, ctx));
  await waitOnExecutionContext(ctx);
  expectDocumented({ method, path }, answer);
  return answer;
}

/** A POST to the fetch handler whose body is a stream, of unknown length. */
export const postStream = (url: string, body: ReadableStream, headers: Record<string, string> = {}) =>
  worker.fetch(
    new Request<unknown, IncomingRequestCfProperties>(url, { method: "POST", headers, body }),
    env,
    createExecutionContext(),
  );

/** Reports a call of which no queue ever hears, and returns the attempt that is due. */
export async function reportUnheard(org: Org, webhook: string, members: object = {}): Promise<AttemptKey> {
  const call_id = newCallId();
  const { env: lossy, deliveries } = envWithLosingQueues();
  const body = { payload: { call_id, ...members }, webhook };
  await request(lossy, org, { method: "POST", path: "/v1/postcall/calls", body });
  const [message] = deliveries;
  if (message === undefined) throw new Error("the report enqueued nothing");
  const { v: _v, ...key } = message.body;
  return key;
}

/** Resends a call without waiting, and no queue hears of it. Returns the new delivery's first attempt. */
export async function resendUnheard(org: Org, { call_id }: AttemptKey): Promise<AttemptKey> {
  const { env: lossy, deliveries } = envWithLosingQueues();
  const path = "/v1/postcall/webhooks/resend";
  const headers = { prefer: "respond-async" };
  await request(lossy, org, { method: "POST", path, body: { call_ids: [call_id] }, headers });
  const [message] = deliveries;
  if (message === undefined) throw new Error("the resend enqueued nothing");
  const { v: _v, ...key } = message.body;
  return key;
}

/**
 * What happened to each message of a batch, in order: `ack`, or the seconds after which it comes back. The platform's
 * own test batch does not tell the seconds.
 */
export async function handleBatch(
  on: Env,
  bodies: readonly unknown[],
  queue = "postcall-deliveries",
): Promise<("ack" | number)[]> {
  const outcomes = bodies.map((): "ack" | number | undefined => undefined);
  const messages = bodies.map((body, index) => ({
    id: `m${index}`,
    timestamp: new Date(),
    attempts: 1,
    body,
    ack: () => {
      outcomes[index] ??= "ack";
    },
    retry: ({ delaySeconds = 0 }: QueueRetryOptions = {}) => {
      outcomes[index] ??= delaySeconds;
    },
  }));
  await worker.queue({ queue, messages } as unknown as MessageBatch, on);
  return outcomes.map((outcome, index) => {
    if (outcome === undefined) throw new Error(`message ${index} was neither acked nor retried`);
    return outcome;
  });
}

/** A batch of one message for each attempt. */
export const handleAttempts = (on: Env, keys: readonly AttemptKey[], queue?: string) =>
  handleBatch(on, keys.map(writeMessage), queue);

/** The test's database for one batch: it opens, reading its logs, and then each of its transactions is `write`. */
export function databaseOnceOpened(
  write: (statements: D1PreparedStatement[]) => Promise<unknown>,
): D1Database {
  let isOpen = false;
  const batch = (statements: D1PreparedStatement[]) => {
    if (isOpen) return write(statements);
    isOpen = true;
    return env.DB.batch(statements);
  };
  return { prepare: (query: string) => env.DB.prepare(query), batch } as unknown as D1Database;
}

/** One run of the sweep. */
export const sweepOnce = (on: Env) => worker.scheduled({} as ScheduledController, on);

/** Moves a log's due times into the past, as if `milliseconds` had gone by and the sweep had walked over the log. */
export const letTimePass = (key: { user_id: string; call_id: string }, milliseconds: number) =>
  env.DB.prepare(
    `UPDATE webhook_logs SET next_attempt_at = next_attempt_at - ?3,
       sweep_at = coalesce(sweep_at, next_attempt_at + 60000) - ?3,
       swept_at = swept_at - ?3
     WHERE user_id = ?1 AND call_id = ?2`,
  )
    .bind(key.user_id, key.call_id, milliseconds)
    .run();
