/** What can be seen of a finished program: its calls' logs, their requests, and the faults they met. Changes nothing. */
import { env } from "cloudflare:workers";
import { shownState } from "../../../src/core/endpoint.ts";
import type { AttemptKey, LogKey } from "../../../src/core/webhook-log.ts";
import { readLogs, type StoredLog } from "../../../src/record/logs.ts";
import type { Received } from "../../support/receiver-server.ts";
import type { Asked } from "./asking.ts";
import { CALLS, type CallName } from "./program.ts";
import { type CitedEvent, callIdOf, eventOf, isWhole, keyOf, mayHaveActed, objectOf } from "./requests.ts";
import { type Begun, logText, type World } from "./world.ts";

/** What became of one call. A list of requests is in the order they came. */
export interface CallHistory {
  name: CallName;
  /** Its requests, of both logs. */
  received: readonly Received[];
  call: LogHistory;
  citations: LogHistory;
  /** What was begun of it, in this order. */
  begun: readonly Begun[];
  /** When an erasure of it was answered first; null if none was. */
  erasedAt: number | null;
  /** Its payload was to go from the beginning until the end. */
  isToBeErased: boolean;
}

/** What became of one of a call's logs. */
export interface LogHistory {
  event: CitedEvent;
  /** The log at the end. */
  log: StoredLog | undefined;
  /** There is none because an erasure of its call was asked for. */
  isErased: boolean;
  /** The receiver's requests of this event. */
  received: readonly Received[];
  /** The requests whose outcome no consumer heard. */
  unheard: readonly Received[];
  /** The API requests about the call and this event: citations, or anything else. */
  asked: readonly Asked[];
  objectLosses: number;
  messageLosses: number;
  /** Attempts that the object was asked for and rejected, each time. */
  failedAsks: readonly AttemptKey[];
  /** The batches with one of its messages that were cut off, or could not write what they had sent. */
  crashes: number;
  /** The batches that went on after a stall with old reads. */
  stalls: number;
  /** How often its delivery reached its last round. */
  wornOut: number;
  /** Its endpoint has failed so often that calls may have been parked. */
  mayBeParked: boolean;
  /** Attempts that were made by an isolate which had noticed that they can't be recorded. */
  sentInVain: readonly AttemptKey[];
  /** Attempts that were made by a batch which had read that their endpoint is paused. */
  sentToPaused: World["sentToPaused"];
  /** Attempts that a batch asked for which had read that the org is suspended. */
  sentWhileSuspended: readonly AttemptKey[];
  /** How often it was found due although its payload was erased. */
  dueWithoutPayload: number;
  /** The attempts of its delivery that used up no step of the schedule. */
  spared: number;
}

export interface History {
  calls: readonly CallHistory[];
  /** All requests to the API, in the order they were sent. */
  asked: readonly Asked[];
  /** The bodies that were received and are of no call. */
  foreign: readonly string[];
  /** How often each fault happened. */
  counts: Readonly<Record<string, number>>;
}

/** After this many failures in a row an endpoint's calls are parked. */
const FAILURES_TILL_DEGRADED = 5;

/** The attempt request that a request to the receiver came from. */
export const askOf = (request: Received) => ({ object: objectOf(request), key: keyOf(request) });

export async function historyOf(world: World): Promise<History> {
  const { user_id } = world.org;
  const call_ids = CALLS.map(world.callIdOf);
  const [calls, citations, arrived, { results: spares }] = await Promise.all([
    readLogs(env.DB, { user_id, event: "call", call_ids }),
    readLogs(env.DB, { user_id, event: "citations", call_ids }),
    world.receiver.received(),
    env.DB.prepare("SELECT call_id, event, spared FROM webhook_logs WHERE user_id = ? AND spared > 0")
      .bind(user_id)
      .all<LogKey & { spared: number }>(),
  ]);
  const received = arrived.filter(isWhole);
  const logs = [...calls, ...citations].map((log) => ({ ...log, ...shownState(log) }));
  const spared = new Map(spares.map((log) => [logText(log), log.spared]));
  const histories = CALLS.map((name): CallHistory => {
    const of = received.filter((request) => callIdOf(request) === world.callIdOf(name));
    const logHistory = (event: CitedEvent) => logHistoryOf(world, { name, event, logs, received, spared });
    const erasures = world.asked.filter(({ kind, calls: [call] }) => kind === "erase" && call === name);
    return {
      ...{ name, received: of, call: logHistory("call"), citations: logHistory("citations") },
      begun: world.begun.filter(({ call_id }) => call_id === world.callIdOf(name)),
      erasedAt: erasures.find(({ status }) => status === 200)?.ended ?? null,
      isToBeErased: isToBeErased(world),
    };
  });
  const foreign = arrived.filter((request) => !isWhole(request)).map(({ body }) => body);
  return { calls: histories, asked: world.asked, foreign, counts: world.counts };
}

/** The first request has set that payloads go, and none has asked for anything else since. */
function isToBeErased({ asked }: World): boolean {
  const [first] = asked;
  const settings = asked.filter(({ kind }) => kind === "erase_delivered");
  return first?.kind === "erase_delivered" && first.status === 200 && settings.every(({ isOn }) => isOn);
}

function logHistoryOf(
  world: World,
  seen: {
    name: CallName;
    event: CitedEvent;
    logs: readonly StoredLog[];
    received: readonly Received[];
    spared: ReadonlyMap<string, number>;
  },
): LogHistory {
  const { name, event, logs, received, spared } = seen;
  const call_id = world.callIdOf(name);
  const text = logText({ call_id, event });
  const isOfLog = (key: AttemptKey) => logText(key) === text;
  const cutShort = world.cutShort.filter((run) => run.logs.has(text));
  const ofLog = received.filter((request) => callIdOf(request) === call_id && eventOf(request) === event);
  const failures = received.filter(({ status }) => status === null || status >= 500);
  const log = logs.find((one) => one.call_id === call_id && one.event === event);
  const erasures = world.asked.filter(({ kind, calls }) => kind === "erase" && calls[0] === name);
  return {
    event,
    log,
    isErased: log === undefined && erasures.some(mayHaveActed),
    received: ofLog,
    unheard: ofLog.filter((request) => !world.objects.isHeard(askOf(request))),
    asked: world.asked.filter(
      ({ calls, kind }) => calls.includes(name) && (kind === "cite") === (event === "citations"),
    ),
    objectLosses: world.objects.lossesOf(call_id),
    messageLosses: (world.lostMessages as AttemptKey[]).filter(isOfLog).length,
    failedAsks: world.failedAsks.filter(isOfLog),
    crashes: cutShort.length,
    stalls: cutShort.filter(({ isStalled }) => isStalled).length,
    wornOut: world.wornOut.filter((worn) => worn === text).length,
    sentInVain: world.sentInVain.filter(isOfLog),
    sentToPaused: world.sentToPaused.filter(isOfLog),
    sentWhileSuspended: world.sentWhileSuspended.filter(isOfLog),
    dueWithoutPayload: world.dueWithoutPayload.filter((due) => due === text).length,
    spared: spared.get(text) ?? 0,
    mayBeParked:
      failures.length >= FAILURES_TILL_DEGRADED ||
      received.some(({ status }) => status === 410) ||
      world.asked.some(({ kind }) => kind === "pause" || kind === "suspend"),
  };
}
