/** Sending again as it goes on. It goes on too while another page is shown; what was not sent is told afterwards. */
import { signal } from "@preact/signals";
import { tell } from "../announce.ts";
import type { ListedLog, WebhookLog } from "../answers.ts";
import { ask, pausedUntil, sessionEnded } from "../api.ts";
import { counted } from "../format.ts";
import { showSent } from "./list.ts";
import { planOf, reasonWords } from "./plan.ts";
import { type NotSent, sendAgain } from "./send.ts";

/** From this many on it is asked whether they are meant. */
export const ASKS_OVER = 20;

export const sending = signal<{ done: number; total: number; isStopped: boolean } | null>(null);
/** What was not sent, until somebody has read it. */
export const notSent = signal<readonly NotSent[]>([]);

const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

const isPaused = (): boolean => sessionEnded.value !== null || (pausedUntil.value?.until ?? 0) > Date.now();

async function ready(): Promise<boolean> {
  while (isPaused() && sending.value?.isStopped === false) await sleep(250);
  return sending.value?.isStopped === false;
}

const keep = (event: BeforeUnloadEvent): void => event.preventDefault();

/** Sends those that can be sent. `disabled`: endpoints that are known to be. */
export async function send(logs: readonly ListedLog[], disabled: ReadonlySet<string>): Promise<void> {
  if (sending.value !== null || logs.length === 0) return;
  const { sendable, refused } = planOf(logs, disabled);
  const known = refused.map(({ log: { call_id, event }, reason }) => ({
    call_id,
    event,
    why: reasonWords(reason, ""),
  }));
  sending.value = { done: 0, total: sendable.length, isStopped: false };
  addEventListener("beforeunload", keep);
  const outcome = await sendAgain<WebhookLog[]>(sendable, {
    post: ({ call_ids, event, idempotencyKey }) =>
      ask<WebhookLog[]>("POST", "/v1/postcall/webhooks/resend", {
        json: event === "call" ? { call_ids } : { call_ids, event },
        headers: { prefer: "respond-async", "idempotency-key": idempotencyKey },
      }),
    ready,
    pause: () => sleep(1_000),
    newKey: () => crypto.randomUUID(),
    sent: showSent,
    progress: (done) => {
      if (sending.value !== null) sending.value = { ...sending.value, done };
    },
  });
  removeEventListener("beforeunload", keep);
  sending.value = null;
  notSent.value = [...known, ...outcome.notSent];
  if (outcome.sent > 0) tell(`${counted(outcome.sent, "call is", "calls are")} sent again.`);
}

export function stopSending(): void {
  if (sending.value !== null) sending.value = { ...sending.value, isStopped: true };
}
