/**
 * What a program's runs share: the clock, the queue, the objects, what is stalled or late, and all requests and
 * answers.
 */
import { env } from "cloudflare:workers";
import type { AttemptKey, LogKey, SendType } from "../../../src/core/webhook-log.ts";
import type { Org, Receiver } from "../../support/words.ts";
import type { Asked } from "./asking.ts";
import { type Ask, trackObjects } from "./objects.ts";
import type { CallName } from "./program.ts";
import { openQueue } from "./queue.ts";
import { keyOfEntry } from "./requests.ts";

/** One of an org's logs. */
export const logText = ({ call_id, event }: Pick<LogKey, "call_id" | "event">): string =>
  `${call_id}/${event}`;

/** An attempt that has begun: its request to the receiver was handed to the network. */
export interface Begun {
  call_id: string;
  object: string;
  key: string;
  at: number;
  /** When the run began that asked for it first, and whether its object had been closed. */
  askedBy: number;
  isClosed: boolean;
}

/** How long a batch waits for an attempt that the receiver keeps waiting, in real milliseconds. */
const HELD_WAIT_MS = 20;

const realNow = Date.now;
const realRandom = Math.random;
let virtualNow = realNow();
let virtualSkewMs = 0;

/** Told of each request that handlers and objects make. */
let noteRequest: (url: string, init: RequestInit) => void = () => {};

/** Gives handlers and objects a clock that only programs move. Returns what restores the real one. */
export function takeClock(): () => void {
  const realFetch = globalThis.fetch;
  Date.now = () => virtualNow + virtualSkewMs;
  Math.random = () => 0.5;
  globalThis.fetch = (input, init) => {
    noteRequest(String(input), init ?? {});
    return realFetch(input, init);
  };
  return () => {
    Date.now = realNow;
    Math.random = realRandom;
    globalThis.fetch = realFetch;
  };
}

export type World = ReturnType<typeof openWorld>;

export function openWorld(scene: { org: Org; receiver: Receiver; prefix: string; mayHold: boolean }) {
  const { org, receiver, prefix, mayHold } = scene;
  const counts: Record<string, number> = {};
  /** Null while writes are taken. */
  let refusal: { isolates: Set<number> } | null = null;
  const lostMessages: unknown[] = [];
  const failedAsks: AttemptKey[] = [];
  const cutShort: { logs: ReadonlySet<string>; isStalled: boolean }[] = [];
  const wornOut: string[] = [];
  let resumes: (() => void)[] = [];
  let stalled: Promise<unknown>[] = [];
  let moments = 0;
  /** When the org was suspended; null if it is not, or may not be any more. */
  let suspension: number | null = null;
  let isRestless = false;
  const now = () => virtualNow;
  const tick = () => ++moments;
  const tracked = trackObjects(now);
  const begun: Begun[] = [];
  noteRequest = (url, { headers }) => {
    const ask = readAsk(url, headers);
    if (ask === null) return;
    const { object, key } = ask;
    const call_id = object.split("/")[1]?.split("~")[0] ?? "";
    const { askedBy, isClosed } = { askedBy: tracked.askedBy(ask), isClosed: tracked.isClosed(object) };
    begun.push({ call_id, object, key, at: tick(), askedBy, isClosed });
  };
  return {
    org,
    receiver,
    prefix,
    now,
    pass: (ms: number) => {
      virtualNow += ms;
    },
    skew: (ms: number) => {
      virtualSkewMs = ms;
    },
    /** What is billed: rows written, messages sent, and requests to objects. */
    bill: { rows: 0, messages: 0, objectRequests: 0 },
    queue: openQueue(now),
    objects: tracked,
    /** Counts up: tells what came first. */
    tick,
    begun,
    asked: [] as Asked[],
    lostMessages,
    /** The attempts that an object was asked for and rejected, each time. */
    failedAsks,
    /** The batches that were cut off, or could not write. */
    cutShort,
    /** The logs that were brought to their delivery's last round, each time. */
    wornOut,
    counts,
    count: (what: string) => {
      counts[what] = (counts[what] ?? 0) + 1;
    },
    /** While the database refuses writes: the isolates that have noticed. */
    refusal: () => refusal,
    refuseWrites: () => {
      refusal ??= { isolates: new Set() };
    },
    takeWrites: () => {
      refusal = null;
    },
    /** The database as each isolate knows it. */
    databases: new Map<number, D1Database>(),
    /** Attempts that were made by an isolate which had noticed that they can't be recorded. */
    sentInVain: [] as AttemptKey[],
    /** Attempts that were made by a batch which had read that their endpoint is paused. */
    sentToPaused: [] as (AttemptKey & { send_type: SendType })[],
    suspension: () => suspension,
    beginSuspension: () => {
      suspension ??= tick();
    },
    endSuspension: () => {
      suspension = null;
    },
    /** Attempts that a batch asked for which had read that the org is suspended. */
    sentWhileSuspended: [] as AttemptKey[],
    /** The calls whose erasure is to be repeated until it is answered. */
    toEraseAgain: new Set<CallName>(),
    /** What was found due although its payload was erased, each time. */
    dueWithoutPayload: [] as string[],
    callIdOf: (name: CallName) => `${prefix}-${name}`,
    /** Statements that were answered as failed and take effect when this is called. */
    late: [] as (() => Promise<unknown>)[],
    waitMs: (asked: number) => (mayHold ? Math.min(asked, HELD_WAIT_MS) : asked),
    stall: () => new Promise<void>((resume) => resumes.push(resume)),
    /** Whether a request may be at work besides the steps. */
    isRestless: () => isRestless,
    beRestless: () => {
      isRestless = true;
    },
    setAside: (run: Promise<unknown>) => stalled.push(run),
    /** Lets stalled runs go on to their ends. One of them may end a suspension. */
    wake: async () => {
      suspension = null;
      const [going, runs] = [resumes, stalled];
      [resumes, stalled] = [[], []];
      for (const resume of going) resume();
      await Promise.allSettled(runs);
      isRestless = false;
    },
  };
}

/** The attempt that a request to a receiver makes; null if it is none. */
function readAsk(url: string, headers: RequestInit["headers"]): Ask | null {
  const sent = new Headers(headers);
  const delivery_id = sent.get("x-postcall-delivery");
  if (delivery_id === null) return null;
  const key = keyOfEntry({ delivery_id, attempt: Number(sent.get("x-postcall-attempt")) });
  return { object: new URL(url).searchParams.get("object") ?? "", key };
}

/** Removes what a program left in the record: a failed one leaves logs that are due. */
export const clearRecord = () =>
  env.DB.batch([
    ...["webhook_logs", "endpoints"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)),
    resetStatement(),
  ]);

/** The org as programs find it. */
export const resetStatement = () =>
  env.DB.prepare("UPDATE orgs SET suspended_at = NULL, woken_to = NULL, erase_payload_when_delivered = 0");
