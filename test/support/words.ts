/** The tests' own words: an org, a receiver, a reported call, its log, and what the record and the receiver hold. */
import { env, exports } from "cloudflare:workers";
import { expect, inject } from "vitest";
import { fromBase64, sha256Hex } from "../../src/core/signature.ts";
import { makeSigningSecret, SIGNING_SECRET_RANDOM_BYTES } from "../../src/core/signing-secret.ts";
import type { AttemptDetails } from "../../src/record/attempts.ts";
import { insertKey, SCOPES, type Scope } from "../../src/record/keys.ts";
import { insertOrg } from "../../src/record/orgs.ts";
import { rotateSigningSecret } from "../../src/record/signing-secrets.ts";
import { expectDocumented } from "./documented.ts";
import type { Answer, Received } from "./receiver-server.ts";

export interface Org {
  user_id: string;
  key: string;
  secret: string;
}

/** An org of its own, of a new id where none is given, with one key. */
export async function makeOrg({
  scopes = [...SCOPES],
  user_id = `org_${crypto.randomUUID()}`,
}: {
  scopes?: Scope[];
  user_id?: string;
} = {}): Promise<Org> {
  const random = crypto.getRandomValues(new Uint8Array(SIGNING_SECRET_RANDOM_BYTES));
  const masterKeys = [fromBase64(env.SECRETS_KEY)] as const;
  const { secret, ciphertext } = await makeSigningSecret({ user_id, masterKeys, random });
  const now = Date.now();
  await insertOrg(env.DB, { user_id, name: "Test", created_at: now });
  await rotateSigningSecret(env.DB, {
    user_id,
    id: "sec_test",
    ciphertext,
    now,
    activatesAt: null,
    overlapMs: 0,
  });
  return { user_id, secret, key: await makeKey(user_id, { scopes }) };
}

/** A further key of an org. */
export async function makeKey(
  user_id: string,
  { scopes = [...SCOPES], expires_at = null }: { scopes?: Scope[]; expires_at?: number | null } = {},
): Promise<string> {
  const key = `pc_${crypto.randomUUID()}`;
  const digest = sha256Hex(key);
  const created_at = Date.now();
  await insertKey(env.DB, {
    digest,
    id: `key_${crypto.randomUUID()}`, // not the key: a test looks for keys in what is stored
    user_id,
    name: "test",
    prefix: "pc_",
    scopes,
    created_at,
    expires_at,
  });
  return key;
}

/** An answer of the API: its status, its headers and its body, read. */
export interface ApiAnswer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: the tests assert on what is in it
  body: any;
}

/** One request to the Worker, as the org. A string or bytes are sent as they are, anything else as JSON. */
export async function call(
  org: Pick<Org, "key">,
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<ApiAnswer> {
  const init: RequestInit = { method, headers: { authorization: org.key, ...headers } };
  if (body !== undefined) {
    init.body = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
    init.headers = { "content-type": "application/json", ...init.headers };
  }
  const answer = await read(await exports.default.fetch(`http://postcall.test${path}`, init));
  expectDocumented({ method, path }, answer);
  return answer;
}

export async function read(response: Response): Promise<ApiAnswer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: text === "" ? null : JSON.parse(text),
  };
}

/** Asserts a refusal in the envelope: its status, its first code and what its message says. */
export function expectRefusal(
  answer: ApiAnswer,
  status: number,
  error: string,
  message?: string | RegExp,
): void {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.body.data).toBeNull();
  expect(answer.headers.get("content-type")).toBe("application/json");
  expect(answer.body.errors[0].error).toBe(error);
  if (message !== undefined) expect(answer.body.errors[0].message).toMatch(message);
}

export const newCallId = (): string => `call_${crypto.randomUUID()}`;

/** Reports a call, of a new id where none is given. */
export async function reportCall(
  org: Org,
  report: { call_id?: string; webhook?: string | null; payload?: object } = {},
): Promise<{ call_id: string; answer: ApiAnswer }> {
  const { call_id = newCallId(), payload = {}, ...members } = report;
  const body = { payload: { call_id, status: "completed", ...payload }, ...members };
  return { call_id, answer: await call(org, "POST", "/v1/postcall/calls", { body }) };
}

