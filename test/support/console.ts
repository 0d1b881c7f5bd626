/** The tests' words for the console: a browser that signs in, and then asks with its cookie. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { expect } from "vitest";
import worker from "../../src/index.ts";
import { expectDocumented } from "./documented.ts";
import { type ApiAnswer, type Org, read } from "./words.ts";

interface Asked {
  method?: string;
  path: string;
  body?: unknown;
  cookie?: string;
  headers?: Record<string, string>;
}

/** What the console's own pages send with what changes something. */
export const ownHeaders = (on: Env): Record<string, string> => ({
  origin: new URL(on.PUBLIC_URL).origin,
  "x-postcall-console": "1",
});

/** One request without a key. */
export async function ask(
  on: Env,
  { method = "GET", path, body, cookie, headers }: Asked,
): Promise<ApiAnswer> {
  const init = {
    method,
    headers: { "content-type": "application/json", ...(cookie !== undefined && { cookie }), ...headers },
    body: body === undefined ? null : JSON.stringify(body),
  };
  const ctx = createExecutionContext();
  const answer = await read(await worker.fetch(new Request(`http://postcall.test${path}`, init), on, ctx));
  await waitOnExecutionContext(ctx);
  expectDocumented({ method, path }, answer);
  return answer;
}

export const signIn = (
  on: Env,
  body: unknown,
  headers: Record<string, string> = ownHeaders(on),
): Promise<ApiAnswer> => ask(on, { method: "POST", path: "/console/session", body, headers });

export const signOut = (on: Env, cookie: string, headers: Record<string, string> = ownHeaders(on)) =>
  ask(on, { method: "DELETE", path: "/console/session", cookie, headers });

/** What a browser keeps of an answer and sends back. */
export const cookieIn = ({ headers }: ApiAnswer): string => headers.get("set-cookie")?.split(";")[0] ?? "";

/** The cookie of a new session of this key. */
export async function sessionOf(on: Env, { key }: Pick<Org, "key">): Promise<string> {
  const answer = await signIn(on, { key });
  expect(answer.status, answer.text).toBe(200);
  return cookieIn(answer);
}

export const whoami = (on: Env, cookie: string) => ask(on, { path: "/v1/whoami", cookie });

/** The token of a new link. */
export const tokenIn = (answer: ApiAnswer): string => answer.body.data.url.split("#link=")[1] ?? "";
