/** Runs one program from its first step until nothing is due. */
import { env } from "cloudflare:workers";
import type { AttemptKey } from "../../../src/core/webhook-log.ts";
import { type Org, receiver } from "../../support/words.ts";
import { isAsking } from "./asking.ts";
import { askOf, type History, historyOf } from "./history.ts";
import { type Luck, type Program, RETRY_AFTER_SECONDS, type Step } from "./program.ts";
import type { Waiting } from "./queue.ts";
import { callIdOf, isWhole } from "./requests.ts";
import { deliver, request, sweep } from "./runs.ts";
import { noteDueWithoutPayload } from "./seen.ts";
import { settle } from "./settle.ts";
import { logText, openWorld, resetStatement, type World } from "./world.ts";

const DEAD_LETTERS = "postcall-dead-letters";
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

let programs = 0;

export async function runProgram({ answers, steps }: Program, org: Org): Promise<History> {
  const retryLater = { headers: { "retry-after": String(RETRY_AFTER_SECONDS) } };
  const crm = await receiver(
    ...answers.map(({ status, isHeld }) => ({ status, held: isHeld, ...(status === 503 ? retryLater : {}) })),
  );
  const mayHold = answers.some(({ isHeld }) => isHeld);
  const world = openWorld({ org, receiver: crm, prefix: `p${++programs}`, mayHold });
  for (const step of steps) {
    await take(world, step);
    await noteDueWithoutPayload(world);
  }
  await settle(world);
  const history = await historyOf(world);
  await crm.close();
  await resetStatement().run();
  world.pass(DAY_MS); // the sweeps of later programs remove what this one has left
  return history;
}

async function take(world: World, step: Step): Promise<void> {
  if (step.kind === "erase" && step.isRepeated) world.toEraseAgain.add(step.call);
  if (isAsking(step)) {
    await request(world, step);
    return;
  }
  switch (step.kind) {
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
    case "refuse_writes":
      return world.refuseWrites();
    case "take_writes":
      return world.takeWrites();
    case "lose_floor":
      world.count("floor lost");
      await env.DB.prepare("DELETE FROM sweep_walk").run();
      return;
    case "age_floor":
      world.count("floor old");
      await env.DB.prepare("UPDATE sweep_walk SET floor = floor - ?1, user_id = NULL").bind(HOUR_MS).run();
      return;
    case "forget":
      return forget(world);
    case "answer":
      return world.receiver.answer();
    case "wake":
      return world.wake();
  }
}

/** Moves the clock to when the next messages are due, and delivers them. */
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
  const received = (await world.receiver.received()).filter(isWhole);
  const inFlight = received.filter(({ ended_at }) => ended_at === null).map(callIdOf);
  world.count("object evicted");
  world.objects.evictOthers(new Set([...inFlight, ...world.objects.withAsksBefore(received.map(askOf))]));
}
