/** The Worker's handlers, run once each with the faults of a step: a request, a batch of messages, a sweep. */
import type { AttemptKey } from "../../../src/core/webhook-log.ts";
import worker from "../../../src/index.ts";
import { openRun } from "./bindings.ts";
import type { CallName, Luck, Step } from "./program.ts";
import type { Waiting } from "./queue.ts";
import { type Asked, logText, type World } from "./world.ts";

/** Runs a handler to its end, or until a fault cuts it off. */
async function run(
  world: World,
  { faults, skewMs, isolate = 0 }: Luck,
  work: (env: Env) => Promise<void>,
): Promise<{ ending: "done" | "threw" | "killed" | "stalled"; isCutShort: boolean }> {
  const { env, within, cutOff, isCutShort, isRefused } = openRun(world, { faults, isolate });
  // A stalled run goes on with the current clock: if the clock were set back it would wait for ever.
  world.skew(faults.some(({ what }) => what === "stall") ? 0 : skewMs);
  const finished = within(() => work(env)).then(
    () => "done" as const,
    () => "threw" as const,
  );
  const ending = await Promise.race([finished, cutOff]);
  if (ending === "stalled") world.suspend(finished);
  world.skew(0);
  if (isRefused()) world.refusal()?.isolates.add(isolate);
  return { ending, isCutShort: isCutShort() };
}

const PATHS = {
  report: "/v1/postcall/calls",
  cite: "/v1/postcall/calls/{call_id}/citations",
  resend: "/v1/postcall/webhooks/resend",
  create: "/v1/postcall/webhooks/create",
  enable: "/v1/endpoints/enable",
  pause: "/v1/endpoints/pause",
  probe: "/v1/endpoints/probe",
  limit: "/v1/endpoints",
};

export async function request(
  world: World,
  step: Extract<Step, { kind: keyof typeof PATHS }>,
): Promise<void> {
  const { calls, body } = bodyOf(world, step);
  const asked: Asked = {
    kind: step.kind,
    calls,
    variant: "variant" in step ? step.variant : null,
    status: null,
  };
  world.asked.push(asked);
  await run(world, step.luck, async (env) => {
    const following: Promise<unknown>[] = [];
    const ctx = { waitUntil: (promise: Promise<unknown>) => following.push(promise) };
    const headers = {
      authorization: world.org.key,
      "content-type": "application/json",
      prefer: "respond-async",
    };
    const method = step.kind === "limit" ? "PATCH" : "POST";
    const init = { method, headers, body: JSON.stringify(body) };
    const call_id = calls.map(world.callIdOf)[0] ?? "";
    const url = `http://postcall.test${PATHS[step.kind].replace("{call_id}", call_id)}`;
    const response = await worker.fetch(new Request(url, init), env, ctx as unknown as ExecutionContext);
    await response.text();
    asked.status = response.status;
    await Promise.allSettled(following);
  });
}

const WEBHOOKS = { nobody: null, forbidden: "ftp://127.0.0.1/" };

function bodyOf(
  world: World,
  step: Parameters<typeof request>[1],
): { calls: readonly CallName[]; body: object } {
  const { url } = world.receiver;
  if (step.kind === "enable") return { calls: [], body: { url, redeliver: step.redeliver } };
  if (step.kind === "limit") return { calls: [], body: { url, rate_per_second: step.rate } };
  if (step.kind === "pause" || step.kind === "probe") return { calls: [], body: { url } };
  if (step.kind === "report") {
    const { variant, isToBeHeld } = step;
    const payload = { call_id: world.callIdOf(step.call), variant };
    const plain = { payload, webhook: step.to === "receiver" ? url : WEBHOOKS[step.to] };
    const held = { ...plain, payload: { ...payload, status: "completed" }, webhook_events: ["citations"] };
    return { calls: [step.call], body: isToBeHeld ? held : plain };
  }
  if (step.kind === "cite")
    return { calls: [step.call], body: { citations: step.variant === null ? [] : [step.variant] } };
  const call_ids = step.calls.map(world.callIdOf);
  return {
    calls: step.calls,
    body: step.kind === "create" ? { call_ids, webhook_url: url } : { call_ids },
  };
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

export const sweep = (world: World, luck: Luck) =>
  run(world, luck, (env) => worker.scheduled({} as ScheduledController, env));
