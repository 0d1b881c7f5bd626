/** The org's inboxes, for all pages: to list them costs the server much, so it is done each 30 s at most. */
import { signal } from "@preact/signals";
import type { Inbox } from "../answers.ts";
import { type ApiError, ask, untold } from "../api.ts";
import { useLive } from "../live.ts";

const LOOK_EVERY_MS = 2_000;
const FRESH_MS = 30_000;
const AFTER_REFUSAL_MS = 10_000;
/** There are no more. */
const LIMIT = 100;

export const inboxes = signal<readonly Inbox[] | null>(null);
export const inboxesRefused = signal<readonly ApiError[]>([]);
let notBefore = 0;

async function load(signal: AbortSignal): Promise<void> {
  if (Date.now() < notBefore) return;
  notBefore = Date.now() + FRESH_MS;
  const answer = await ask<Inbox[]>("GET", "/v1/inboxes", { query: { limit: LIMIT }, signal });
  if (answer.ok) inboxes.value = answer.data;
  else notBefore = signal.aborted ? 0 : Date.now() + AFTER_REFUSAL_MS;
  if (!signal.aborted) inboxesRefused.value = untold(answer);
}

export const useInboxes = (): void => useLive(load, { everyMs: LOOK_EVERY_MS });

/** A new or changed inbox, as the server has answered it. */
export function keepInbox(inbox: Inbox): void {
  const known = inboxes.value ?? [];
  const isKnown = known.some(({ id }) => id === inbox.id);
  inboxes.value = isKnown ? known.map((one) => (one.id === inbox.id ? inbox : one)) : [inbox, ...known];
}

export function dropInbox(id: string): void {
  inboxes.value = (inboxes.value ?? []).filter((one) => one.id !== id);
}
