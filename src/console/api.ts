/**
 * Asks the API as whoever is signed in. An answer is a value, also a refusal: nothing here throws. A 401 tells that the
 * session has ended; 429 and 503 tell until when to wait.
 */
import { signal } from "@preact/signals";

export interface ApiError {
  error: string;
  message: string;
  field?: string;
  call_id?: string;
  reason?: string;
  request_id?: string;
}

export type Answer<T> =
  | { ok: true; status: number; data: T; next_cursor: string | null /** As it came. */; text: string }
  | { ok: false; status: number; errors: ApiError[] };

interface Asked {
  query?: Record<string, string | number | boolean | null | undefined>;
  json?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Why the server no longer takes the session. The sign-in form then lies over the page, which keeps what it has. */
export const sessionEnded = signal<string | null>(null);

/** When the server last said that something may not be done (milliseconds since the epoch). */
export const forbiddenAt = signal(0);

/** Until when the server asks to be left alone (milliseconds since the epoch), and why. */
export const pausedUntil = signal<{ until: number; why: string } | null>(null);

/**
 * The org that the page is of, or "admin". The server refuses what another org's session sends: somebody may have signed
 * in to it in another tab.
 */
export const actingFor = signal<string | null>(null);

/** Since when no answer comes at all. */
export const unreachableSince = signal<number | null>(null);

/** A key that is refused there ends no session. */
export const SIGN_IN = "/console/session";

const WAIT_WITHOUT_ADVICE_S = 5;

export async function ask<T>(method: string, path: string, asked: Asked = {}): Promise<Answer<T>> {
  const given = Object.entries(asked.query ?? {}).filter(([, value]) => value != null && value !== "");
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  const headers = {
    "x-postcall-console": "1",
    ...(actingFor.value !== null && { "x-postcall-org": actingFor.value }),
    ...(asked.json !== undefined && { "content-type": "application/json" }),
    ...asked.headers,
  };
  try {
    const response = await fetch(`${path}${query.size > 0 ? `?${query}` : ""}`, {
      method,
      headers,
      cache: "no-store",
      ...(asked.json !== undefined && { body: JSON.stringify(asked.json) }),
      ...(asked.signal && { signal: asked.signal }),
    });
    unreachableSince.value = null;
    return await read(response, path); // its failure to come whole is one of the connection
  } catch {
    if (asked.signal?.aborted) return refusal(0, "ABORTED", "The question was given up.");
    unreachableSince.value ??= Date.now();
    return refusal(0, "UNREACHABLE", "The server does not answer, or the network is away.");
  }
}

const refusal = (status: number, error: string, message: string): Answer<never> => ({
  ...{ ok: false, status, errors: [{ error, message }] },
});

async function read<T>(response: Response, path: string): Promise<Answer<T>> {
  const { status } = response;
  const text = await response.text();
  const json = parse(text);
  if (json === null) return refusal(status, "UNREADABLE", `The server answered ${status} without JSON.`);
  if (json.errors === null)
    return { ok: true, status, data: json.data as T, next_cursor: json.next_cursor ?? null, text };
  const message = json.errors[0]?.message ?? `The server answered ${status}.`;
  if (status === 401 && path !== SIGN_IN) sessionEnded.value = message;
  if (status === 403) forbiddenAt.value = Date.now();
  // A full quota does not pass by waiting, and keeps nobody from looking.
  if ((status === 429 || status === 503) && json.errors[0]?.error !== "QUOTA_EXCEEDED") {
    const seconds = Number(response.headers.get("retry-after")) || WAIT_WITHOUT_ADVICE_S;
    pausedUntil.value = { until: Date.now() + seconds * 1_000, why: message };
  }
  return { ok: false, status, errors: json.errors };
}

interface Envelope {
  data: unknown;
  errors: ApiError[] | null;
  next_cursor?: string | null;
}

function parse(text: string): Envelope | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && "errors" in json ? (json as Envelope) : null;
  } catch {
    return null;
  }
}

/** What a refusal says, in one line. */
export const messageOf = (answer: { errors: readonly ApiError[] }): string =>
  answer.errors.map(({ message }) => message).join(" ");

/** Statuses that something else tells of: no answer at all, a session that has ended, and waits. */
const TOLD_ELSEWHERE = [0, 401, 429, 503];

/** What a page has to say itself about an answer: nothing, if it is none or a banner tells of it. */
export const untold = (answer: Answer<unknown> | null): readonly ApiError[] =>
  answer === null || answer.ok || TOLD_ELSEWHERE.includes(answer.status) ? [] : answer.errors;
