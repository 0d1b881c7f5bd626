/**
 * What a program's runs share: the clock, the queue, the objects, what is stalled or late, and all requests and
 * answers.
 */
import { env } from "cloudflare:workers";
import type { AttemptKey, LogKey, SendType } from "../../../src/core/webhook-log.ts";
import type { Org, Receiver } from "../../support/words.ts";
import { trackObjects } from "./objects.ts";
import type { CallName } from "./program.ts";
import { openQueue } from "./queue.ts";

/** One request to the API, and its answer: null where the caller never got one. */
export interface Asked {
  kind: "report" | "cite" | "resend" | "create" | "enable" | "pause" | "probe" | "limit";
  calls: readonly CallName[];
  /** The digest of its content; null if there is none. */
  variant: number | null;
  status: number | null;
}

/** One of an org's logs. */
export const logText = ({ call_id, event }: Pick<LogKey, "call_id" | "event">): string =>
  `${call_id}/${event}`;

/** How long a batch waits for an attempt that the receiver keeps waiting, in real milliseconds. */
const HELD_WAIT_MS = 20;

const realNow = Date.now;
const realRandom = Math.random;
let virtualNow = realNow();
let virtualSkewMs = 0;

/** Gives handlers and objects a clock that only programs move. Returns what restores the real one. */
export function takeClock(): () => void {
  Date.now = () => virtualNow + virtualSkewMs;
  Math.random = () => 0.5;
  return () => {
    Date.now = realNow;
    Math.random = realRandom;
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
  let suspended: Promise<unknown>[] = [];
  const now = () => virtualNow;
  return {
    org,
    receiver,
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
    objects: trackObjects(),
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
    callIdOf: (name: CallName) => `${prefix}-${name}`,
    /** Statements that were answered as failed and take effect when this is called. */
    late: [] as (() => Promise<unknown>)[],
    waitMs: (asked: number) => (mayHold ? Math.min(asked, HELD_WAIT_MS) : asked),
    stall: () => new Promise<void>((resume) => resumes.push(resume)),
    suspend: (run: Promise<unknown>) => suspended.push(run),
    /** Lets stalled runs go on to their ends. */
    wake: async () => {
      const [going, runs] = [resumes, suspended];
      [resumes, suspended] = [[], []];
      for (const resume of going) resume();
      await Promise.allSettled(runs);
    },
  };
}

/** Removes what a program left in the record: a failed one leaves logs that are due. */
export const clearRecord = () =>
  env.DB.batch(["webhook_logs", "endpoints"].map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
