/** A small API client for the demo. */
import assert from "node:assert/strict";
import { LOCAL_KEY } from "./seed.ts";

/** The members of a log that the demo looks at. */
export interface Log {
  call_id: string;
  event: string;
  created_at: string;
  status: string;
  metadata: {
    sent_at: string;
    response_code: number | null;
    response_time: string;
    send_type: string;
    attempt: number;
  }[];
}

interface InboxAddress {
  id: string;
  url: string;
}

const ENDED = ["delivered", "failed", "disabled", "no_webhook"];
const PATIENCE_MS = 30_000;

export function demoClient(url: string) {
  const headers = { authorization: LOCAL_KEY, "content-type": "application/json" };
  async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
    const response = await fetch(`${url}/v1/${path}`, { headers, ...init });
    const { data, errors } = (await response.json()) as { data: T; errors: unknown };
    assert.equal(errors, null, JSON.stringify(errors));
    return data;
  }
  const send = <T>(method: string, path: string, body: object) =>
    ask<T>(path, { method, body: JSON.stringify(body) });
  const post = <T>(path: string, body: object) => send<T>("POST", path, body);

  /** The log, once `isSo` is true of it. */
  async function logWith(call_id: string, isSo: (log: Log) => boolean, event = "call"): Promise<Log> {
    for (const until = Date.now() + PATIENCE_MS; ; await new Promise((done) => setTimeout(done, 100))) {
      const log = await ask<Log>(`postcall/webhooks/${call_id}?event=${event}`);
      if (isSo(log)) return log;
      assert(Date.now() < until, `${call_id} is still ${log.status} after ${PATIENCE_MS / 1_000} s`);
    }
  }

  return {
    post,
    logWith,
    ended: (call_id: string, event?: string) =>
      logWith(call_id, ({ status }) => ENDED.includes(status), event),
    patchOrg: (settings: object) => send("PATCH", "org", settings),
    report: (payload: { call_id: string; [field: string]: unknown }) =>
      post<Log>("postcall/calls", { payload }),
    makeInbox: () => post<InboxAddress>("inboxes", {}),
    configure: ({ id }: InboxAddress, respond: object) => send("PATCH", `inboxes/${id}`, { respond }),
    requestsOf: ({ id }: InboxAddress) =>
      ask<{ signature: string; body: string }[]>(`inboxes/${id}/requests?limit=200`),
  };
}
