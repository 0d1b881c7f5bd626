/** Runs the service and its floor in turn: calls per second, latency of each, and how soon reports are answered. */
import type { LocalServer } from "../../src/local/server.ts";
import { arrivalOf, newCalls, type Receiver, reportAll, reportPaced, untilRecorded } from "./driver.ts";

const REPORTERS = 16;
const LATENCY_STEPS = 10;
const LATENCY_STEP_CALLS = 20;
const PACED_PER_SECOND = 100;
const PACED_SECONDS = 30;

const SIDES = ["service", "floor"] as const;
type BothSides<T> = Record<(typeof SIDES)[number], T>;

/** Rates are per second, times in milliseconds; the entries of both sides pair up by round. */
export interface Comparison {
  rates: BothSides<Rate[]>;
  /** From a report's answer to its arrival, one call at a time. */
  waits: BothSides<number[]>;
  /** How long reports took to be answered at a steady pace. */
  answers: BothSides<number[]>;
}

interface Rate {
  accepted: number;
  delivered: number;
}

export async function compare(
  servers: BothSides<LocalServer>,
  receiver: Receiver,
  { calls, rounds, progress }: { calls: number; rounds: number; progress: (text: string) => void },
): Promise<Comparison> {
  const found: Comparison = {
    rates: { service: [], floor: [] },
    waits: { service: [], floor: [] },
    answers: { service: [], floor: [] },
  };
  for (let round = 0; round <= rounds; round++) {
    for (const side of SIDES) {
      const rate = await throughput(servers[side], receiver, calls);
      const name = round === 0 ? "warm-up" : `round ${round} of ${rounds}`;
      progress(`${name}: ${side} ${rate.delivered.toFixed(0)} delivered/s`);
      if (round > 0) found.rates[side].push(rate);
    }
  }
  for (let step = 1; step <= LATENCY_STEPS; step++) {
    for (const side of SIDES)
      found.waits[side].push(...(await latencies(servers[side], receiver, LATENCY_STEP_CALLS)));
    progress(`one call at a time: step ${step} of ${LATENCY_STEPS}`);
  }
  for (const side of SIDES) {
    progress(`${side}: ${PACED_PER_SECOND} reports/s for ${PACED_SECONDS} s`);
    found.answers[side] = await pacedAnswers(servers[side], receiver);
  }
  return found;
}

/** Reports so many calls as fast as they are accepted. Returns how many a second were answered and arrived. */
async function throughput(server: LocalServer, receiver: Receiver, calls: number): Promise<Rate> {
  const reported = await reportAll(server, {
    calls: newCalls(calls),
    webhook: receiver.url(),
    reporters: REPORTERS,
  });
  const arrivals = await receiver.arrivals(calls);
  const arrived = reported.map((report) => arrivalOf(arrivals, report));
  await untilRecorded(server, reported);
  const began = Math.min(...reported.map(({ sentAt }) => sentAt));
  const perSecond = (ended: number) => (calls * 1_000) / (ended - began);
  return {
    accepted: perSecond(Math.max(...reported.map(({ answeredAt }) => answeredAt))),
    delivered: perSecond(Math.max(...arrived)),
  };
}

/** Reports one call after the other. Returns the time from each answer to the arrival. */
async function latencies(server: LocalServer, receiver: Receiver, calls: number): Promise<number[]> {
  const waits: number[] = [];
  for (const call of newCalls(calls)) {
    const [reported] = await reportAll(server, { calls: [call], webhook: receiver.url(), reporters: 1 });
    if (reported === undefined) throw new Error("a report is missing");
    waits.push(arrivalOf(await receiver.arrivals(1), reported) - reported.answeredAt);
  }
  return waits;
}

async function pacedAnswers(server: LocalServer, receiver: Receiver): Promise<number[]> {
  const calls = newCalls(PACED_PER_SECOND * PACED_SECONDS);
  const reported = await reportPaced(server, { calls, webhook: receiver.url(), perSecond: PACED_PER_SECOND });
  const arrivals = await receiver.arrivals(calls.length);
  for (const report of reported) arrivalOf(arrivals, report);
  await untilRecorded(server, reported);
  return reported.map(({ sentAt, answeredAt }) => answeredAt - sentAt);
}
