/**
 * `npm run bench -- --poison` lets one of ten endpoints hang until the timeout, and measures what that does to the
 * calls of the other nine, before it is degraded and after. Throws if one of theirs is lost, or if degrading takes
 * too long.
 */
import type { LocalServer } from "../../src/local/server.ts";
import {
  arrivalOf,
  ask,
  now,
  openReceiver,
  pause,
  type Receiver,
  type Reported,
  reportWhile,
  untilRecorded,
} from "./driver.ts";

const ENDPOINTS = 10;
const REPORTERS = 16;
const WARM_UP_MS = 10_000;
const WINDOW_MS = 20_000;
/** How many reported calls may be on their way: enough to keep every batch full. */
const LEAD_CALLS = 200;
/** The service's variables, and the longest an attempt then takes. */
export const POISON_VARIABLES = { DELIVERY_TIMEOUT: "15s" };
const TIMEOUT_MS = 15_000;
/** An endpoint is degraded within its timeout and this much more. */
const MARGIN_MS = 5_000;
/** What the others must deliver once it is degraded, of what they deliver without it. */
const DEGRADED_BOUND = 0.9;
/** Longer than any attempt may take. */
const HANG_MS = 60_000;

/** Healthy calls delivered per second: all endpoints well, one hanging and not yet known to be, one degraded. */
export interface Poison {
  clean: number;
  dip: number;
  degraded: number;
  /** From the first hung attempt until its endpoint was degraded. */
  degradedAfterMs: number;
}

type Progress = (text: string) => void;

export async function poison(server: LocalServer, progress: Progress): Promise<Poison> {
  const receiver = await openReceiver();
  try {
    progress(`ten endpoints, all well, for ${WINDOW_MS / 1_000} s`);
    const clean = await cleanRate(server, receiver);
    progress("ten endpoints, one of them hanging");
    return { clean, ...(await poisonedRates(server, receiver, progress)) };
  } finally {
    receiver.stop();
  }
}

/**
 * Reports calls to ten endpoints in turn until it is stopped, as fast as the healthy ones arrive. Reporters that
 * never wait would pile up calls during the dip, and only those would be measured after it.
 */
function keepReporting(server: LocalServer, receiver: Receiver, hanging: number | null) {
  let isOn = true;
  let begun = 0;
  let arrived = 0;
  const webhookOf = (index: number) => {
    const endpoint = index % ENDPOINTS;
    if (endpoint === hanging) return hangingUrl(receiver);
    begun++;
    return receiver.url({ endpoint });
  };
  const counting = async () => {
    while (isOn) {
      arrived = (await receiver.count()).answeredAtOnce;
      await pause(20);
    }
  };
  const tooFarAhead = () => begun - arrived > LEAD_CALLS;
  const load = { webhookOf, reporters: REPORTERS, isOn: () => isOn, tooFarAhead };
  const done = Promise.all([reportWhile(server, load), counting()]);
  done.catch(() => {}); // awaited in stop, unless something else fails first
  return async () => {
    isOn = false;
    const [reported] = await done;
    return reported;
  };
}

const hangingUrl = (receiver: Receiver) => receiver.url({ endpoint: ENDPOINTS, delay: HANG_MS });

async function cleanRate(server: LocalServer, receiver: Receiver): Promise<number> {
  const stop = keepReporting(server, receiver, null);
  await pause(WARM_UP_MS);
  const from = now();
  await pause(WINDOW_MS);
  const until = now();
  const reported = await stop();
  const arrivals = await receiver.arrivals(reported.length);
  await untilRecorded(server, reported);
  const arrived = healthy(reported).map((report) => arrivalOf(arrivals, report));
  return rateBetween(arrived, from, until);
}

async function poisonedRates(server: LocalServer, receiver: Receiver, progress: Progress) {
  const stop = keepReporting(server, receiver, 0);
  const started = now();
  while (!(await isDegraded(server, hangingUrl(receiver)))) {
    if (now() > started + 4 * TIMEOUT_MS) throw new Error("the hanging endpoint was never degraded");
    await pause(250);
  }
  const degradedAt = now();
  progress(`degraded; ${WINDOW_MS / 1_000} s more`);
  await pause(WINDOW_MS);
  const until = now();
  const reported = await stop();
  const others = healthy(reported);
  const arrivals = await receiver.arrivals(others.length, others);
  const arrived = others.map((report) => arrivalOf(arrivals, report));
  const hung = reported.filter((report) => !others.includes(report));
  const firstHungAt = Math.min(...hung.flatMap(({ call_id }) => arrivals[call_id] ?? []));
  const degradedAfterMs = degradedAt - firstHungAt;
  if (degradedAfterMs > TIMEOUT_MS + MARGIN_MS)
    throw new Error(`the hanging endpoint was degraded only after ${Math.round(degradedAfterMs)} ms`);
  return {
    dip: rateBetween(arrived, firstHungAt, degradedAt),
    degraded: rateBetween(arrived, degradedAt, until),
    degradedAfterMs,
  };
}

const healthy = (reported: readonly (Reported & { index: number })[]) =>
  reported.filter(({ index }) => index % ENDPOINTS !== 0);

const rateBetween = (arrived: readonly number[], from: number, until: number): number =>
  (arrived.filter((at) => at >= from && at < until).length * 1_000) / (until - from);

async function isDegraded(server: LocalServer, url: string): Promise<boolean> {
  const path = `/v1/endpoints?url=${encodeURIComponent(url)}`;
  const { data } = (await ask(server, path)) as { data: { state: string } };
  return data.state === "degraded";
}

export function printPoison({ clean, dip, degraded, degradedAfterMs }: Poison, json: boolean): void {
  const ratio = degraded / clean;
  console.log(`
| calls of nine healthy endpoints, delivered per second | | of the first |
|---|---|---|
| beside a tenth that is well | ${clean.toFixed(0)} | 1.00 |
| beside one that hangs, until it is degraded (${(degradedAfterMs / 1_000).toFixed(1)} s) | ${dip.toFixed(0)} | ${(dip / clean).toFixed(2)} |
| once it is degraded | ${degraded.toFixed(0)} | ${ratio.toFixed(2)} (bound: ≥ ${DEGRADED_BOUND}) |
`);
  const figures = { clean_per_s: clean, dip_per_s: dip, degraded_per_s: degraded, ratio_degraded: ratio };
  if (json) console.log(JSON.stringify({ ...figures, degraded_after_ms: degradedAfterMs }));
}
