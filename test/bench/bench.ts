/**
 * `npm run bench` measures the service against its floor, its bill and its growth in one run. Options: `--calls`,
 * `--rounds`, `--json`. With `--poison` it measures what one hanging endpoint does to the others instead, with `--rate`
 * what one with a rate does, with `--flood` what a flooded inbox does, with `--hostile` what hostile bodies cost, with
 * `--limits` what an org at its limits does.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort, type LocalServer, startLocalServer } from "../../src/local/server.ts";
import { type Bills, billAlone, billAt, billRemoval } from "./bill.ts";
import { compare } from "./compare.ts";
import type { MeteredServer } from "./cost.ts";
import { openReceiver, type Receiver } from "./driver.ts";
import type { Results } from "./figures.ts";
import { FILL_SWEEP_EVERY_MS, FILL_SWEEP_GRACE } from "./fill.ts";
import { flood, printFlood } from "./flood.ts";
import { FLOOR_SCHEMA } from "./floor-schema.ts";
import { GROWTH_SWEEP_GRACE_SECONDS, growth } from "./growth.ts";
import { hostile, printHostile } from "./hostile.ts";
import { limits, printLimits } from "./limits.ts";
import { type Memory, memoryAfter, withSmallHeaps } from "./memory.ts";
import { POISON_VARIABLES, poison, printPoison } from "./poison.ts";
import { runtimePids } from "./processes.ts";
import { printRate, rate } from "./rate.ts";
import { printResults } from "./report.ts";

const BILL_CALLS = 200;
const ALONE_CALLS = 5;
const ALONE_DELAY_MS = 100;
const DELAYS_MS = [10, 100, 1_000] as const;
const SIZES = [1_000, 10_000, 200_000];
const MEMORY_CALLS = [10_000, 100_000];

/** As in a deployment. */
const SWEEP_EVERY_MS = 60_000;

/** Longer than the benchmark runs: a lost message must end in an error, not be mended by the sweep. */
const SWEEP_GRACE = "24h";

const { values: options } = parseArgs({
  options: {
    calls: { type: "string", default: "1000" },
    rounds: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
    poison: { type: "boolean", default: false },
    rate: { type: "boolean", default: false },
    flood: { type: "boolean", default: false },
    hostile: { type: "boolean", default: false },
    limits: { type: "boolean", default: false },
  },
});

const progress = (text: string) =>
  process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${text}\n`);
const stateDir = mkdtempSync(join(tmpdir(), "postcall-bench-"));
const servers: LocalServer[] = [];

async function start(
  name: string,
  {
    main = "src/index.ts",
    variables = { RETRY_SCHEDULE: "1s" },
    sweepEveryMs = SWEEP_EVERY_MS,
    isLimited = false,
  }: { main?: string; variables?: Record<string, string>; sweepEveryMs?: number; isLimited?: boolean } = {},
): Promise<LocalServer> {
  progress(`starting the ${name}`);
  const environment = { SWEEP_GRACE, ...variables }; // without this process's own variables, which would be measured too
  const input = {
    port: await freePort(),
    stateDir: join(stateDir, name),
    environment,
    main,
    sweepEveryMs,
    isLimited,
  };
  const server = await startLocalServer(input);
  servers.push(server);
  return server;
}

async function startFloor(name: string): Promise<LocalServer & { pid: number }> {
  const floor = await startWithPid(name, { main: "test/bench/floor.ts" });
  await floor.database.batch(FLOOR_SCHEMA.map((text) => floor.database.prepare(text)));
  return floor;
}

/** A server that limits as a deployment does, and the start of another one to be filled. */
async function startLimited() {
  const service = await startWithPid("service", { main: "test/bench/limited.ts" });
  const variables = { SWEEP_GRACE: FILL_SWEEP_GRACE };
  const filling = { isLimited: true, variables, sweepEveryMs: FILL_SWEEP_EVERY_MS };
  return { service, startFilled: () => start("service that is filled", filling) };
}

const startMetered = (name: string, variables?: Record<string, string>): Promise<MeteredServer> =>
  startWithPid(name, { main: "test/bench/metered.ts", ...(variables && { variables }) });

async function startWithPid(
  name: string,
  options: Parameters<typeof start>[1] = {},
): Promise<LocalServer & { pid: number }> {
  const others = runtimePids();
  const server = await start(name, options);
  const pid = runtimePids().find((candidate) => !others.includes(candidate));
  if (pid === undefined) throw new Error("the runtime's process is not to be found");
  return { ...server, pid };
}

async function run({ calls, rounds }: { calls: number; rounds: number }): Promise<Results> {
  const receiver = await openReceiver();
  try {
    const service = await start("service");
    const floor = await startFloor("floor");
    const comparison = await compare({ service, floor }, receiver, { calls, rounds, progress });
    const bills = await billsOf(await startMetered("service with counters"), receiver);
    return {
      machine: `${cpus().length} × ${cpus()[0]?.model ?? "processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
      calls,
      rounds,
      ...comparison,
      bytesPerLog: await bytesPerLog(service),
      ...bills,
      growth: await growth(
        await startMetered("service with counters, empty", {
          RETRY_SCHEDULE: "1s",
          SWEEP_GRACE: `${GROWTH_SWEEP_GRACE_SECONDS}s`,
        }),
        receiver,
        { sizes: SIZES, progress },
      ),
      memory: await memoryOf(receiver),
    };
  } finally {
    receiver.stop();
  }
}

