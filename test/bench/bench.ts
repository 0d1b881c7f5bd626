/** `npm run bench`: the service against its floor, its bill and its growth, in one run. `--calls`, `--rounds`, `--json`. */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort, type LocalServer, startLocalServer } from "../../src/local/server.ts";
import { billAt, type MeteredServer } from "./bill.ts";
import {
  arrivalOf,
  newCalls,
  openReceiver,
  type Receiver,
  reportAll,
  reportPaced,
  untilRecorded,
} from "./driver.ts";
import { growth } from "./growth.ts";
import { runtimePids } from "./processes.ts";
import { printResults, type Results } from "./report.ts";

const REPORTERS = 16;
const LATENCY_CALLS = 20;
const PACED_PER_SECOND = 100;
const PACED_SECONDS = 10;
const BILL_CALLS = 200;
const DELAYS_MS = [10, 100, 1_000] as const;
const SIZES = [1_000, 10_000, 200_000];

const { values: options } = parseArgs({
  options: {
    calls: { type: "string", default: "1000" },
    rounds: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
  },
});

const progress = (text: string) =>
  process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${text}\n`);
const stateDir = mkdtempSync(join(tmpdir(), "postcall-bench-"));

async function start(name: string, main?: string): Promise<LocalServer> {
  progress(`starting the ${name}`);
  const environment = { ...process.env, RETRY_SCHEDULE: "1s" };
  const input = { port: await freePort(), stateDir: join(stateDir, name), environment };
  return startLocalServer(main === undefined ? input : { ...input, main });
}

/** Reports so many calls as fast as they are taken, and returns how many a second were answered and arrived. */
async function throughput(server: LocalServer, receiver: Receiver, calls: number) {
  const reported = await reportAll(server, {
    calls: newCalls(calls),
    webhook: receiver.url(),
    reporters: REPORTERS,
  });
  const arrivals = await receiver.arrivals(calls);
  const arrived = reported.map((report) => arrivalOf(arrivals, report));
  await untilRecorded(server);
  const began = Math.min(...reported.map(({ sentAt }) => sentAt));
  const perSecond = (ended: number) => (calls * 1_000) / (ended - began);
  return {
    accepted: perSecond(Math.max(...reported.map(({ answeredAt }) => answeredAt))),
    delivered: perSecond(Math.max(...arrived)),
  };
}

/** Reports one call after the other, and returns how long after each answer its receiver had it, in milliseconds. */
async function latencies(server: LocalServer, receiver: Receiver, calls: number): Promise<number[]> {
  const waits: number[] = [];
  for (const call of newCalls(calls)) {
    const [reported] = await reportAll(server, { calls: [call], webhook: receiver.url(), reporters: 1 });
    if (reported === undefined) throw new Error("a report is missing");
    waits.push(arrivalOf(await receiver.arrivals(1), reported) - reported.answeredAt);
  }
  return waits;
}

/** How long reports take to be answered at a steady pace, in milliseconds. */
async function pacedAnswers(server: LocalServer, receiver: Receiver): Promise<number[]> {
  const calls = newCalls(PACED_PER_SECOND * PACED_SECONDS);
  const reported = await reportPaced(server, { calls, webhook: receiver.url(), perSecond: PACED_PER_SECOND });
  await receiver.arrivals(calls.length);
  await untilRecorded(server);
  return reported.map(({ sentAt, answeredAt }) => answeredAt - sentAt);
}

async function bytesPerLog(server: LocalServer): Promise<number> {
  const { meta } = await server.database.prepare("SELECT 1").run();
  const logs = await server.database.prepare("SELECT count(*) AS n FROM webhook_logs").first<number>("n");
  if (!logs || !meta.size_after) throw new Error("the count of bytes is missing");
  return meta.size_after / logs;
}

async function run(calls: number, rounds: number, servers: LocalServer[]): Promise<Results> {
  const receiver = await openReceiver();
  try {
    const service = await start("service");
    servers.push(service);
    const floor = await start("floor", "test/bench/floor.ts");
    servers.push(floor);
    const sides = { service, floor };
    const rates = { service: [] as Rate[], floor: [] as Rate[] };
    const waits = { service: [] as number[], floor: [] as number[] };
    for (let round = 0; round <= rounds; round++) {
      for (const side of ["service", "floor"] as const) {
        const rate = await throughput(sides[side], receiver, calls);
        progress(
          `${round === 0 ? "warm-up" : `round ${round} of ${rounds}`}: ${side} ${rate.delivered.toFixed(0)} delivered/s`,
        );
        if (round > 0) rates[side].push(rate);
      }
    }
    for (let round = 0; round < 4; round++) {
      for (const side of ["service", "floor"] as const) {
        waits[side].push(...(await latencies(sides[side], receiver, LATENCY_CALLS / 4)));
      }
      progress(`one call at a time: ${waits.service.length} of ${LATENCY_CALLS}`);
    }
    progress(`${PACED_PER_SECOND} reports/s for ${PACED_SECONDS} s`);
    const answers = await pacedAnswers(service, receiver);
    const bytes = await bytesPerLog(service);
    const others = runtimePids();
    const metered = await start("metered service", "test/bench/metered.ts");
    servers.push(metered);
    const pid = runtimePids().find((candidate) => !others.includes(candidate));
    if (pid === undefined) throw new Error("the metered runtime's process is not to be found");
    return {
      machine: `${cpus().length} × ${cpus()[0]?.model ?? "processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
      calls,
      rounds,
      rates,
      waits,
      answers,
      bytesPerLog: bytes,
      ...(await meteredResults({ ...metered, pid }, receiver)),
    };
  } finally {
    receiver.stop();
  }
}

type Rate = Awaited<ReturnType<typeof throughput>>;

async function meteredResults(server: MeteredServer, receiver: Receiver) {
  const bills: Results["bills"] = [];
  await billAt(server, receiver, { calls: BILL_CALLS, delay: 0 }); // a warm-up: the keys' lookup and the compiler
  for (const delay of DELAYS_MS) {
    progress(`the bill at a receiver of ${delay} ms`);
    bills.push({ delay, ...(await billAt(server, receiver, { calls: BILL_CALLS, delay })) });
  }
  progress(`growth to ${SIZES.at(-1)} logs`);
  return { bills, growth: await growth(server, receiver, SIZES) };
}

function readCount(name: "calls" | "rounds"): number {
  const count = /^[1-9]\d{0,5}$/.test(options[name]) ? Number(options[name]) : 0;
  if (count === 0)
    throw new Error(`--${name} must be a whole number from 1, and is ${JSON.stringify(options[name])}`);
  return count;
}

const servers: LocalServer[] = [];
try {
  const results = await run(readCount("calls"), readCount("rounds"), servers);
  printResults(results, { json: options.json });
} catch (error) {
  console.error("The benchmark went wrong; it has no figures.", error);
  process.exitCode = 1;
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(stateDir, { recursive: true, force: true });
}
