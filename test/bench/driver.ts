/** Reporters on one side, a receiver in its own process on the other. Throws where a call is lost, refused or sent twice. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { LOCAL_KEY } from "../../src/local/seed.ts";
import type { LocalServer } from "../../src/local/server.ts";
import { payloads } from "./payloads.ts";
import type { Arrivals } from "./receiver.ts";

/** Nothing takes this long; what has not arrived by then is lost. */
const PATIENCE_MS = 60_000;

export interface Receiver {
  url: (options?: { delay?: number; fail?: number }) => string;
  /** Waits until this many calls have arrived, then tells when, and forgets them. */
  arrivals: (calls: number) => Promise<Arrivals>;
  stop: () => void;
}

export async function openReceiver(): Promise<Receiver> {
  const child = fork(join(import.meta.dirname, "receiver.ts"));
  const [port] = (await once(child, "message")) as [number];
  const base = `http://127.0.0.1:${port}`;
  const ask = async (path: string) => (await fetch(`${base}${path}`)).json();
  return {
    url: ({ delay = 0, fail = 0 } = {}) => `${base}/?delay=${delay}&fail=${fail}`,
    async arrivals(calls) {
      const until = Date.now() + PATIENCE_MS;
      for (;;) {
        const { count } = (await ask("/count")) as { count: number };
        if (count >= calls) return (await ask("/arrivals")) as Arrivals;
        if (Date.now() > until) throw new Error(`${calls - count} of ${calls} calls never arrived`);
        await pause(20);
      }
    },
    stop: () => void child.disconnect(),
  };
}

/** A report as its reporter saw it; times in milliseconds since the epoch. */
export interface Reported {
  call_id: string;
  sentAt: number;
  answeredAt: number;
}

const now = (): number => performance.timeOrigin + performance.now();
export const pause = (ms: number) => new Promise((done) => setTimeout(done, Math.max(0, ms)));

/** One request to the API; throws where it is not answered as expected. */
export async function ask(
  server: LocalServer,
  path: string,
  { body, status = 200, prefer = "" }: { body?: unknown; status?: number; prefer?: string } = {},
): Promise<unknown> {
  const headers = { authorization: LOCAL_KEY, "content-type": "application/json", prefer };
  const init = body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`${server.url}${path}`, init);
  const text = await response.text();
  if (response.status !== status)
    throw new Error(`${path} was answered ${response.status}: ${text.slice(0, 500)}`);
  return text === "" ? null : JSON.parse(text);
}

async function report(server: LocalServer, payload: { call_id: string }, webhook: string): Promise<Reported> {
  const sentAt = now();
  await ask(server, "/v1/postcall/calls", { body: { payload, webhook }, status: 202 });
  return { call_id: payload.call_id, sentAt, answeredAt: now() };
}

let series = 0;

/** Payloads for this many calls with ids never used before. */
export function newCalls(calls: number): { call_id: string }[] {
  const name = `bench-${process.pid}-${++series}`;
  return [...payloads(Array.from({ length: calls }, (_, index) => `${name}-${index}`))];
}

/** Reports every call, as many at a time as there are reporters. */
export async function reportAll(
  server: LocalServer,
  {
    calls,
    webhook,
    reporters,
  }: { calls: readonly { call_id: string }[]; webhook: string; reporters: number },
): Promise<Reported[]> {
  const reported: Reported[] = [];
  const queue = calls.values();
  const reporter = async () => {
    for (const payload of queue) reported.push(await report(server, payload, webhook));
  };
  await Promise.all(Array.from({ length: reporters }, reporter));
  return reported;
}

/** Reports calls at a steady pace, whether the ones before are answered or not. */
export async function reportPaced(
  server: LocalServer,
  {
    calls,
    webhook,
    perSecond,
  }: { calls: readonly { call_id: string }[]; webhook: string; perSecond: number },
): Promise<Reported[]> {
  const started = now();
  const reports = calls.map(async (payload, index) => {
    await pause(started + (index * 1_000) / perSecond - now());
    return report(server, payload, webhook);
  });
  return Promise.all(reports);
}

/** The one arrival of each reported call; throws for a call that arrived another number of times. */
export function arrivalOf(arrivals: Arrivals, { call_id }: Reported): number {
  const [at, ...more] = arrivals[call_id] ?? [];
  if (at === undefined || more.length > 0)
    throw new Error(`${call_id} arrived ${more.length + (at ? 1 : 0)} times`);
  return at;
}

/** Waits until no log is due any more; throws where that never comes, and where one ended otherwise than delivered. */
export async function untilRecorded({ database }: LocalServer): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const counts = await database
      .prepare("SELECT count(*) AS due FROM webhook_logs WHERE sweep_at IS NOT NULL")
      .first<{ due: number }>();
    if (counts?.due === 0) break;
    if (Date.now() > until) throw new Error(`of the logs, some are still due: ${JSON.stringify(counts)}`);
    await pause(100);
  }
  const failed = await database
    .prepare("SELECT count(*) AS n FROM webhook_logs WHERE status <> 'delivered'")
    .first<number>("n");
  if (failed !== 0) throw new Error(`${failed} logs are not delivered`);
}

/** The value below which this share of the sorted values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new Error("there is nothing to take a percentile of");
  return value;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);
