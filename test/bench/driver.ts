/**
 * The benchmark's driver: reporters, and a receiver in its own process. Throws if a call is lost, refused or sent
 * twice.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { LOCAL_KEY, LOCAL_ORG } from "../../src/local/seed.ts";
import type { LocalServer } from "../../src/local/server.ts";
import { payloads } from "./payloads.ts";
import type { Arrivals, AttemptArrivals } from "./receiver.ts";

/** What has not arrived after this long is lost. */
const PATIENCE_MS = 60_000;

export interface Receiver {
  url: (options?: { delay?: number; fail?: number; of?: number; endpoint?: number }) => string;
  /** Waits until this many calls (or these) have arrived. Returns the times of arrival and forgets them. */
  arrivals: (calls: number, which?: readonly Reported[]) => Promise<Arrivals>;
  /** How many calls have arrived by now, and how many arrivals were answered at once. */
  count: () => Promise<Count>;
  /** How often each attempt has arrived by now. */
  attempts: () => Promise<AttemptArrivals>;
  stop: () => void;
}

interface Count {
  count: number;
  answeredAtOnce: number;
}

export async function openReceiver(): Promise<Receiver> {
  const child = fork(join(import.meta.dirname, "receiver.ts"));
  const [port] = (await once(child, "message")) as [number];
  const base = `http://127.0.0.1:${port}`;
  const ask = async (path: string) => (await fetch(`${base}${path}`)).json();
  const countArrived = async () => (await ask("/count")) as Count;
  return {
    url: ({ delay = 0, fail = 0, of = 1, endpoint = 0 } = {}) =>
      `${base}/${endpoint}?delay=${delay}&fail=${fail}&of=${of}`,
    async arrivals(calls, which) {
      const until = Date.now() + PATIENCE_MS;
      const all: Arrivals = {};
      for (;;) {
        const { count } = await countArrived();
        if (which !== undefined || count >= calls) add(all, (await ask("/arrivals")) as Arrivals);
        const missing =
          which === undefined ? calls - count : which.filter(({ call_id }) => !(call_id in all)).length;
        if (missing <= 0) return all;
        if (Date.now() > until) throw new Error(`${missing} of ${calls} calls never arrived`);
        await pause(which === undefined ? 20 : 500);
      }
    },
    count: countArrived,
    attempts: async () => (await ask("/attempts")) as AttemptArrivals,
    stop: () => void child.disconnect(),
  };
}

function add(all: Arrivals, more: Arrivals): void {
  for (const [call_id, at] of Object.entries(more)) all[call_id] = [...(all[call_id] ?? []), ...at];
}

/** A report as its reporter saw it; times in milliseconds since the epoch. */
export interface Reported {
  call_id: string;
  sentAt: number;
  answeredAt: number;
}

export const now = (): number => performance.timeOrigin + performance.now();
export const pause = (ms: number) => new Promise((done) => setTimeout(done, Math.max(0, ms)));

interface Question {
  body?: unknown;
  status?: number;
  prefer?: string;
}