/** A call's log, as GET answers it. */
export async function logOf(org: Org, call_id: string) {
  return (await call(org, "GET", `/v1/postcall/webhooks/${call_id}`)).body.data;
}

export const resend = (org: Org, call_ids: string[], headers: Record<string, string> = {}) =>
  call(org, "POST", "/v1/postcall/webhooks/resend", { body: { call_ids }, headers });

export const create = (
  org: Org,
  call_ids: string[],
  webhook_url: string,
  headers: Record<string, string> = {},
) => call(org, "POST", "/v1/postcall/webhooks/create", { body: { call_ids, webhook_url }, headers });

/** Asks for the log until it has left `pending` and `retrying`, or until `done` says so. */
export async function endedLogOf(org: Org, call_id: string, done = isSettled) {
  return eventually(async () => {
    const log = await logOf(org, call_id);
    return log !== null && done(log) ? log : undefined;
  });
}

const isSettled = (log: { status: string }) => !["pending", "retrying"].includes(log.status);

/** Looks every 20 ms until there is something to see; after 18 s nothing will come. */
export async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
  const until = Date.now() + 18_000;
  while (Date.now() < until) {
    const seen = await look();
    if (seen !== undefined) return seen;
    await scheduler.wait(20);
  }
  throw new Error("it did not happen within 18 s");
}

export interface Receiver {
  url: string;
  /** What has arrived by now, oldest first. */
  received: () => Promise<Received[]>;
  /** Answers what is held, and with `fromNowOn` holds nothing any more. */
  answer: (input?: { fromNowOn?: boolean }) => Promise<void>;
  /** Answers attempts up to this number with 500 from now on. */
  failAttempts: (upTo: number) => Promise<void>;
  /** Forgets all that has arrived. */
  close: () => Promise<void>;
}

/** A receiver that answers as told, an answer a request; a number is a status. */
export async function receiver(...program: (number | Answer)[]): Promise<Receiver> {
  const server = inject("receiverServer");
  const answers = program.map((answer) => (typeof answer === "number" ? { status: answer } : answer));
  const id = await (
    await fetch(`${server}/receivers`, { method: "POST", body: JSON.stringify(answers) })
  ).text();
  const tell = async (method: string, order = "") => {
    await (await fetch(`${server}/receivers/${id}${order}`, { method })).text();
  };
  return {
    url: `${server}/r/${id}`,
    received: async () => (await fetch(`${server}/receivers/${id}`)).json(),
    answer: ({ fromNowOn = false } = {}) => tell("PUT", fromNowOn ? "/always" : ""),
    failAttempts: (upTo) => tell("PUT", `/fail/${upTo}`),
    close: () => tell("DELETE"),
  };
}

/** A URL on this machine where nobody listens. */
export const NOBODY = "http://127.0.0.1:1/";

/** How many rows of a table belong to an org. */
export const rowsOf = async (table: "webhook_logs" | "endpoints", org: Org): Promise<number> =>
  (await env.DB.prepare(`SELECT count(*) AS n FROM ${table} WHERE user_id = ?`)
    .bind(org.user_id)
    .first<number>("n")) ?? 0;

/** The details that are kept of a call's attempts, oldest first. */
export const detailsOf = async (callId: string): Promise<AttemptDetails[]> =>
  JSON.parse(
    (await env.DB.prepare("SELECT details FROM webhook_logs WHERE call_id = ? AND event = 'call'")
      .bind(callId)
      .first<string>("details")) ?? "[]",
  );

/** How many attempts the logs of an org have together. */
export const attemptsIn = async (org: Org): Promise<number> =>
  (await env.DB.prepare("SELECT sum(json_array_length(metadata)) AS n FROM webhook_logs WHERE user_id = ?")
    .bind(org.user_id)
    .first<number>("n")) ?? 0;

/** Rotates an org's signing secret, with the body as given. */
export const rotate = (org: Pick<Org, "key">, body?: object) =>
  call(org, "POST", "/v1/org/signing-secrets/rotate", body === undefined ? {} : { body });

/** An org's live signing secrets, as they are listed. */
export const secretsOf = async (
  org: Pick<Org, "key">,
): Promise<{ id: string; created_at: string; expires_at: string | null }[]> =>
  (await call(org, "GET", "/v1/org/signing-secrets")).body.data;
