/** Counts what a step uses at the service's bindings, and prices it. Throws if a count can't be true. */
import type { LocalServer } from "../../src/local/server.ts";
import { ask, pause } from "./driver.ts";
import {
  demandAtLeast,
  demandFinite,
  demandIdle,
  type Metered,
  meteredOf,
  sum,
  type Usage,
} from "./evidence.ts";
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

/** Reads are counted when their answer is back in the Worker. */
const COUNTING_MS = 50;

/** What was used since the last time. */
export async function readMeter(server: LocalServer): Promise<Metered> {
  await pause(COUNTING_MS);
  return meteredOf(await ask(server, "/meter"));
}

/** A step that does one thing `times` times, and the least that it uses. */
interface Step {
  name: string;
  times: number;
  least: Partial<Usage>;
  /** The cron may do a part of it. */
  withCron?: boolean;
  run: () => Promise<unknown>;
}

/** Runs the step, and returns what one of its times used. */
export async function costOf(
  server: MeteredServer,
  { name, times, least, withCron = false, run }: Step,
): Promise<Cost> {
  demandIdle((await readMeter(server)).cron);
  const cpuBefore = cpuMs(server.pid);
  await run();
  const cpu_ms = demandFinite("CPU time", cpuMs(server.pid) - cpuBefore) / times;
  const { steps, cron } = await readMeter(server);
  if (!withCron) demandIdle(cron);
  const usage = withCron ? sum(steps, cron) : steps;
  demandAtLeast(name, usage, least);
  return priced(usage, times, cpu_ms);
}

function priced(usage: Usage, times: number, cpu_ms: number): Cost {
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

/** The cost of the further steps that `whole` has over `part`, for one of them. */
export const difference = (whole: Cost, part: Cost, oneIn = 1): Cost => {
  const names = Object.keys(whole) as (keyof Cost)[];
  return Object.fromEntries(
    names.map((name) => [name, (whole[name] - part[name]) * oneIn]),
  ) as unknown as Cost;
};
