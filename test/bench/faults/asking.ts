/** What a program asks of the API: the request of each such step, and what is kept of it. Sends nothing. */
import { env } from "cloudflare:workers";
import type { CallName, Step } from "./program.ts";
import type { Seen } from "./seen.ts";
import type { World } from "./world.ts";

const ROUTES = {
  report: "POST /v1/postcall/calls",
  cite: "POST /v1/postcall/calls/{call_id}/citations",
  release: "POST /v1/postcall/calls/{call_id}/release",
  erase: "DELETE /v1/postcall/calls/{call_id}",
  resend: "POST /v1/postcall/webhooks/resend",
  create: "POST /v1/postcall/webhooks/create",
  enable: "POST /v1/endpoints/enable",
  pause: "POST /v1/endpoints/pause",
  probe: "POST /v1/endpoints/probe",
  limit: "PATCH /v1/endpoints",
  erase_delivered: "PATCH /v1/org",
  suspend: "PATCH /v1/admin/orgs/{user_id}",
  unsuspend: "PATCH /v1/admin/orgs/{user_id}",
};

/** A step that is a request to the API. */
export type AskingStep = Extract<Step, { kind: keyof typeof ROUTES }>;

export const isAsking = (step: Step): step is AskingStep => step.kind in ROUTES;

/** One request to the API, and its answer: null where the caller never got one. */
export interface Asked {
  kind: AskingStep["kind"];
  calls: readonly CallName[];
  /** The digest of its content; null if there is none. */
  variant: number | null;
  status: number | null;
  /** What it switches is switched on. */
  isOn: boolean;
  /** When it was sent and answered, in the order of all things, and when it was sent by the programs' clock. */
  began: number;
  ended: number | null;
  sentAt: number;
  /** Nothing goes wrong with it. */
  isPlain: boolean;
  /** Its idempotency key, and whether its answer says that it was repeated. */
  key: string | null;
  isReplayed: boolean;
  /** The calls of which a new delivery was started by it, or by an equal request at the same time. */
  started: string[];
  /** What the record had before and after it; null if nobody looked, or if it was stalled. */
  seen: { before: Seen; after: Seen } | null;
}

/** The requests of a step: with a key there may be several equal ones. */
export function askedOf(world: World, step: AskingStep): Asked[] {
  const { name = null, times = 1 } = ("key" in step && step.key) || {};
  const started: string[] = [];
  return Array.from({ length: times }, () => ({
    kind: step.kind,
    calls: callsOf(step),
    variant: "variant" in step ? step.variant : null,
    status: null,
    isOn: "on" in step && step.on,
    began: world.tick(),
    ended: null,
    sentAt: world.now(),
    isPlain: step.luck.faults.length === 0 && world.refusal() === null,
    key: name,
    isReplayed: false,
    started,
    seen: null,
  }));
}

const callsOf = (step: AskingStep): readonly CallName[] =>
  "calls" in step ? step.calls : "call" in step ? [step.call] : [];

export function requestOf(world: World, step: AskingStep): { url: string; init: RequestInit } {
  const [method = "", path = ""] = ROUTES[step.kind].split(" ");
  const [call_id = ""] = callsOf(step).map(world.callIdOf);
  const filled = path.replace("{call_id}", call_id).replace("{user_id}", world.org.user_id);
  const isOperators = step.kind === "suspend" || step.kind === "unsuspend";
  const headers = {
    authorization: isOperators ? env.ADMIN_KEY : world.org.key,
    "content-type": "application/json",
    prefer: "respond-async",
    ...("key" in step && step.key && { "idempotency-key": `${world.prefix} ${step.key.name}` }),
  };
  const body = bodyOf(world, step);
  const init = { method, headers, ...(body !== null && { body: JSON.stringify(body) }) };
  return { url: `http://postcall.test${filled}`, init };
}

const WEBHOOKS = { nobody: null, forbidden: "ftp://127.0.0.1/" };

function bodyOf(world: World, step: AskingStep): object | null {
  const { url } = world.receiver;
  switch (step.kind) {
    case "report":
      return reportOf(world, step);
    case "cite":
      return { citations: step.variant === null ? [] : [step.variant] };
    case "resend":
      return { call_ids: step.calls.map(world.callIdOf) };
    case "create":
      return { call_ids: step.calls.map(world.callIdOf), webhook_url: url };
    case "enable":
      return { url, redeliver: step.redeliver };
    case "limit":
      return { url, rate_per_second: step.rate };
    case "pause":
    case "probe":
      return { url };
    case "erase_delivered":
      return { erase_payload_when_delivered: step.on };
    case "suspend":
    case "unsuspend":
      return { suspended: step.kind === "suspend" };
    case "release":
    case "erase":
      return null;
  }
}

function reportOf(world: World, step: Extract<AskingStep, { kind: "report" }>): object {
  const { call, to, variant, isToBeHeld } = step;
  const payload = { call_id: world.callIdOf(call), variant };
  const plain = { payload, webhook: to === "receiver" ? world.receiver.url : WEBHOOKS[to] };
  const held = { ...plain, payload: { ...payload, status: "completed" }, webhook_events: ["citations"] };
  return isToBeHeld ? held : plain;
}
