/** The tests' words for inboxes: one is made, told, sent to and looked into. */
import { exports } from "cloudflare:workers";
import { expect } from "vitest";
import { standardSignature } from "../../src/core/signature.ts";
import { call, type Org } from "./words.ts";

export interface InboxAnswer {
  id: string;
  url: string;
  view_url: string;
  expires_at: string;
}

export async function makeInbox(org: Org): Promise<InboxAnswer> {
  const { status, body } = await call(org, "POST", "/v1/inboxes");
  expect(status).toBe(200);
  return body.data;
}

export const configure = (org: Org, id: string, respond: object) =>
  call(org, "PATCH", `/v1/inboxes/${id}`, { body: { respond } });

/** A page of what an inbox got, newest first. */
export const requestsOf = async (org: Org, id: string, query = "") =>
  (await call(org, "GET", `/v1/inboxes/${id}/requests${query}`)).body;

/** The headers that keep a browser from running what it gets. */
export const harm = ({ headers }: Response) => ({
  csp: headers.get("content-security-policy"),
  sniff: headers.get("x-content-type-options"),
});
export const HARMLESS = { csp: "sandbox; default-src 'none'", sniff: "nosniff" };

/** One request to an address of ours, without a key. */
export const send = (url: string, init: RequestInit = {}) =>
  exports.default.fetch(url, { method: "POST", redirect: "manual", ...init });

/** The headers of a request that is signed as ours are. */
export async function signedHeaders(body: Uint8Array, secret: string): Promise<Record<string, string>> {
  const timestampSeconds = Math.floor(Date.now() / 1_000);
  return {
    "webhook-id": "msg_test",
    "webhook-timestamp": String(timestampSeconds),
    "webhook-signature": standardSignature({ secret, webhookId: "msg_test", timestampSeconds, body }),
  };
}
