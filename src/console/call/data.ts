/** A call with its logs. The call is loaded once, and again when its content changes; the logs are kept up while they may change. */
import { useRef, useState } from "preact/hooks";
import type { AnyLog, Call, ListedLog } from "../answers.ts";
import { type Answer, type ApiError, ask, messageOf, untold } from "../api.ts";
import { textOfMember } from "../json-text.ts";
import { useLive } from "../live.ts";
import { isEnded } from "../log-state.ts";

/** The call as it was answered, and parts of the answer as they are written there. */
export interface LoadedCall {
  call: Call;
  /** What is sent; null once erased. */
  payload: string | null;
  citations: string;
}

export type CallState =
  | { kind: "loading" }
  | { kind: "gone" }
  | { kind: "failed"; message: string }
  | { kind: "ready"; loaded: LoadedCall; logs: readonly AnyLog[] };

/** How long it is asked often after something was asked for. */
const HURRY_MS = 20_000;

/** How the page is kept up. */
export interface Watch {
  isOn: boolean;
  /** Since when no answer has come that could be used (milliseconds since the epoch), and why. */
  trouble: { since: number; errors: readonly ApiError[] } | null;
}

export function useCall(id: string): { state: CallState; watch: Watch; hurry: () => void } {
  const [state, setState] = useState<CallState>({ kind: "loading" });
  const [hurried, setHurried] = useState(0);
  const [trouble, setTrouble] = useState<Watch["trouble"]>(null);
  const latest = useRef(state);
  latest.current = state;
  const isMoving = state.kind !== "ready" || state.logs.some((log) => !isEnded(log));
  const isOn = state.kind !== "gone" && (isMoving || hurried > 0);
  const load = async (signal: AbortSignal) => {
    const next = await refresh(id, latest.current, signal);
    if (signal.aborted) return;
    if (isRefusal(next))
      setTrouble((before) => ({ since: before?.since ?? Date.now(), errors: untold(next) }));
    else {
      setState(next);
      setTrouble(null);
    }
    if (hurried > 0 && hurried + HURRY_MS < Date.now() && !isRefusal(next)) setHurried(0);
  };
  useLive(load, { key: `${id} ${hurried}`, isOn });
  return { state, watch: { isOn, trouble }, hurry: () => setHurried(Date.now()) };
}

type Refusal = Extract<Answer<unknown>, { ok: false }>;
const isRefusal = (next: CallState | Refusal): next is Refusal => "ok" in next;

/** The next state, or a refusal: then what is shown stays. */
async function refresh(id: string, before: CallState, signal: AbortSignal): Promise<CallState | Refusal> {
  if (before.kind !== "ready") return loadCall(id, before, signal);
  const answer = await ask<ListedLog[]>("GET", "/v1/postcall/webhooks", { query: { call_ids: id }, signal });
  if (!answer.ok) return answer;
  const logs = inOrder(answer.data);
  const isSame = logs.length > 0 && contentOf(logs) === contentOf(before.logs);
  return isSame ? { ...before, logs } : loadCall(id, before, signal);
}

async function loadCall(id: string, before: CallState, signal: AbortSignal): Promise<CallState | Refusal> {
  const answer = await ask<Call>("GET", `/v1/postcall/calls/${encodeURIComponent(id)}`, { signal });
  if (!answer.ok) return refused(answer, before);
  const { data, text } = answer;
  const payload = textOfMember(text, ["data", "payload"]);
  const citations = textOfMember(text, ["data", "citations"]) ?? "null";
  return {
    kind: "ready",
    loaded: { call: data, payload: payload === "null" ? null : payload, citations },
    logs: inOrder(data.logs),
  };
}

function refused(answer: Refusal, before: CallState): CallState | Refusal {
  if (answer.status === 404) return { kind: "gone" };
  return before.kind === "ready" ? answer : { kind: "failed", message: messageOf(answer) };
}

/** The call's own log first. */
const inOrder = <Log extends AnyLog>(logs: readonly Log[]): Log[] =>
  logs.toSorted((one, other) => one.event.localeCompare(other.event));

/** What a change of the payload or the citations shows in. */
const contentOf = (logs: readonly AnyLog[]): string =>
  logs
    .map(({ event, status, payload_erased_at }) => `${event} ${status === "held"} ${payload_erased_at}`)
    .join();
