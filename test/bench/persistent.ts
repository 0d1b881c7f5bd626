/** The soak's client. It repeats requests that got no answer, which the API makes safe, and gives up on nothing else. */
import { LOCAL_KEY } from "../../src/local/seed.ts";
import type { Accepted, Log } from "./account.ts";
import { now, pause } from "./driver.ts";

/** A call to report: the body that is repeated, and how the call has to end. */
export interface Plan extends Pick<Accepted, "call_id" | "ends"> {
  body: string;
}

const ANSWER_LIMIT_MS = 10_000;
const REPEAT_EVERY_MS = 200;
/** Longer than any start takes. */
const SILENCE_LIMIT_MS = 120_000;
const LOOK_EVERY_MS = 100;
const READERS = 4;
const REPORTERS = 16;

/** One request; null if no answer came or the record was away. */
async function ask(url: string, body?: string): Promise<Response | null> {
  const headers = { authorization: LOCAL_KEY, "content-type": "application/json" };
  const init = body === undefined ? { headers } : { headers, method: "POST", body };
  try {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    const text = await response.text();
    return response.status === 503 ? null : new Response(text, { status: response.status });
  } catch {
    return null;
  }
}

async function askUntilAnswered(url: string, body?: string): Promise<Response> {
  for (const until = now() + SILENCE_LIMIT_MS; now() < until; await pause(REPEAT_EVERY_MS)) {
    const response = await ask(url, body);
    if (response !== null) return response;
  }
  throw new Error(`${url} was not answered for ${SILENCE_LIMIT_MS / 1_000} s`);
}

/** Hands each item to one of so many workers at a time. */
async function forEach<T>(
  items: Iterable<T>,
  workers: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items].values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}

/**
 * Reports every call until it is accepted, at most `perSecond`, and then adds it to `accepted`. Rejects if one is
 * refused.
 */
export async function reportUntilAccepted(
  url: string,
  { plan, accepted, perSecond }: { plan: readonly Plan[]; accepted: Set<string>; perSecond: number },
): Promise<void> {
  await forEach(plan, REPORTERS, async ({ call_id, body }) => {
    const response = await askUntilAnswered(`${url}/v1/postcall/calls`, body);
    // 200: it was written before, and that answer was lost.
    if (response.status !== 202 && response.status !== 200)
      throw new Error(`${call_id} was answered ${response.status}: ${await response.text()}`);
    accepted.add(call_id);
    await pause((REPORTERS * 1_000) / perSecond);
  });
}

async function logOf(url: string, call_id: string): Promise<Log | null> {
  const response = await askUntilAnswered(`${url}/v1/postcall/webhooks/${call_id}`);
  return ((await response.json()) as { data: Log | null }).data;
}

/** Waits until each of these calls is ended, or until the time is up. */
export async function untilSettled(
  url: string,
  { callIds, until }: { callIds: readonly string[]; until: number },
): Promise<void> {
  await forEach(callIds, READERS, async (call_id) => {
    while (now() < until) {
      const log = await logOf(url, call_id);
      if (log === null || (log.status !== "pending" && log.status !== "retrying")) return;
      await pause(LOOK_EVERY_MS);
    }
  });
}

/** The calls' logs, in their order; null where there is none. */
export async function logsOf(url: string, callIds: readonly string[]): Promise<(Log | null)[]> {
  const logs: (Log | null)[] = callIds.map(() => null);
  await forEach(callIds.entries(), READERS, async ([index, call_id]) => {
    logs[index] = await logOf(url, call_id);
  });
  return logs;
}
