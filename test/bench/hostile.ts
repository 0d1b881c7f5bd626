/**
 * `npm run bench -- --hostile` measures the CPU that hostile bodies cost the runtime, each beside a harmless body of
 * the same size to the same path. The two alternate, so that other work on the machine affects both. Throws if an
 * answer is not the expected one.
 */
import { LOCAL_KEY } from "../../src/local/seed.ts";
import type { LocalServer } from "../../src/local/server.ts";
import { postInChunks } from "../support/chunks.ts";
import { median } from "./driver.ts";
import { cpuMs } from "./processes.ts";

const ROUNDS = 5;
/** How often a body is sent in one round: enough for a clock that ticks each 10 ms. */
const REPEATS = 5;
/** No hostile body may cost more than this many times what a harmless one does. */
const BOUND = 3;

const CALLS = "/v1/postcall/calls";
const RESEND = "/v1/postcall/webhooks/resend";

type MeasuredServer = LocalServer & { pid: number };

interface Body {
  path: string;
  text: string;
  status: number;
}

/** Each body is made anew for each request: a call is reported once. */
interface Pair {
  name: string;
  hostile: () => Body;
  harmless: () => Body;
}

let callNumber = 0;
/** A report of a new call; `members` are further members of its payload. */
const report = (members: string, status = 202): Body => ({
  path: CALLS,
  status,
  text: `{"payload":{"call_id":"bench-${String(callNumber++).padStart(8, "0")}","n":1.0,${members}}}`,
});

/** A request that is refused, whatever is in the record. */
const refused = (path: string, text: string): Body => ({ path, text, status: 400 });

/** Names to which V8 gives the same hash: multiples of 2^17. */
const colliding = (count: number) => Array.from({ length: count }, (_, n) => String((n + 1) * 131_072));
/** Names of the same length with different hashes. */
const ordinary = (count: number) => colliding(count).map((name) => `k${name.slice(1)}`);
const asMembers = (names: readonly string[]) => names.map((name) => `"${name}":0`).join(",");

const PAIRS: Pair[] = [
  {
    name: "60,000 members whose names collide",
    hostile: () => report(asMembers(colliding(60_000))),
    harmless: () => report(asMembers(ordinary(60_000))),
  },
  {
    name: "60,000 such members that are not known",
    hostile: () => refused(CALLS, `{"payload":{"call_id":"a"},${asMembers(colliding(60_000))}}`),
    harmless: () => refused(CALLS, `{"payload":{"call_id":"a"},${asMembers(ordinary(60_000))}}`),
  },
  {
    name: "76,000 texts that collide",
    hostile: () => report(`"list":["${colliding(76_000).join('","')}"]`),
    harmless: () => report(`"list":["${ordinary(76_000).join('","')}"]`),
  },
  {
    name: "80,000 call ids that collide",
    hostile: () => refused(RESEND, `{"call_ids":["${colliding(80_000).join('","')}"]}`),
    harmless: () => refused(RESEND, `{"call_ids":["${"x".repeat(1_035_000)}"]}`),
  },
  {
    name: "200,000 numbers whose digits are kept",
    hostile: () => report(`"list":[${"1.0,".repeat(200_000)}1]`),
    harmless: () => report(`"list":[${"1.5,".repeat(200_000)}1]`),
  },
  {
    name: "a million of them, too many to be stored",
    hostile: () => report(`"list":[${"1.0,".repeat(1_000_000)}1]`, 413),
    harmless: () => report(`"list":[${"1.5,".repeat(1_000_000)}1]`, 413),
  },
  {
    name: "990 levels of nesting, 200 times",
    hostile: () => report(`"deep":[${`${"[".repeat(990)}${"]".repeat(990)},`.repeat(200)}1]`),
    harmless: () => report(`"flat":[${"[],".repeat(132_000)}1]`),
  },
  {
    name: "125,000 events",
    hostile: () =>
      refused(CALLS, `{"payload":{"call_id":"a"},"webhook_events":["call"${',"call"'.repeat(125_000)}]}`),
    harmless: () => report(`"list":["call"${',"call"'.repeat(125_000)}]`),
  },
];

