/**
 * `npm run bench -- --limits` measures what others notice of an org at its limits, on a server that limits as a
 * deployment does: another org's calls, alone, beside an org that reports as fast as it can, and beside a flood of bad
 * keys, in turn. Then it measures how far an org fills the database. Throws if one of the other org's calls is lost or
 * refused.
 */
import type { LocalServer } from "../../src/local/server.ts";
import {
  arrivalOf,
  median,
  newCalls,
  now,
  openReceiver,
  pause,
  percentile,
  type Receiver,
  reportPaced,
  untilRecorded,
} from "./driver.ts";
import { FILL_BOUND, type Fill, fill } from "./fill.ts";
import { badKeys, newOrg, openGreedy, reportsOf } from "./greed.ts";
import type { Greed, Tally } from "./greedy.ts";
import { cpuMs } from "./processes.ts";

const ROUNDS = 5;
/** Two periods of the limits: so there are as many bursts beside the calls, whenever they begin. */
const SECONDS = 20;
const CALLS_PER_SECOND = 20;
const LEAD_MS = 1_000;

const PERIOD_MS = 10_000;
/** ADDRESSES_LIMIT, and what is under way when it is reached. */
const LOOK_UPS_BOUND = 50 + 16;
/** The other org's times beside something, of those alone. */
const BOUND = 1.2;

type MeasuredServer = LocalServer & { pid: number };
type Progress = (text: string) => void;

const ALONE = "nothing";
const ORG = "an org that reports as fast as it can";
const KEYS = "a flood of bad keys";

/** The other org's times in milliseconds, from a report to its answer and to its arrival, and what there was beside it. */
interface Round {
  answered_p50: number;
  answered_p95: number;
  answered_p99: number;
  arrived_p50: number;
  arrived_p95: number;
  /** Requests beside it, a second: those let in (or with a key that was looked up), and those refused. */
  let_in_per_s: number;
  refused_per_s: number;
  /** Look-ups of keys in each period of the limits. */
  look_ups: number;
  /** The runtime's CPU time, of one core's. */
  cpu: number;
}

export interface Limits {
  sides: Record<string, Round[]>;
  fill: Fill;
}

export async function limits(
  { service, startFilled }: { service: MeasuredServer; startFilled: () => Promise<LocalServer> },
  progress: Progress,
): Promise<Limits> {
  const sides = await measureSides(service, progress);
  return { sides, fill: await fill(await startFilled(), progress) };
}

async function measureSides(server: MeasuredServer, progress: Progress): Promise<Limits["sides"]> {
  const receiver = await openReceiver();
  const sides: Limits["sides"] = {};
  try {
    const org = await newOrg(server);
    const greeds = [
      [ALONE, null],
      [ORG, reportsOf(server, org, receiver.url({ endpoint: 1 }))],
      [ALONE, null],
      [KEYS, badKeys(server)],
    ] as const;
    await measure(server, receiver, null); // warm-up
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [side, greed] of greeds) {
        const measured = await measure(server, receiver, greed);
        progress(`round ${round} of ${ROUNDS}: ${side}: p99 ${measured.answered_p99.toFixed(0)} ms`);
        sides[side] = [...(sides[side] ?? []), measured];
      }
    }
  } finally {
    receiver.stop();
  }
  return sides;
}

async function measure(server: MeasuredServer, receiver: Receiver, greed: Greed | null): Promise<Round> {
  const calls = newCalls(SECONDS * CALLS_PER_SECOND);
  const stop = await openBeside(server, greed);
  await pause(LEAD_MS);
  const cpuBefore = cpuMs(server.pid);
  const reported = await reportPaced(server, { calls, webhook: receiver.url(), perSecond: CALLS_PER_SECOND });
  const cpu = (cpuMs(server.pid) - cpuBefore) / (SECONDS * 1_000);
  const beside = await stop();
  await untilRecorded(server, reported);
  const arrivals = await receiver.arrivals(reported.length, reported);
  const answered = reported.map(({ sentAt, answeredAt }) => answeredAt - sentAt);
  const arrived = reported.map((report) => arrivalOf(arrivals, report) - report.sentAt);
  return {
    answered_p50: percentile(answered, 0.5),
    answered_p95: percentile(answered, 0.95),
    answered_p99: percentile(answered, 0.99),
    arrived_p50: percentile(arrived, 0.5),
    arrived_p95: percentile(arrived, 0.95),
    ...{ ...beside, cpu },
  };
}

