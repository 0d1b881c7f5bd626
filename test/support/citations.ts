/**
 * Words for tests of citations: an org and its receiver, new for each test, and what is reported, held, cited and
 * received.
 */
import { expect } from "vitest";
import type { AttemptKey } from "../../src/core/webhook-log.ts";
import { envWithLosingQueues, request } from "./handlers.ts";
import { call, eventually, logOf, makeOrg, newCallId, type Org, type Receiver, receiver } from "./words.ts";

export let org: Org;
export let crm: Receiver;

export async function newCitedOrg(): Promise<void> {
  org = await makeOrg();
  crm = await receiver(200);
}

export const CITED = { citations: [{ variable_name: "plan", value: "gold" }] };
export const OTHERS = { citations: [{ variable_name: "plan", value: "iron" }] };
export const NONE = { citations: [] };

export const cite = (call_id: string, body: unknown, as: Pick<Org, "key"> = org) =>
  call(as, "POST", `/v1/postcall/calls/${call_id}/citations`, { body });

export const citationsLogOf = async (call_id: string) =>
  (await call(org, "GET", `/v1/postcall/webhooks/${call_id}?event=citations`)).body.data;

export const configure = (settings: object) => call(org, "PATCH", "/v1/org", { body: settings });

/** The org wants citations, and waits for them this long. */
export const delay = (citations_timeout_seconds = 120) =>
  configure({ webhook_events: ["citations"], delay_for_citations: true, citations_timeout_seconds });

/** Reports a call that is held, of which no queue ever hears. Returns the attempt that it waits to make. */
export async function reportHeld(members: object = {}): Promise<AttemptKey> {
  const lossy = envWithLosingQueues();
  const call_id = newCallId();
  const body = { payload: { call_id, status: "completed", ...members }, webhook: crm.url };
  const answer = await request(lossy.env, org, { method: "POST", path: "/v1/postcall/calls", body });
  expect(answer.body.data).toMatchObject({ status: "held", reason: "awaiting_citations" });
  const [message] = lossy.retries;
  if (message === undefined) throw new Error("the report enqueued nothing");
  expect(lossy.deliveries).toEqual([]);
  const { v: _v, ...key } = message.body;
  return key;
}

export const bodies = async () => (await crm.received()).map(({ body }) => JSON.parse(body));

/** Waits till a log is delivered. */
export const delivered = (call_id: string, log = (id: string) => logOf(org, id)) =>
  eventually(async () => {
    const found = await log(call_id);
    return found?.status === "delivered" ? found : undefined;
  });
