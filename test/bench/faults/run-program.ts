/** One program from its first step until nothing is due, and then what is to be seen of it. */
import { env } from "cloudflare:workers";
import type { AttemptKey } from "../../../src/core/webhook-log.ts";
import { readLogs, type StoredLog } from "../../../src/record/logs.ts";
import type { Received } from "../../support/receiver-server.ts";
import { type Org, receiver } from "../../support/words.ts";
import { CALLS, type CallName, type Luck, type Program, RETRY_AFTER_SECONDS, type Step } from "./program.ts";
import type { Waiting } from "./queue.ts";
import { type CitedEvent, callIdOf, eventOf, keyOf, objectOf } from "./requests.ts";
import { deliver, request, sweep } from "./runs.ts";
import { type Asked, logText, openWorld, type World } from "./world.ts";

/** What became of one call. A list of requests is in the order they came. */
export interface CallHistory {
  name: CallName;
  /** Its requests, of both logs. */
  received: readonly Received[];
  call: LogHistory;
  citations: LogHistory;
}

/** What became of one of a call's logs. */
export interface LogHistory {
  event: CitedEvent;
  /** As the record has it in the end. */
  log: StoredLog | undefined;
  /** The receiver's requests of this event. */
  received: readonly Received[];
  /** Those of them that no consumer heard the outcome of. */
  unheard: readonly Received[];
  /** The API requests that named the call and are about this event: citations, or anything else. */
  asked: readonly Asked[];
  objectLosses: number;
  messageLosses: number;
  /** Its attempts that the object was asked for and rejected, each time. */
  failedAsks: readonly AttemptKey[];
  /** The batches with a message of it that were cut off, or could not write what they had sent. */
  crashes: number;
  /** Those of them that went on with what they had read long before. */
  stalls: number;
  /** How often its delivery was brought to its last round. */
  wornOut: number;
  /** Its endpoint has failed so often that calls may have waited for it. */
  isEndpointSpared: boolean;
}

export interface History {
  calls: readonly CallHistory[];
  /** How often each fault happened. */
  counts: Readonly<Record<string, number>>;
}

const NO_LUCK: Luck = { faults: [], skewMs: 0 };
const DEAD_LETTERS = "postcall-dead-letters";
/** What takes more steps than this to come to rest never does. */
const SETTLING_ROUNDS = 100;
/** An endpoint that has failed this often in a row has its calls wait. */
const FAILURES_TILL_DEGRADED = 5;
const DAY_MS = 86_400_000;

let programs = 0;

export async function runProgram({ answers, steps }: Program, org: Org): Promise<History> {
  const retryLater = { headers: { "retry-after": String(RETRY_AFTER_SECONDS) } };
  const crm = await receiver(
    ...answers.map(({ status, isHeld }) => ({ status, held: isHeld, ...(status === 503 ? retryLater : {}) })),
  );
  const mayHold = answers.some(({ isHeld }) => isHeld);
  const world = openWorld({ org, receiver: crm, prefix: `p${++programs}`, mayHold });
  for (const step of steps) await take(world, step);
  await settle(world);
  const history = await historyOf(world);
  await crm.close();
  world.pass(DAY_MS); // the sweeps of later programs remove what this one has left
  return history;
}

async function take(world: World, step: Step): Promise<void> {
  switch (step.kind) {
    case "report":
    case "cite":
    case "resend":
    case "create":
    case "enable":
      return request(world, step);
    case "sweep":
      await sweep(world, step.luck);
      return;
    case "deliver_due":
      return deliverNext(world, step.luck);
    case "deliver_some":
      return deliver(world, sameLane(world, step.picks), step.luck);
    case "give_up":
      return giveUp(world, step);
    case "lose":
      return lose(world, world.queue.take(step.pick));
    case "repeat":
      if (world.queue.repeat(step.pick) !== undefined) world.count("message repeated");
      return;
    case "pass":
      world.pass(step.seconds * 1_000);
      return;
    case "forget":
      return forget(world);
    case "answer":
      return world.receiver.answer();
    case "wake":
      return world.wake();
  }
}

/** The clock moves to when the next messages are due, and they are delivered. */
async function deliverNext(world: World, luck: Luck): Promise<void> {
  const messages = world.queue.takeNext();
  if (messages === null) return;
  world.pass(Math.max(0, Math.max(...messages.map(({ dueAt }) => dueAt)) - world.now()));
  await deliver(world, messages, luck);
}

/** The messages picked, as far as they wait in the same lane as the first. */
function sameLane(world: World, picks: readonly number[]): Waiting[] {
  const taken = picks.flatMap((pick) => world.queue.take(pick) ?? []);
  const [first] = taken;
  for (const other of taken) if (other.lane !== first?.lane) world.queue.comeBack(other, 0);
  return taken.filter(({ lane }) => lane === first?.lane);
}

