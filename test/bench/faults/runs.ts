/** The Worker's handlers, run once each with the faults of a step: a request, a batch of messages, a sweep. */
import type { AttemptKey } from "../../../src/core/webhook-log.ts";
import worker from "../../../src/index.ts";
import { type Asked, type AskingStep, askedOf, requestOf } from "./asking.ts";
import { openRun } from "./bindings.ts";
import type { Luck } from "./program.ts";
import type { Waiting } from "./queue.ts";
import { look, noteDueWithoutPayload } from "./seen.ts";
import { logText, type World } from "./world.ts";

/** Runs a handler to its end, or until a fault cuts it off. */
async function run(
  world: World,
  { faults, skewMs, isolate = 0 }: Luck,
  work: (env: Env) => Promise<void>,
  started: string[] = [],
): Promise<{ ending: "done" | "threw" | "killed" | "stalled"; isCutShort: boolean }> {
  const { env, within, cutOff, isCutShort, isRefused } = openRun(world, { faults, isolate, started });
  // A stalled run goes on with the current clock: if the clock were set back it would wait for ever.
  world.skew(faults.some(({ what }) => what === "stall") ? 0 : skewMs);
  const finished = within(() => work(env)).then(
    () => "done" as const,
    () => "threw" as const,
  );
  const ending = await Promise.race([finished, cutOff]);
  if (ending === "stalled") world.setAside(finished);
  world.skew(0);
  if (isRefused()) world.refusal()?.isolates.add(isolate);
  return { ending, isCutShort: isCutShort() };
}

/** The steps before and after which the record is looked at. */
const LOOKED_AT: readonly AskingStep["kind"][] = ["erase", "release", "resend", "create"];

/** Sends the requests of a step, at once if they are several. */
export async function request(world: World, step: AskingStep): Promise<Asked[]> {
  const before = LOOKED_AT.includes(step.kind) && !world.isRestless() ? await look(world) : null;
  if (step.kind === "unsuspend") world.endSuspension();
  const asked = askedOf(world, step);
  world.asked.push(...asked);
  const started = asked[0]?.started ?? [];
  const { ending } = await run(
    world,
    step.luck,
    async (env) => void (await Promise.all(asked.map((one) => send(world, { env, step, asked: one })))),
    started,
  );
  if (before !== null && ending !== "stalled") {
    const after = await look(world);
    for (const one of asked) one.seen = { before, after };
  }
  // One of several requests is stalled: the others go on beside what follows.
  if (ending === "stalled" && asked.length > 1) world.beRestless();
  const isAnswered = ending === "done" && asked.every(({ status }) => status === 200);
  if (step.kind === "suspend" && isAnswered) world.beginSuspension();
  return asked;
}

async function send(
  world: World,
  { env, step, asked }: { env: Env; step: AskingStep; asked: Asked },
): Promise<void> {
  const following: Promise<unknown>[] = [];
  const ctx = { waitUntil: (promise: Promise<unknown>) => following.push(promise) };
  const { url, init } = requestOf(world, step);
  const incoming = new Request<unknown, IncomingRequestCfProperties>(
    url,
    init as RequestInit<IncomingRequestCfProperties>,
  );
  const response = await worker.fetch(incoming, env, ctx as unknown as ExecutionContext);
  asked.ended = world.tick();
  await response.text();
  asked.status = response.status;
  asked.isReplayed = response.headers.get("idempotent-replayed") === "true";
  if (asked.isReplayed) world.count("key repeated");
  if (step.kind === "suspend" && response.ok) world.count("org suspended");
  await Promise.allSettled(following);
}

const RETRY_DELAY_SECONDS = 5;

/**
 * Hands messages to their lane's consumer. Messages that are not acked come back, and all of them if the run was cut
 * off.
 */
export async function deliver(world: World, messages: readonly Waiting[], luck: Luck): Promise<void> {
  const [first] = messages;
  if (first === undefined) return;
  const settled = new Map<Waiting, "ack" | number>();
  const batch = {
    queue: first.lane,
    messages: messages.map((message) => ({
      id: String(message.id),
      timestamp: new Date(message.dueAt),
      attempts: 1,
      body: message.body,
      ack: () => settled.set(message, "ack"),
      retry: ({ delaySeconds = RETRY_DELAY_SECONDS }: QueueRetryOptions = {}) =>
        settled.set(message, delaySeconds),
    })),
  };
  const { ending, isCutShort } = await run(world, luck, async (env) =>
    worker.queue(batch as unknown as MessageBatch, env),
  );
  const isCutOff = ending === "killed" || ending === "stalled";
  const logs = new Set(messages.map(({ body }) => logText(body as AttemptKey)));
  if (isCutShort) world.cutShort.push({ logs, isStalled: ending === "stalled" });
  for (const message of messages) {
    const settlement = isCutOff ? 0 : (settled.get(message) ?? RETRY_DELAY_SECONDS);
    if (settlement !== "ack") world.queue.comeBack(message, settlement);
  }
}

export async function sweep(world: World, luck: Luck): Promise<void> {
  await run(world, luck, (env) => worker.scheduled({} as ScheduledController, env));
  await noteDueWithoutPayload(world);
}