type Beside = Pick<Round, "let_in_per_s" | "refused_per_s" | "look_ups">;

/** Begins what is to be beside the other org's calls. The returned function ends it and tells what there was. */
async function openBeside(server: LocalServer, greed: Greed | null): Promise<() => Promise<Beside>> {
  if (greed === null) return async () => ({ let_in_per_s: 0, refused_per_s: 0, look_ups: 0 });
  const before = await lookUpsOf(server);
  const started = now();
  const greedy = openGreedy(greed);
  return async () => {
    const tally = await greedy.stop();
    const ended = now();
    const periods = Math.floor(ended / PERIOD_MS) - Math.floor(started / PERIOD_MS) + 1;
    const perSecond = (kind: keyof Tally) => ((tally[kind] ?? 0) * 1_000) / (ended - started);
    return {
      let_in_per_s: perSecond("202") + perSecond("401"),
      refused_per_s: perSecond("RATE_LIMITED"),
      look_ups: ((await lookUpsOf(server)) - before) / periods,
    };
  };
}

const lookUpsOf = async (server: LocalServer): Promise<number> =>
  (await fetch(`${server.url}/look-ups`)).json() as Promise<number>;

type Figure = "answered_p50" | "answered_p95" | "answered_p99" | "arrived_p50" | "arrived_p95";
const FIGURES: readonly Figure[] = [
  "answered_p50",
  "answered_p95",
  "answered_p99",
  "arrived_p50",
  "arrived_p95",
];
/** Those that may not grow. */
const BOUNDED: readonly Figure[] = ["answered_p99", "arrived_p50", "arrived_p95"];

/** Prints the figures, and names each missed bound; then the run fails. */
export function printLimits({ sides, fill }: Limits, json: boolean): void {
  const of = (side: string, figure: keyof Round) => median((sides[side] ?? []).map((round) => round[figure]));
  const ratio = (side: string, figure: Figure) => of(side, figure) / of(ALONE, figure);
  const cells = (side: string) =>
    FIGURES.map((figure) => `${of(side, figure).toFixed(0)} ms (${ratio(side, figure).toFixed(2)})`);
  console.log(`
| beside | let in/s | refused/s | report answered, p50 (times that alone) | p95 | p99 | arrived, p50 | p95 | the runtime's CPU |
|---|---|---|---|---|---|---|---|---|`);
  for (const side of Object.keys(sides))
    console.log(
      `| ${side} | ${of(side, "let_in_per_s").toFixed(0)} | ${of(side, "refused_per_s").toFixed(0)} | ${cells(side).join(" | ")} | ${of(side, "cpu").toFixed(2)} |`,
    );
  const lookUps = of(KEYS, "look_ups");
  console.log(`
Keys looked up because of the flood, in each period of the limits: ${lookUps.toFixed(0)} (bound: ≤ ${LOOK_UPS_BOUND}).

| an org that may store ${fill.stored_gb} GB | |
|---|---|
| stored when it was refused first, of that | ${fill.ratio_when_refused.toFixed(2)} |
| stored at most | ${fill.ratio_most.toFixed(2)} (bound: ≤ ${FILL_BOUND.toFixed(2)}) |
| refused after | ${fill.seconds.toFixed(0)} s |
| a database of 10 GB at that rate | ${fill.database_minutes.toFixed(0)} min |
`);
  if (json) console.log(JSON.stringify({ sides, fill }));
  const missed = [
    ...[ORG, KEYS].flatMap((side) =>
      BOUNDED.map((figure) => ({
        what: `${figure} beside ${side}`,
        value: ratio(side, figure),
        bound: BOUND,
      })),
    ),
    { what: "look-ups in a period", value: lookUps, bound: LOOK_UPS_BOUND },
    { what: "what was stored at most", value: fill.ratio_most, bound: FILL_BOUND },
  ].filter(({ value, bound }) => !(value <= bound));
  for (const { what, value, bound } of missed)
    console.error(`Missed: ${what} is ${value.toFixed(2)}, and should be ≤ ${bound.toFixed(2)}.`);
  if (missed.length > 0) process.exitCode = 1;
}
