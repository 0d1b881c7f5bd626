/** Who is signed in, and what its key may do. */
import { computed, effect, signal, untracked } from "@preact/signals";
import type { Caller, Scope } from "./answers.ts";
import {
  type Answer,
  actingFor,
  ask,
  forbiddenAt,
  messageOf,
  pausedUntil,
  SIGN_IN,
  sessionEnded,
} from "./api.ts";
import { leave } from "./router.ts";

/** Undefined until the server has told; null if nobody is signed in. */
export const caller = signal<Caller | null | undefined>(undefined);

export const isAdmin = computed(() => caller.value?.kind === "admin");

/** Whether the key has this scope. The server checks it all the same. */
export const can = (scope: Scope): boolean => caller.value?.key?.scopes.includes(scope) ?? false;

/** Why whoever was signed in can do nothing more, such as that its org is suspended. */
export const shutOut = signal<string | null>(null);

/** Why it is not known yet who is signed in. */
export const delayed = signal<string | null>(null);

/** The token of a link that was opened while somebody is signed in: they are asked first. */
export const askedLink = signal<string | null>(null);

/** Why a link did not sign in. */
export const refusedLink = signal<string | null>(null);

effect(() => {
  actingFor.value = caller.value == null ? null : (caller.value.user_id ?? "admin");
});

/** The token of a sign-in link in the address, which is not kept in the history. */
function takeLink(): string | null {
  const link = new URLSearchParams(location.hash.slice(1)).get("link");
  if (link !== null) history.replaceState(null, "", location.pathname + location.search);
  return link;
}

addEventListener("hashchange", () => {
  const link = takeLink();
  if (link === null) return;
  if (caller.value == null) void followLink(link);
  else askedLink.value = link;
});

const RETRY_MS = 3_000;

/** Asks who is signed in; if nobody is, a link in the address signs in. */
export async function begin(link = takeLink()): Promise<void> {
  const answer = await ask<Caller>("GET", "/v1/whoami");
  sessionEnded.value = null; // nobody was signed in yet
  delayed.value = null;
  if (answer.ok) {
    caller.value = answer.data;
    askedLink.value = link;
  } else if (answer.status === 401 || answer.status === 403) {
    if (link !== null && (await followLink(link))) return;
    if (answer.status === 401) caller.value = null;
    else shutOut.value = messageOf(answer);
  } else {
    delayed.value = messageOf(answer);
    setTimeout(() => void begin(link), Math.max(RETRY_MS, (pausedUntil.value?.until ?? 0) - Date.now()));
  }
}

/** Asks again whether whoever is signed in may do anything. Nothing changes while the server does not tell. */
export async function askAgain(): Promise<void> {
  const answer = await ask<Caller>("GET", "/v1/whoami");
  if (answer.ok) {
    caller.value = answer.data;
    shutOut.value = null;
  } else if (answer.status === 403) shutOut.value = messageOf(answer);
  else if (answer.status === 401 && shutOut.value !== null) {
    caller.value = null;
    shutOut.value = null;
    sessionEnded.value = null;
  }
}

let isAsking = false;

// What is forbidden may be everything: then nothing that is shown is true any more.
effect(() => {
  if (forbiddenAt.value === 0) return;
  untracked(() => {
    if (caller.value == null || shutOut.value !== null || isAsking) return;
    isAsking = true;
    void askAgain().finally(() => {
      isAsking = false;
    });
  });
});

/** Signs in with a link. False if it was refused. */
export async function followLink(link: string): Promise<boolean> {
  const answer = await signIn({ link });
  refusedLink.value = answer.ok ? null : messageOf(answer);
  return answer.ok;
}

export async function signIn(given: { key: string } | { link: string }): Promise<Answer<Caller>> {
  const answer = await ask<Caller>("POST", SIGN_IN, { json: given });
  if (answer.ok) {
    const before = caller.value;
    // Somebody else's page must not go on under this key.
    if (before != null && before.user_id !== answer.data.user_id) {
      leave("/console");
      return answer;
    }
    caller.value = answer.data;
    shutOut.value = null;
    sessionEnded.value = null;
  } else if (caller.value === undefined) caller.value = null;
  return answer;
}

export async function signOut(): Promise<void> {
  await ask("DELETE", SIGN_IN);
  leave("/console");
}
