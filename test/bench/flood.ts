/**
 * `npm run bench -- --flood` measures what a flooded inbox does to other calls: without a flood, with small bodies,
 * and with bodies over an inbox's limit, in turn. Throws if one of the other calls is lost, or if the inbox does not
 * hold its newest requests.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { LocalServer } from "../../src/local/server.ts";
import {
  arrivalOf,
  ask,
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
import type { Flood } from "./flooder.ts";

const ROUNDS = 3;
const FLOOD_PER_SECOND = 200;
/** From a flood's start until the others' calls are reported. */
const LEAD_MS = 1_000;
/** Other calls, at a pace that leaves room on the machine for both. */
const CALLS = 100;
const CALLS_PER_SECOND = 20;
/** What an inbox keeps: requests, and bytes of a body. */
const KEPT_REQUESTS = 500;
const KEPT_BYTES = 262_144;

const NO_FLOOD = "nothing";

const FLOODS: Record<string, Pick<Flood, "bytes"> | null> = {
  [NO_FLOOD]: null,
  "bodies of 4 KB": { bytes: 4_096 },
  "bodies of 1 MiB": { bytes: 1_048_576 },
};

/** One round: the flood's answers per second, and from report to arrival of the others' calls, in milliseconds. */
interface Round {
  flooded: number;
  p50: number;
  p95: number;
}

/** The rounds, by what was flooded with. */
export type Sides = Record<string, Round[]>;

type Progress = (text: string) => void;

export async function flood(server: LocalServer, progress: Progress): Promise<Sides> {
  const receiver = await openReceiver();
  const sides: Sides = {};
  try {
    await othersCalls(server, receiver); // warm-up
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [name, what] of Object.entries(FLOODS)) {
        const stop = what === null ? async () => 0 : await openFlood(server, what);
        await pause(LEAD_MS);
        const others = await othersCalls(server, receiver);
        const flooded = await stop();
        progress(`round ${round} of ${ROUNDS}: ${name}: p50 ${others.p50.toFixed(0)} ms`);
        sides[name] = [...(sides[name] ?? []), { flooded, ...others }];
      }
    }
  } finally {
    receiver.stop();
  }
  return sides;
}

/**
 * Floods a new inbox. The returned function ends the flood, checks the inbox, and returns how many requests a second
 * were answered.
 */
async function openFlood(server: LocalServer, what: Pick<Flood, "bytes">): Promise<() => Promise<number>> {
  const { data } = (await ask(server, "/v1/inboxes", { body: {} })) as { data: { id: string; url: string } };
  const flooder = fork(join(import.meta.dirname, "flooder.ts"));
  const ended = once(flooder, "message");
  const failed = once(flooder, "exit").then(([code]) =>
    Promise.reject(new Error(`the flood ended with ${code}`)),
  );
  failed.catch(() => {});
  flooder.send({ ...what, url: data.url, perSecond: FLOOD_PER_SECOND } satisfies Flood);
  const started = now();
  return async () => {
    flooder.send("stop");
    const [{ answered }] = (await Promise.race([ended, failed])) as [{ answered: number }];
    const flooded = (answered * 1_000) / (now() - started);
    await demandNewest(server, data.id, { answered, bytes: Math.min(what.bytes, KEPT_BYTES) });
    return flooded;
  };
}

/** Ids count from 1 without gaps: the newest is the number of all that were answered. */
async function demandNewest(
  server: LocalServer,
  id: string,
  { answered, bytes }: { answered: number; bytes: number },
): Promise<void> {
  const page = async (query: string) =>
    (await ask(server, `/v1/inboxes/${id}/requests?limit=1${query}`)) as {
      data: { id: string; body: string }[];
      next_cursor: string | null;
    };
  const [newest] = (await page("")).data;
  if (newest?.id !== String(answered) || newest.body.length !== bytes)
    throw new Error(`of ${answered} requests the inbox has ${newest?.id} as its newest`);
  const oldest = Math.max(1, answered - KEPT_REQUESTS + 1);
  const { data, next_cursor } = await page(`&cursor=${oldest + 1}`);
  if (data[0]?.id !== String(oldest) || next_cursor !== null)
    throw new Error(`the inbox has ${data[0]?.id} as its oldest, and it should be ${oldest}`);
}

async function othersCalls(server: LocalServer, receiver: Receiver): Promise<Omit<Round, "flooded">> {
  const load = { calls: newCalls(CALLS), webhook: receiver.url(), perSecond: CALLS_PER_SECOND };
  const reported = await reportPaced(server, load);
  const arrivals = await receiver.arrivals(reported.length);
  await untilRecorded(server, reported);
  const took = reported.map((report) => arrivalOf(arrivals, report) - report.sentAt);
  return { p50: percentile(took, 0.5), p95: percentile(took, 0.95) };
}

export function printFlood(sides: Sides, json: boolean): void {
  const figures = Object.entries(sides).map(([name, rounds]) => ({
    name,
    flood_per_s: median(rounds.map(({ flooded }) => flooded)),
    p50_ms: median(rounds.map(({ p50 }) => p50)),
    ratio_p50: pairedRatio(sides, name, "p50"),
    p95_ms: median(rounds.map(({ p95 }) => p95)),
    ratio_p95: pairedRatio(sides, name, "p95"),
  }));
  console.log(`
| an inbox is flooded with | requests/s answered | others' calls, p50 | times that without | p95 | times that without |
|---|---|---|---|---|---|`);
  for (const { name, flood_per_s, p50_ms, ratio_p50, p95_ms, ratio_p95 } of figures)
    console.log(
      `| ${name} | ${flood_per_s.toFixed(0)} | ${p50_ms.toFixed(0)} ms | ${ratio_p50.toFixed(2)} | ${p95_ms.toFixed(0)} ms | ${ratio_p95.toFixed(2)} |`,
    );
  if (json) console.log(JSON.stringify(figures));
}

/** The sides of a round ran one after the other, so other work on the machine affected all. */
const pairedRatio = (sides: Sides, name: string, which: "p50" | "p95"): number =>
  median(
    (sides[name] ?? []).map((one, round) => one[which] / (sides[NO_FLOOD]?.[round]?.[which] ?? Number.NaN)),
  );