async function memoryOf(receiver: Receiver): Promise<{ service: Memory[]; floor: Memory[] }> {
  const after = async (name: string, start: (name: string) => ReturnType<typeof startWithPid>) => {
    const server = await withSmallHeaps(() => start(`${name} for its memory`));
    const told = (text: string) => progress(`${name}: ${text}`);
    return memoryAfter(server, receiver, { sizes: MEMORY_CALLS, progress: told });
  };
  return { service: await after("service", startWithPid), floor: await after("floor", startFloor) };
}

async function bytesPerLog(server: LocalServer): Promise<number> {
  const { meta } = await server.database.prepare("SELECT 1").run();
  const logs = await server.database.prepare("SELECT count(*) AS n FROM webhook_logs").first<number>("n");
  if (!logs || !meta.size_after) throw new Error("the count of bytes is missing");
  return meta.size_after / logs;
}

async function billsOf(
  server: MeteredServer,
  receiver: Receiver,
): Promise<Pick<Results, "bills" | "alone" | "removal">> {
  const bills: Bills[] = [];
  const scaleAt = (delay: number, name = `the bill at a receiver of ${delay} ms`) => ({
    ...{ calls: BILL_CALLS, delay },
    progress: (step: string) => progress(`${name}: ${step}`),
  });
  await billAt(server, receiver, scaleAt(0, "warm-up of the bill")); // for key look-ups and the compiler
  for (const delay of DELAYS_MS) bills.push(await billAt(server, receiver, scaleAt(delay)));
  const alone = await billAlone(server, receiver, { ...scaleAt(ALONE_DELAY_MS), calls: ALONE_CALLS });
  return { bills, alone, removal: await billRemoval(server, receiver, scaleAt(0, "the bill")) };
}

const readCount = (text: string): number | null => (/^[1-9]\d{0,5}$/.test(text) ? Number(text) : null);

/** The run's options, or a sentence that says why it can't run. */
function readOptions(): { calls: number; rounds: number } | string {
  const [calls, rounds] = [readCount(options.calls), readCount(options.rounds)];
  const given = (name: "calls" | "rounds") => `and is ${JSON.stringify(options[name])}`;
  if (calls === null) return `--calls must be a whole number from 1 to 999999, ${given("calls")}`;
  if (rounds === null) return `--rounds must be a whole number from 1 to 999999, ${given("rounds")}`;
  if (!existsSync("/proc/self/stat"))
    return `it reads processes' CPU times from /proc, which this system (${process.platform}) does not have: run it on Linux`;
  return { calls, rounds };
}

try {
  if (options.poison) {
    const service = await start("service", { variables: POISON_VARIABLES });
    printPoison(await poison(service, progress), options.json);
  } else if (options.rate) {
    printRate(await rate(await start("service"), progress), options.json);
  } else if (options.flood) {
    printFlood(await flood(await start("service"), progress), options.json);
  } else if (options.hostile) {
    const service = await startWithPid("service");
    const reader = await startWithPid("reader", { main: "test/bench/reader.ts" });
    printHostile(await hostile({ service, reader }, progress), options.json);
  } else if (options.limits) {
    printLimits(await limits(await startLimited(), progress), options.json);
  } else {
    const asked = readOptions();
    if (typeof asked === "string") {
      console.error(`The benchmark was not run: ${asked}.`);
      process.exitCode = 1;
    } else printResults(await run(asked), { json: options.json });
  }
} catch (error) {
  console.error("The benchmark went wrong; it has no figures.", error);
  process.exitCode = 1;
} finally {
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(stateDir, { recursive: true, force: true });
}
