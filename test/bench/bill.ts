/** The bill: what each step of a call costs. Throws if a call is lost, sent too often, or not counted. */
import { type Cost, costOf, difference, type MeteredServer } from "./cost.ts";
import { ask, newCalls, pause, type Receiver, reportAll, untilRecorded } from "./driver.ts";
import { demandArrivals, type Usage } from "./evidence.ts";

/** What each step costs, with a receiver that answers after `delay` milliseconds. */
export interface Bills {
  delay: number;
  first: Cost;
  retry: Cost;
  resend: Cost;
  get: Cost;
}

/** The same for calls that have their batches to themselves. */
export type BillsAlone = Pick<Bills, "delay" | "first" | "retry">;

/** `progress` is called for each step. */
interface Scale {
  calls: number;
  delay: number;
  progress: (step: string) => void;
}

const REPORTERS = 16;
/** One call in so many fails at first. With more the endpoint would be degraded and its calls deferred. */
const ONE_IN = 4;

interface Delivering {
  server: MeteredServer;
  receiver: Receiver;
  calls: number;
  delay: number;
  /** One call in so many fails once; null for none. */
  failOneIn?: number | null;
  /** The shortest time the step takes. Asking earlier whether all is recorded would add CPU time. */
  waitMs?: number;
}

/** Reports new calls, and waits until all are delivered. */
async function deliver({ server, receiver, calls, ...input }: Delivering): Promise<string[]> {
  const { delay, failOneIn = null, waitMs = 0 } = input;
  const webhook = receiver.url({ delay, ...(failOneIn !== null && { fail: 1, of: failOneIn }) });
  const reported = await reportAll(server, { calls: newCalls(calls), webhook, reporters: REPORTERS });
  await pause(waitMs);
  await untilRecorded(server, reported);
  const callIds = reported.map(({ call_id }) => call_id);
  demandArrivals(await receiver.arrivals(calls), callIds, failOneIn === null ? 0 : calls / failOneIn);
  return callIds;
}

/** The least that so many attempts use. A timer may be a little early. */
const attempts = (count: number, delay: number): Partial<Usage> => ({
  rows_written: count,
  rows_read: count,
  messages: count,
  object_requests: count,
  object_ms: 0.9 * count * delay,
});

/** Runs each step for this many calls. */
export async function billAt(
  server: MeteredServer,
  receiver: Receiver,
  { calls, delay, progress }: Scale,
): Promise<Bills> {
  const delivering = { server, receiver, calls, delay };
  let callIds: string[] = [];
  const bill = (name: string, least: Partial<Usage>, run: () => Promise<unknown>) => {
    progress(`${calls} ${name}`);
    return costOf(server, { name, times: calls, least: { ...least, worker_requests: calls }, run });
  };
  const first = await bill("first-try deliveries", attempts(calls, delay), async () => {
    callIds = await deliver(delivering);
  });
  const withRetry = await bill("deliveries, some with a retry", attempts(calls + calls / ONE_IN, delay), () =>
    deliver({ ...delivering, failOneIn: ONE_IN }),
  );
  const forEach = async (work: (call_id: string) => Promise<unknown>) => {
    const queue = callIds.values();
    const asker = async () => {
      for (const call_id of queue) await work(call_id);
    };
    await Promise.all(Array.from({ length: REPORTERS }, asker));
  };
  const get = await bill("gets", { rows_read: calls }, () =>
    forEach((call_id) => ask(server, `/v1/postcall/webhooks/${call_id}`)),
  );
  const resend = await bill("resends", attempts(calls, delay), () =>
    forEach((call_id) => ask(server, "/v1/postcall/webhooks/resend", { body: { call_ids: [call_id] } })),
  );
  demandArrivals(await receiver.arrivals(calls), callIds);
  return { delay, first, retry: difference(withRetry, first, ONE_IN), resend, get };
}

/** When to look for a lone call's delivery, at the first try and at the second. */
const LONE_FIRST_MS = 300;
const LONE_RETRIED_MS = 2_000;

/** One call at a time: no batch is shared, and a failed one also writes its endpoint's health. */
export async function billAlone(
  server: MeteredServer,
  receiver: Receiver,
  { calls, delay, progress }: Scale,
): Promise<BillsAlone> {
  const bill = (name: string, tries: 1 | 2, alone: Pick<Delivering, "failOneIn" | "waitMs">) => {
    progress(`${calls} ${name}, one at a time`);
    const run = async () => {
      for (let done = 0; done < calls; done++) await deliver({ server, receiver, delay, ...alone, calls: 1 });
    };
    const least = { ...attempts(calls * tries, delay), worker_requests: calls + calls * tries };
    return costOf(server, { name, times: calls, least, run });
  };
  const first = await bill("first-try deliveries", 1, { waitMs: delay + LONE_FIRST_MS });
  const retried = { failOneIn: 1, waitMs: 2 * delay + LONE_RETRIED_MS };
  const withRetry = await bill("deliveries with a retry", 2, retried);
  return { delay, first, retry: difference(withRetry, first) };
}

/** Older than any log is kept. */
const OLD_MS = 4_000 * 86_400_000;

/** What it costs to remove an old log with its one attempt. */
export async function billRemoval(
  server: MeteredServer,
  receiver: Receiver,
  { calls, delay, progress }: Scale,
): Promise<Cost> {
  progress(`the removal of ${calls} logs`);
  const callIds = JSON.stringify(await deliver({ server, receiver, calls, delay }));
  const { database } = server;
  const theirs = "event = 'call' AND call_id IN (SELECT value FROM json_each(?1))";
  const run = async () => {
    const aging = `UPDATE webhook_logs SET created_at = created_at - ?2 WHERE ${theirs}`;
    await database.prepare(aging).bind(callIds, OLD_MS).run();
    await ask(server, "/meter/sweep");
  };
  const least = { rows_written: calls, rows_read: calls };
  const cost = await costOf(server, { name: "removal", times: calls, least, withCron: true, run });
  const counting = `SELECT count(*) AS n FROM webhook_logs WHERE ${theirs}`;
  const left = await database.prepare(counting).bind(callIds).first<number>("n");
  if (left !== 0) throw new Error(`of ${calls} old logs, ${left} were not removed`);
  return cost;
}
