/**
 * Sends many calls again, some at a time. It gets verbs in place of an environment. The server sends all calls of a
 * request or none, so those that it refuses are left out and the rest is sent again. Nothing is sent twice: a request
 * that is repeated keeps its idempotency key.
 */
import { reasonWords } from "./plan.ts";

/** Calls of one request. */
const CHUNK = 50;
/** A request that gets no answer is repeated this often. */
const REPEATS = 5;

export interface Sendable {
  call_id: string;
  event: string;
}

interface Refusal {
  error: string;
  message: string;
  call_id?: string;
  reason?: string;
}

type Answer<Log> = { ok: true; data: Log } | { ok: false; status: number; errors: readonly Refusal[] };

export interface Verbs<Log> {
  post: (request: { call_ids: string[]; event: string; idempotencyKey: string }) => Promise<Answer<Log>>;
  /** Waits while the server asks to be left alone or nobody is signed in. False: somebody stopped it. */
  ready: () => Promise<boolean>;
  /** Waits before a request is repeated. */
  pause: () => Promise<void>;
  newKey: () => string;
  sent: (answered: Log) => void;
  progress: (done: number) => void;
}

export interface NotSent extends Sendable {
  why: string;
}

export interface Outcome {
  sent: number;
  notSent: NotSent[];
}

const STOPPED = "It was not sent any more: sending was stopped.";

/** Equal events go together: a request has one. */
export function chunksOf(calls: readonly Sendable[], size = CHUNK): { event: string; call_ids: string[] }[] {
  return [...Map.groupBy(calls, ({ event }) => event)].flatMap(([event, group]) =>
    Array.from({ length: Math.ceil(group.length / size) }, (_, index) => ({
      event,
      call_ids: group.slice(index * size, (index + 1) * size).map(({ call_id }) => call_id),
    })),
  );
}

export async function sendAgain<Log>(calls: readonly Sendable[], verbs: Verbs<Log>): Promise<Outcome> {
  const outcome: Outcome = { sent: 0, notSent: [] };
  const left = chunksOf(calls);
  let ended: string | null = null;
  for (let chunk = left.shift(); chunk !== undefined; chunk = left.shift()) {
    const { event, call_ids } = chunk;
    const leave = (ids: readonly string[], whyOf: (id: string) => string) => {
      for (const call_id of ids) outcome.notSent.push({ call_id, event, why: whyOf(call_id) });
    };
    const result: Result = ended === null ? await sendChunk(chunk, verbs) : { kind: "ended", why: ended };
    if (result.kind === "sent") outcome.sent += call_ids.length;
    if (result.kind === "refused") {
      leave([...result.whys.keys()], (id) => result.whys.get(id) ?? "");
      const rest = call_ids.filter((id) => !result.whys.has(id));
      if (rest.length > 0) left.unshift({ event, call_ids: rest });
    }
    if (result.kind === "too_large") {
      const middle = Math.ceil(call_ids.length / 2);
      left.unshift(
        { event, call_ids: call_ids.slice(0, middle) },
        { event, call_ids: call_ids.slice(middle) },
      );
    }
    if (result.kind === "failed" || result.kind === "ended") leave(call_ids, () => result.why);
    if (result.kind === "ended") ended = result.why;
    verbs.progress(outcome.sent + outcome.notSent.length);
  }
  return outcome;
}

type Result =
  | { kind: "sent" | "too_large" }
  /** These calls alone can't be sent. */
  | { kind: "refused"; whys: Map<string, string> }
  /** This request came to nothing; another one may fare better. */
  | { kind: "failed"; why: string }
  /** No request will. */
  | { kind: "ended"; why: string };

async function sendChunk<Log>(
  { event, call_ids }: { event: string; call_ids: string[] },
  verbs: Verbs<Log>,
): Promise<Result> {
  const idempotencyKey = verbs.newKey();
  for (let repeats = 0; ; ) {
    if (!(await verbs.ready())) return { kind: "ended", why: STOPPED };
    const answer = await verbs.post({ call_ids, event, idempotencyKey });
    if (answer.ok) {
      verbs.sent(answer.data);
      return { kind: "sent" };
    }
    const result = resultOf(answer, call_ids);
    if (result !== "repeat") return result;
    // A pause that the server asks for, and a session that has ended, are waited for by `ready`, as long as it takes.
    if (answer.status !== 429 && answer.status !== 401 && ++repeats > REPEATS)
      return { kind: answer.status === 0 ? "ended" : "failed", why: messageOf(answer.errors) };
    await verbs.pause();
  }
}

const messageOf = (errors: readonly Refusal[]): string => errors.map(({ message }) => message).join(" ");

function resultOf(
  { status, errors }: { status: number; errors: readonly Refusal[] },
  call_ids: readonly string[],
): Result | "repeat" {
  const why = messageOf(errors);
  switch (status) {
    case 0: // no answer: it may have been sent, and the key keeps it from being sent twice
    case 401: // the session has ended: whoever signs in again goes on
    case 409: // the request before is still under way
    case 500:
    case 503:
      return "repeat";
    case 429:
      return errors[0]?.error === "QUOTA_EXCEEDED" ? { kind: "ended", why } : "repeat";
    case 413:
      return call_ids.length > 1 ? { kind: "too_large" } : { kind: "failed", why };
    case 403:
      return { kind: "ended", why };
    default: {
      const named = errors.filter((error) => error.call_id !== undefined && call_ids.includes(error.call_id));
      if (named.length === 0) return { kind: "failed", why };
      const whys = named.map(
        ({ call_id = "", reason, message }) => [call_id, reasonWords(reason, message)] as const,
      );
      return { kind: "refused", whys: new Map(whys) };
    }
  }
}
