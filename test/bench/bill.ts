/** The bill: what one step of a call uses, counted around the service's bindings, and what that costs. */
import type { LocalServer } from "../../src/local/server.ts";
import { ask, newCalls, type Receiver, reportAll, untilRecorded } from "./driver.ts";
import type { Usage } from "./metered.ts";
import { OPERATIONS_PER_MESSAGE, OPERATIONS_PER_RETRY, USD } from "./prices.ts";
import { cpuMs } from "./processes.ts";

/** The metered service, and the process it runs in. */
export interface MeteredServer extends LocalServer {
  pid: number;
}

/** What one step uses on average, and its price. CPU is the whole runtime's, simulators and all: an upper bound. */
export interface Cost {
  rows_written: number;
  rows_read: number;
  queue_ops: number;
  do_requests: number;
  do_ms: number;
  worker_requests: number;
  cpu_ms: number;
  usd_per_million: number;
}

/** What each step costs, with a receiver that answers after `delay` milliseconds. */
export interface Bills {
  delay: number;
  first: Cost;
  retry: Cost;
  resend: Cost;
  get: Cost;
}

const REPORTERS = 16;
/** One call in so many fails at first: more would degrade the endpoint, and be put off instead. */
const ONE_IN = 4;

/** Runs `step`, which does one thing `times` times, and returns what one of them used. */
async function costOf(server: MeteredServer, times: number, step: () => Promise<unknown>): Promise<Cost> {
  await ask(server, "/meter");
  const cpuBefore = cpuMs(server.pid);
  await step();
  const cpu_ms = (cpuMs(server.pid) - cpuBefore) / times;
  const usage = (await ask(server, "/meter")) as Usage;
  return priced(usage, times, cpu_ms);
}

function priced(usage: Usage, times: number, cpu_ms: number): Cost {
  for (const [name, value] of Object.entries(usage)) {
    if (!Number.isFinite(value)) throw new Error(`the count of ${name} is missing`);
  }
  const queueOps = usage.messages * OPERATIONS_PER_MESSAGE + usage.message_retries * OPERATIONS_PER_RETRY;
  const cost = {
    rows_written: usage.rows_written / times,
    rows_read: usage.rows_read / times,
    queue_ops: queueOps / times,
    do_requests: usage.object_requests / times,
    do_ms: usage.object_ms / times,
    worker_requests: usage.worker_requests / times,
    cpu_ms,
  };
  const usd =
    cost.rows_written * USD.rowWritten +
    cost.rows_read * USD.rowRead +
    cost.queue_ops * USD.queueOperation +
    cost.do_requests * USD.objectRequest +
    (cost.do_ms / 1_000) * USD.objectSecond +
    cost.worker_requests * USD.workerRequest +
    cost.cpu_ms * USD.cpuMillisecond;
  return { ...cost, usd_per_million: usd * 1e6 };
}

/** Runs each step for this many calls. */
export async function billAt(
  server: MeteredServer,
  receiver: Receiver,
  { calls, delay }: { calls: number; delay: number },
): Promise<Bills> {
  const deliver = async (fail: number) => {
    const webhook = receiver.url({ delay, fail, of: ONE_IN });
    const reported = await reportAll(server, { calls: newCalls(calls), webhook, reporters: REPORTERS });
    await untilRecorded(server, reported);
    await receiver.arrivals(calls);
    return reported.map(({ call_id }) => call_id);
  };
  let callIds: string[] = [];
  const first = await costOf(server, calls, async () => {
    callIds = await deliver(0);
  });
  const withRetry = await costOf(server, calls, () => deliver(1));
  const each = (path: (call_id: string) => string, body?: (call_id: string) => unknown) =>
    costOf(server, calls, async () => {
      const queue = callIds.values();
      const asker = async () => {
        for (const call_id of queue) await ask(server, path(call_id), { body: body?.(call_id) });
      };
      await Promise.all(Array.from({ length: REPORTERS }, asker));
    });
  const get = await each((call_id) => `/v1/postcall/webhooks/${call_id}`);
  const resend = await each(
    () => "/v1/postcall/webhooks/resend",
    (call_id) => ({ call_ids: [call_id] }),
  );
  await receiver.arrivals(calls);
  return { delay, first, retry: difference(withRetry, first, ONE_IN), resend, get };
}

/** What `times` of the further steps cost that `whole` has over `part`. */
const difference = (whole: Cost, part: Cost, times: number): Cost => {
  const names = Object.keys(whole) as (keyof Cost)[];
  return Object.fromEntries(
    names.map((name) => [name, (whole[name] - part[name]) * times]),
  ) as unknown as Cost;
};
