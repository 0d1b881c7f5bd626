/**
 * `npm run bench -- --rate` reports many calls at once for an endpoint with a rate, beside others at a steady pace, and
 * measures how the rate is kept and what that does to the others. Throws if a call is lost or the rate is exceeded.
 */
import { LOCAL_KEY } from "../../src/local/seed.ts";
import type { LocalServer } from "../../src/local/server.ts";
import {
  arrivalOf,
  newCalls,
  openReceiver,
  percentile,
  type Receiver,
  type Reported,
  reportAll,
  reportPaced,
  untilRecorded,
} from "./driver.ts";

const RATE_PER_SECOND = 50;
const CALLS = 5_000;
const REPORTERS = 8;
/** The calls of the others, for about as long as the rate takes. */
const OTHERS_PER_SECOND = 100;
const OTHERS_SECONDS = 100;
/** The most that any second, and any ten, may have, of the rate. */
const SECOND_BOUND = 2;
const TEN_SECONDS_BOUND = 1.1;

/** How the calls of the others fared: arrivals per second, and from report to arrival in milliseconds. */
interface Others {
  perSecond: number;
  p50: number;
  p95: number;
}

export interface Rate {
  alone: Others;
  /** Beside as many calls for an endpoint without a rate, and with one. */
  besideUnlimited: Others;
  beside: Others;
  /** The most arrivals of the endpoint with a rate in any second and in any ten, and over all of its time. */
  mostInSecond: number;
  mostInTen: number;
  perSecond: number;
}

type Progress = (text: string) => void;

export async function rate(server: LocalServer, progress: Progress): Promise<Rate> {
  const receiver = await openReceiver();
  try {
    await othersCalls(server, receiver, 5); // warm-up
    progress(`the others alone, for ${OTHERS_SECONDS} s`);
    const alone = await othersCalls(server, receiver, OTHERS_SECONDS);
    progress(`${CALLS} calls for an endpoint without a rate beside them`);
    const unlimited = await othersBeside(server, receiver);
    await limit(server, limitedUrl(receiver));
    progress(`${CALLS} calls for an endpoint of ${RATE_PER_SECOND}/s beside them`);
    const { others: beside, times } = await othersBeside(server, receiver);
    const mostInSecond = mostIn(times, 1_000);
    const mostInTen = mostIn(times, 10_000);
    if (mostInSecond > SECOND_BOUND * RATE_PER_SECOND || mostInTen > TEN_SECONDS_BOUND * 10 * RATE_PER_SECOND)
      throw new Error(`${mostInSecond} calls arrived in one second, and ${mostInTen} in ten`);
    const perSecond = (1_000 * (times.length - 1)) / ((times.at(-1) ?? 0) - (times[0] ?? 0));
    return { alone, besideUnlimited: unlimited.others, beside, mostInSecond, mostInTen, perSecond };
  } finally {
    receiver.stop();
  }
}

/** How the others fare beside many calls for one endpoint, and when those arrived, in order. */
async function othersBeside(server: LocalServer, receiver: Receiver) {
  const many = { calls: newCalls(CALLS), webhook: limitedUrl(receiver), reporters: REPORTERS };
  const [reportedMany, reportedOthers] = await Promise.all([
    reportAll(server, many),
    reportPaced(server, pacedOthers(receiver, OTHERS_SECONDS)),
  ]);
  const all = [...reportedMany, ...reportedOthers];
  await untilRecorded(server, all);
  const arrivals = await receiver.arrivals(all.length);
  const times = reportedMany.map((report) => arrivalOf(arrivals, report)).toSorted((a, b) => a - b);
  return { others: faring(reportedOthers, arrivals), times };
}

const limitedUrl = (receiver: Receiver) => receiver.url({ endpoint: 10 });

const pacedOthers = (receiver: Receiver, seconds: number) => ({
  calls: newCalls(seconds * OTHERS_PER_SECOND),
  webhook: receiver.url({ endpoint: 1 }),
  perSecond: OTHERS_PER_SECOND,
});

async function othersCalls(server: LocalServer, receiver: Receiver, seconds: number): Promise<Others> {
  const reported = await reportPaced(server, pacedOthers(receiver, seconds));
  const arrivals = await receiver.arrivals(reported.length);
  await untilRecorded(server, reported);
  return faring(reported, arrivals);
}

function faring(reported: readonly Reported[], arrivals: Awaited<ReturnType<Receiver["arrivals"]>>): Others {
  const times = reported.map((report) => arrivalOf(arrivals, report));
  const waits = reported.map((report) => arrivalOf(arrivals, report) - report.sentAt);
  const seconds = (Math.max(...times) - Math.min(...times)) / 1_000;
  return { perSecond: times.length / seconds, p50: percentile(waits, 0.5), p95: percentile(waits, 0.95) };
}

async function limit(server: LocalServer, url: string): Promise<void> {
  const response = await fetch(`${server.url}/v1/endpoints`, {
    method: "PATCH",
    headers: { authorization: LOCAL_KEY, "content-type": "application/json" },
    body: JSON.stringify({ url, rate_per_second: RATE_PER_SECOND }),
  });
  if (response.status !== 200) throw new Error(`the rate was refused: ${await response.text()}`);
  await response.body?.cancel();
}

/** The most of these times, in order, that lie in any window of this length. */
function mostIn(times: readonly number[], windowMs: number): number {
  let most = 0;
  let from = 0;
  for (const [index, at] of times.entries()) {
    while (at - (times[from] ?? at) >= windowMs) from++;
    most = Math.max(most, index - from + 1);
  }
  return most;
}

export function printRate(
  { alone, besideUnlimited, beside, mostInSecond, mostInTen, perSecond }: Rate,
  json: boolean,
): void {
  const ofRate = (count: number, seconds: number) => (count / seconds / RATE_PER_SECOND).toFixed(2);
  const row = (name: string, { perSecond: rateOf, p50, p95 }: Others) =>
    `| ${name} | ${rateOf.toFixed(1)} | ${(rateOf / alone.perSecond).toFixed(2)} | ${p50.toFixed(0)} | ${p95.toFixed(0)} |`;
  console.log(`
| ${CALLS} calls for an endpoint of ${RATE_PER_SECOND}/s | calls | of the rate |
|---|---|---|
| over all of its time, per second | ${perSecond.toFixed(1)} | ${ofRate(perSecond, 1)} |
| the most in any second | ${mostInSecond} | ${ofRate(mostInSecond, 1)} (bound: ≤ ${SECOND_BOUND}) |
| the most in any ten seconds | ${mostInTen} | ${ofRate(mostInTen, 10)} (bound: ≤ ${TEN_SECONDS_BOUND}) |

| the others, ${OTHERS_PER_SECOND} reported a second | arrived per second | of alone | p50, ms | p95, ms |
|---|---|---|---|---|
${row("alone", alone)}
${row("beside as many calls for one without a rate", besideUnlimited)}
${row("beside those calls", beside)}
`);
  if (json)
    console.log(JSON.stringify({ alone, besideUnlimited, beside, mostInSecond, mostInTen, perSecond }));
}