/** One byte in each chunk. */
const IN_CHUNKS = 60_000;

/** The cost of each side in each round, in milliseconds of CPU a request. */
export interface HostileRounds {
  name: string;
  bytes: number;
  rounds: { hostile: number; harmless: number }[];
}

/** `reader` is a Worker that only reads its bodies, in the runtime's own way. */
export async function hostile(
  { service, reader }: { service: MeasuredServer; reader: MeasuredServer },
  progress: (text: string) => void,
): Promise<HostileRounds[]> {
  const bodies = PAIRS.map(({ name, ...pair }) => ({
    name,
    bytes: pair.hostile().text.length,
    hostile: () => cost(service, () => send(service.url, pair.hostile())),
    harmless: () => cost(service, () => send(service.url, pair.harmless())),
  }));
  const chunked = {
    name: "60,000 bytes in chunks of one; beside it, a Worker that only reads them",
    bytes: IN_CHUNKS,
    hostile: () => cost(service, () => sendChunks(service.url)),
    harmless: () => cost(reader, () => sendChunks(reader.url)),
  };
  const measured: HostileRounds[] = [];
  for (const pair of [...bodies, chunked]) {
    const rounds: HostileRounds["rounds"] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const sides = { hostile: await pair.hostile(), harmless: await pair.harmless() };
      if (round > 0) rounds.push(sides); // the first one warms up the compiler
    }
    progress(pair.name);
    measured.push({ name: pair.name, bytes: pair.bytes, rounds });
  }
  return measured;
}

async function cost({ pid }: MeasuredServer, request: () => Promise<void>): Promise<number> {
  const before = cpuMs(pid);
  for (let repeat = 0; repeat < REPEATS; repeat++) await request();
  return (cpuMs(pid) - before) / REPEATS;
}

const headers = { authorization: LOCAL_KEY, "content-type": "application/json" };

async function send(url: string, { path, text, status }: Body): Promise<void> {
  const answer = await fetch(url + path, { method: "POST", headers, body: text });
  await answer.arrayBuffer();
  if (answer.status !== status) throw new Error(`${path} answered ${answer.status}, not ${status}`);
}

/** A report in chunks of one byte. */
async function sendChunks(url: string): Promise<void> {
  const { path, text, status } = report(`"text":"${"x".repeat(IN_CHUNKS)}"`);
  const answer = await postInChunks(url + path, { headers, text });
  if (answer.status !== status) throw new Error(`a chunked body was answered ${answer.status}`);
}

/** Prints the figures, and names each missed bound; then the run fails. */
export function printHostile(measured: readonly HostileRounds[], json: boolean): void {
  const figures = measured.map(({ name, bytes, rounds }) => ({
    name,
    bytes,
    hostile_ms: median(rounds.map((round) => round.hostile)),
    harmless_ms: median(rounds.map((round) => round.harmless)),
    ratio: median(rounds.map((round) => round.hostile / Math.max(1, round.harmless))),
  }));
  console.log(`
| a body of | KB | CPU | a harmless one | ratio (bound: ≤ ${BOUND}) |
|---|---|---|---|---|`);
  for (const { name, bytes, hostile_ms, harmless_ms, ratio } of figures)
    console.log(
      `| ${name} | ${(bytes / 1_000).toFixed(0)} | ${hostile_ms.toFixed(0)} ms | ${harmless_ms.toFixed(0)} ms | ${ratio.toFixed(2)} |`,
    );
  if (json) console.log(JSON.stringify(figures));
  const missed = figures.filter(({ ratio }) => !(ratio <= BOUND));
  for (const { name, ratio } of missed)
    console.error(`Missed: ${name} cost ${ratio.toFixed(2)} times as much.`);
  if (missed.length > 0) process.exitCode = 1;
}
