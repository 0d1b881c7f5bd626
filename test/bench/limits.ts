/**
 * `npm run bench -- --limits` measures what others notice of an org at its limits, on a server that limits as a
 * deployment does: the others' calls alone, beside an org that reports too much, and beside a flood of bad keys, in
 * turn. Then it measures how far an org fills the database. Throws if one of the others' calls is lost or refused.
 */
import { join, resolve } from "node:path";
import { type Unstable_Config, unstable_readConfig } from "wrangler";
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
import type { Rules } from "./limited.ts";
import { cpuMs } from "./processes.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const ROUNDS = 6;
/** Whole periods of the limits: so there are as many bursts beside the calls, whenever they begin. */
const SECONDS = 20;
/** As many as one org may report. */
const CALLS_PER_SECOND = 10;
const LEAD_MS = 1_000;

const PERIOD_MS = 10_000;
/** ADDRESSES_LIMIT, and what is under way when it is reached. */
const LOOK_UPS_BOUND = 50 + 16;
/** The others' p99 beside something, of that alone. */
const BOUND = 1.2;

type MeasuredServer = LocalServer & { pid: number };
type Progress = (text: string) => void;

/** As many as REPORTS_LIMIT lets in. */
const ORG_PER_SECOND = 10;
/** Printed, and not bounded: twice that, so all that is let in comes in the first half of each period. */
const BURSTS_PER_SECOND = 20;
/** Ten times what ADDRESSES_LIMIT lets in. */
const KEYS_PER_SECOND = 50;
/**
 * Printed, and not bounded: each request to the local runtime leaves garbage, whatever answers it, and collecting that
 * stops everything for some 0.1 s. With so many it happens often enough to be p99.
 */
const FLOOD_PER_SECOND = 300;

const ALONE = "nothing";
const ORG = `an org that reports ${ORG_PER_SECOND} calls a second`;
const BURSTS = `an org that reports ${BURSTS_PER_SECOND} calls a second`;
const KEYS = `${KEYS_PER_SECOND} bad keys a second`;
const FLOOD = `${FLOOD_PER_SECOND} bad keys a second`;

/** The others' times in milliseconds, from each report to its answer and to its arrival, and what there was beside it. */
interface Round {
  answered: number[];
  arrived: number[];
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
    await setLimits(server);
    const reports = reportsOf(server, await newOrg(server), receiver.url({ endpoint: 1 }));
    const keys = badKeys(server);
    const greeds: [string, Greed | null][] = [
      [ALONE, null],
      [ORG, { ...reports, perSecond: ORG_PER_SECOND }],
      [BURSTS, { ...reports, perSecond: BURSTS_PER_SECOND }],
      [KEYS, { ...keys, perSecond: KEYS_PER_SECOND }],
      [FLOOD, { ...keys, perSecond: FLOOD_PER_SECOND }],
    ];
    await measure(server, receiver, null); // warm-up
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [side, greed] of greeds) {
        const measured = await measure(server, receiver, greed);
        const p99 = percentile(measured.answered, 0.99).toFixed(0);
        progress(`round ${round} of ${ROUNDS}: ${side}: p99 ${p99} ms`);
        sides[side] = [...(sides[side] ?? []), measured];
      }
      greeds.push(...greeds.splice(0, 1)); // the database grows: each is the first as often as the others
    }
  } finally {
    receiver.stop();
  }
  return sides;
}

/** Sets the deployment's limits. */
async function setLimits(server: LocalServer): Promise<void> {
  const config: Unstable_Config = unstable_readConfig({ config: join(ROOT, "wrangler.toml") });
  const { ratelimits = [] } = config;
  const rules: Rules = Object.fromEntries(ratelimits.map(({ name, simple }) => [name, simple]));
  const { status } = await fetch(`${server.url}/limits`, { method: "PUT", body: JSON.stringify(rules) });
  if (status !== 200 || ratelimits.length === 0) throw new Error("the limits were not set");
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
  return {
    answered: reported.map(({ sentAt, answeredAt }) => answeredAt - sentAt),
    arrived: reported.map((report) => arrivalOf(arrivals, report) - report.sentAt),
    ...{ ...beside, cpu },
  };
}

type Beside = Pick<Round, "let_in_per_s" | "refused_per_s" | "look_ups">;

/** Begins what is to be beside the others' calls. The returned function ends it and tells what there was. */
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

const TIMES = ["answered", "arrived"] as const;
const SHARES = [0.5, 0.95, 0.99] as const;
const BOUNDED_SHARE = 0.99;
type Times = (typeof TIMES)[number];

/**
 * Arrivals beside an org are not bounded: the local queue runs one batch at a time, with some 20 ms between two, and
 * theirs wait for the org's.
 */
const BOUNDED: Readonly<Record<string, readonly Times[]>> = { [ORG]: ["answered"], [KEYS]: TIMES };

/** Prints the figures, and names each missed bound; then the run fails. */
export function printLimits({ sides, fill }: Limits, json: boolean): void {
  const rounds = (side: string) => sides[side] ?? [];
  const of = (side: string, figure: keyof Beside | "cpu") =>
    median(rounds(side).map((round) => round[figure]));
  /** Over the calls of all rounds. */
  const at = (side: string, times: Times, share: number) =>
    percentile(
      rounds(side).flatMap((round) => round[times]),
      share,
    );
  const ratio = (side: string, times: Times, share: number) =>
    at(side, times, share) / at(ALONE, times, share);
  const cells = (side: string) =>
    TIMES.flatMap((times) =>
      SHARES.map((share) => {
        const isBounded = share === BOUNDED_SHARE && BOUNDED[side]?.includes(times);
        const bound = isBounded ? `; bound: ≤ ${BOUND}` : "";
        return `${at(side, times, share).toFixed(0)} ms (${ratio(side, times, share).toFixed(2)}${bound})`;
      }),
    );
  console.log(`
The others report ${CALLS_PER_SECOND} calls a second, ${rounds(ALONE).length * SECONDS * CALLS_PER_SECOND} beside each:

| beside | let in/s | refused/s | report answered, p50 (times that alone) | p95 | p99 | arrived, p50 | p95 | p99 | the runtime's CPU |
|---|---|---|---|---|---|---|---|---|---|`);
  for (const side of Object.keys(sides))
    console.log(
      `| ${side} | ${of(side, "let_in_per_s").toFixed(0)} | ${of(side, "refused_per_s").toFixed(0)} | ${cells(side).join(" | ")} | ${of(side, "cpu").toFixed(2)} |`,
    );
  const lookUps = Math.max(of(KEYS, "look_ups"), of(FLOOD, "look_ups"));
  console.log(`
Keys looked up because of bad keys, in each period of the limits: ${lookUps.toFixed(0)} (bound: ≤ ${LOOK_UPS_BOUND}).

| an org that may store ${fill.stored_gb} GB | |
|---|---|
| stored when it was refused first, of that | ${fill.ratio_when_refused.toFixed(2)} |
| stored at most | ${fill.ratio_most.toFixed(2)} (bound: ≤ ${FILL_BOUND.toFixed(2)}) |
| refused after | ${fill.seconds.toFixed(0)} s |
| a database of 10 GB at that rate | ${fill.database_minutes.toFixed(0)} min |
`);
  if (json) console.log(JSON.stringify({ sides, fill }));
  const missed = [
    ...Object.entries(BOUNDED).flatMap(([side, bounded]) =>
      bounded.map((times) => ({
        what: `p99 of what is ${times} beside ${side}`,
        value: ratio(side, times, BOUNDED_SHARE),
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