function lose(world: World, message: Waiting | undefined): void {
  if (message === undefined) return;
  world.count("message lost");
  world.lostMessages.push(message.body);
}

async function giveUp(
  world: World,
  { picks, rounds, luck }: Extract<Step, { kind: "give_up" }>,
): Promise<void> {
  const messages = sameLane(world, picks);
  for (const message of messages) lose(world, message);
  if (rounds > 0) await wearOut(world, messages, rounds);
  const dead = messages.map((message) => ({ ...message, lane: DEAD_LETTERS }));
  await deliver(world, dead, luck);
}

async function wearOut(world: World, messages: readonly Waiting[], rounds: number): Promise<void> {
  const logs = new Set(messages.map(({ body }) => logText(body as AttemptKey)));
  world.wornOut.push(...logs);
  await env.DB.prepare(
    `UPDATE webhook_logs SET faults = max(faults, ?3) WHERE user_id = ?1 AND next_attempt_at IS NOT NULL
       AND call_id || '/' || event IN (SELECT value FROM json_each(?2))`,
  )
    .bind(world.org.user_id, JSON.stringify([...logs]), rounds)
    .run();
}

async function forget(world: World): Promise<void> {
  const received = await world.receiver.received();
  const inFlight = received.filter(({ ended_at }) => ended_at === null).map(callIdOf);
  world.count("object evicted");
  world.objects.evictOthers(new Set([...inFlight, ...world.objects.withAsksBefore(received.map(askOf))]));
}

/** The ask that a request came from. */
const askOf = (request: Received) => ({ object: objectOf(request), key: keyOf(request) });

/** An object without work is gone after this long, in milliseconds. */
const RETIREMENT_MS = 12_000;

/**
 * No further faults: nothing is held, and once all is at rest and no object remembers it, what was late or stalled has
 * its effect after all.
 */
async function settle(world: World): Promise<void> {
  await world.receiver.answer({ fromNowOn: true });
  await comeToRest(world);
  world.pass(RETIREMENT_MS);
  world.objects.retire();
  await world.wake();
  for (const work of world.late.splice(0)) await work().catch(() => {});
  await comeToRest(world);
}

/** Messages and sweeps go on until nothing is due. */
async function comeToRest(world: World): Promise<void> {
  for (let round = 0; round < SETTLING_ROUNDS; round++) {
    const messages = world.queue.takeNext();
    if (messages !== null) {
      world.pass(Math.max(0, Math.max(...messages.map(({ dueAt }) => dueAt)) - world.now()));
      await deliver(world, messages, NO_LUCK);
      continue;
    }
    const sweepAt = await nextSweep(world);
    if (sweepAt === null) return;
    world.pass(Math.max(0, sweepAt - world.now()));
    await sweep(world, NO_LUCK);
  }
}

const nextSweep = (world: World) =>
  env.DB.prepare("SELECT min(sweep_at) AS at FROM webhook_logs WHERE user_id = ?")
    .bind(world.org.user_id)
    .first<number>("at");

async function historyOf(world: World): Promise<History> {
  const { user_id } = world.org;
  const call_ids = CALLS.map(world.callIdOf);
  const [calls, citations, received] = await Promise.all([
    readLogs(env.DB, { user_id, event: "call", call_ids }),
    readLogs(env.DB, { user_id, event: "citations", call_ids }),
    world.receiver.received(),
  ]);
  const logs = [...calls, ...citations];
  const histories = CALLS.map((name): CallHistory => {
    const of = received.filter((request) => callIdOf(request) === world.callIdOf(name));
    const logHistory = (event: CitedEvent) => logHistoryOf(world, { name, event, logs, received });
    return { name, received: of, call: logHistory("call"), citations: logHistory("citations") };
  });
  return { calls: histories, counts: world.counts };
}

function logHistoryOf(
  world: World,
  seen: {
    name: CallName;
    event: CitedEvent;
    logs: readonly StoredLog[];
    received: readonly Received[];
  },
): LogHistory {
  const { name, event, logs, received } = seen;
  const call_id = world.callIdOf(name);
  const text = logText({ call_id, event });
  const isOfLog = (key: AttemptKey) => logText(key) === text;
  const cutShort = world.cutShort.filter((run) => run.logs.has(text));
  const ofLog = received.filter((request) => callIdOf(request) === call_id && eventOf(request) === event);
  const failures = received.filter(({ status }) => status === null || status >= 500);
  return {
    event,
    log: logs.find((log) => log.call_id === call_id && log.event === event),
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
    isEndpointSpared:
      failures.length >= FAILURES_TILL_DEGRADED || received.some(({ status }) => status === 410),
  };
}
