/** Who is signed in, and what its key may do. */
import { computed, signal } from "@preact/signals";
import type { Caller, Scope } from "./answers.ts";
import { type Answer, ask, pausedUntil, sessionEnded } from "./api.ts";

/** Undefined until the server has told; null if nobody is signed in. */
export const caller = signal<Caller | null | undefined>(undefined);

export const isAdmin = computed(() => caller.value?.kind === "admin");

/** Whether the key has this scope. The server checks it all the same. */
export const can = (scope: Scope): boolean => caller.value?.key?.scopes.includes(scope) ?? false;

/** Why whoever was signed in can do nothing more, such as that its org is suspended. */
export const shutOut = signal<string | null>(null);

/** Uses the link's token in the address if there is one, and asks who is signed in. */
export async function begin(): Promise<void> {
  const link = new URLSearchParams(location.hash.slice(1)).get("link");
  if (link !== null) {
    history.replaceState(null, "", location.pathname + location.search); // the token is not kept in the history
    const answer = await signIn({ link });
    if (answer.ok) return;
  }
  const answer = await ask<Caller>("GET", "/v1/whoami");
  sessionEnded.value = false; // nobody was signed in yet
  if (answer.ok) caller.value = answer.data;
  else if (answer.status === 403) shutOut.value = answer.errors[0]?.message ?? "This key can do nothing.";
  else if (answer.status !== 0 && answer.status !== 503 && answer.status !== 429) caller.value = null;
  else setTimeout(begin, Math.max(1_000, (pausedUntil.value?.until ?? 0) - Date.now()));
}

export async function signIn(given: { key: string } | { link: string }): Promise<Answer<Caller>> {
  const answer = await ask<Caller>("POST", "/console/session", { json: given });
  if (answer.ok) {
    const before = caller.value;
    caller.value = answer.data;
    shutOut.value = null;
    sessionEnded.value = false;
    // Somebody else's page must not go on under this key.
    if (before != null && before.user_id !== answer.data.user_id) location.assign("/console");
  } else if (answer.status === 403) shutOut.value = answer.errors[0]?.message ?? null;
  else if (caller.value === undefined) caller.value = null;
  return answer;
}

export async function signOut(): Promise<void> {
  await ask("DELETE", "/console/session");
  location.assign("/console");
}