/** One request to the API. Throws if the answer is not the expected one. */
export async function ask(
  server: LocalServer,
  path: string,
  { body, ...question }: Question = {},
): Promise<unknown> {
  const text = await send(server, path, {
    ...question,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return text === "" ? null : JSON.parse(text);
}

async function send(
  server: LocalServer,
  path: string,
  { body, status = 200, prefer = "" }: Question & { body?: string },
): Promise<string> {
  // Identity: the local runtime would compress answers, which no deployed Worker does itself.
  const headers = {
    ...{ authorization: LOCAL_KEY, "content-type": "application/json", prefer },
    "accept-encoding": "identity",
  };
  const init = body === undefined ? { headers } : { headers, method: "POST", body };
  const response = await fetch(`${server.url}${path}`, init);
  const text = await response.text();
  if (response.status === status) return text;
  throw new Error(`${path} was answered ${response.status}: ${text.slice(0, 500)}`);
}

interface Calls {
  calls: readonly { call_id: string }[];
  webhook: string;
}

/** Reports, serialised beforehand: that time is not the service's. */
function reportsOf(server: LocalServer, { calls, webhook }: Calls): (() => Promise<Reported>)[] {
  return calls.map((payload) => {
    const body = JSON.stringify({ payload, webhook });
    return async () => {
      const sentAt = now();
      await send(server, "/v1/postcall/calls", { body, status: 202 });
      return { call_id: payload.call_id, sentAt, answeredAt: now() };
    };
  });
}

let series = 0;

/** Payloads with ids never used before, without end. */
function callsWithoutEnd(): Generator<{ call_id: string }> {
  const name = `bench-${process.pid}-${++series}`;
  function* ids() {
    for (let index = 0; ; index++) yield `${name}-${index}`;
  }
  return payloads(ids());
}

/** This many of them. */
export const newCalls = (calls: number): { call_id: string }[] => [...callsWithoutEnd().take(calls)];

/** Reports every call, as many at a time as there are reporters. */
export async function reportAll(
  server: LocalServer,
  { reporters, ...calls }: Calls & { reporters: number },
): Promise<Reported[]> {
  const reported: Reported[] = [];
  const queue = reportsOf(server, calls).values();
  const reporter = async () => {
    for (const report of queue) reported.push(await report());
  };
  await Promise.all(Array.from({ length: reporters }, reporter));
  return reported;
}

/** Reports calls as fast as they are accepted while `isOn`, except while `tooFarAhead`. `index` counts the calls. */
export async function reportWhile(
  server: LocalServer,
  input: {
    webhookOf: (index: number) => string;
    reporters: number;
    isOn: () => boolean;
    tooFarAhead: () => boolean;
  },
): Promise<(Reported & { index: number })[]> {
  const reported: (Reported & { index: number })[] = [];
  const queue = callsWithoutEnd();
  let next = 0;
  const reporter = async () => {
    for (const call of queue) {
      while (input.isOn() && input.tooFarAhead()) await pause(5);
      const index = next++;
      const [report] = reportsOf(server, { calls: [call], webhook: input.webhookOf(index) });
      if (report) reported.push({ ...(await report()), index });
      if (!input.isOn()) break;
    }
  };
  await Promise.all(Array.from({ length: input.reporters }, reporter));
  return reported;
}

/** Reports calls at a steady pace, whether the ones before are answered or not. */
export async function reportPaced(
  server: LocalServer,
  { perSecond, ...calls }: Calls & { perSecond: number },
): Promise<Reported[]> {
  const reports = reportsOf(server, calls);
  const started = now();
  const paced = reports.map(async (report, index) => {
    await pause(started + (index * 1_000) / perSecond - now());
    return report();
  });
  return Promise.all(paced);
}

/** The one arrival of each reported call; throws for a call that arrived another number of times. */
export function arrivalOf(arrivals: Arrivals, { call_id }: Reported): number {
  const [at, ...more] = arrivals[call_id] ?? [];
  if (at === undefined || more.length > 0)
    throw new Error(`${call_id} arrived ${more.length + (at ? 1 : 0)} times`);
  return at;
}

/** Waits until no log is due. Throws if that takes too long, or if one of these calls is not delivered. */
export async function untilRecorded(
  { database }: LocalServer,
  reported: readonly Pick<Reported, "call_id">[],
): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const due = await database
      .prepare("SELECT count(*) AS due FROM webhook_logs WHERE next_attempt_at IS NOT NULL")
      .first<number>("due");
    if (due === 0) break;
    if (Date.now() > until) throw new Error(`${due} logs are still due`);
    await pause(100);
  }
  const delivered = await database
    .prepare(
      `SELECT count(*) AS n FROM json_each(?1) AS j CROSS JOIN webhook_logs AS l
       ON l.user_id = ?2 AND l.call_id = j.value AND l.event = 'call' WHERE l.status = 'delivered'`,
    )
    .bind(JSON.stringify(reported.map(({ call_id }) => call_id)), LOCAL_ORG)
    .first<number>("n");
  if (delivered !== reported.length) {
    throw new Error(`of ${reported.length} calls, ${delivered} are recorded as delivered`);
  }
}

/** The value below which this share of the sorted values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error("there is nothing to take a percentile of");
  return value;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);
