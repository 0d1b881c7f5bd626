/** The bill: what each step of a call costs. Throws where a call is lost, sent too often, or not counted. */
import { type Cost, costOf, difference, type MeteredServer } from "./cost.ts";
import { ask, newCalls, type Receiver, reportAll, untilRecorded } from "./driver.ts";
import { demandArrivals, type Usage } from "./evidence.ts";

/** What each step costs, with a receiver that answers after `delay` milliseconds. */
export interface Bills {
  delay: number;
  first: Cost;
  retry: Cost;
  resend: Cost;
  get: Cost;
}

/** `progress` is told of each step. */
interface Scale {
  calls: number;
  delay: number;
  progress: (step: string) => void;
}

const REPORTERS = 16;
/** One call in so many fails at first: more would degrade the endpoint, and be put off instead. */
const ONE_IN = 4;

interface Delivering {
  server: MeteredServer;
  receiver: Receiver;
  calls: number;
  delay: number;
  /** One call in so many fails once; null: none. */
  failOneIn?: number | null;
}

/** Reports new calls, and waits until all are delivered. */
async function deliver({ server, receiver, calls, ...input }: Delivering): Promise<string[]> {
  const { delay, failOneIn = null } = input;
  const webhook = receiver.url({ delay, ...(failOneIn !== null && { fail: 1, of: failOneIn }) });
  const reported = await reportAll(server, { calls: newCalls(calls), webhook, reporters: REPORTERS });
  await untilRecorded(server, reported);
  const callIds = reported.map(({ call_id }) => call_id);
  demandArrivals(await receiver.arrivals(calls), callIds, failOneIn === null ? 0 : calls / failOneIn);
  return callIds;
}

/** What so many attempts use at least. */
const attempts = (count: number): Partial<Usage> => ({
  rows_written: count,
  rows_read: count,
  messages: count,
  object_requests: count,
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
  const first = await bill("first-try deliveries", attempts(calls), async () => {
    callIds = await deliver(delivering);
  });
  const withRetry = await bill("deliveries, some with a retry", attempts(calls + calls / ONE_IN), () =>
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
  const resend = await bill("resends", attempts(calls), () =>
    forEach((call_id) => ask(server, "/v1/postcall/webhooks/resend", { body: { call_ids: [call_id] } })),
  );
  demandArrivals(await receiver.arrivals(calls), callIds);
  return { delay, first, retry: difference(withRetry, first, ONE_IN), resend, get };
}
