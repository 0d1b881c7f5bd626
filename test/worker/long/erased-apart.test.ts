/** Where payloads are erased once they are delivered: what was not delivered stays, and what is left to be sent says so. */
import { beforeEach, describe, expect, test } from "vitest";
import { CITED, citationsLogOf, cite, configure, crm, newCitedOrg, org } from "../../support/citations.ts";
import { set } from "../../support/endpoint-settings.ts";
import {
  envWithLosingQueues,
  handleAttempts,
  letTimePass,
  reportUnheard,
  request,
  resendUnheard,
  sweepOnce,
} from "../../support/handlers.ts";
import { call, detailsOf, logOf, receiver } from "../../support/words.ts";

beforeEach(newCitedOrg);

const attempt = (key: Parameters<typeof handleAttempts>[1][number], queue?: string) =>
  handleAttempts(envWithLosingQueues().env, [key], queue);
const sweepLossy = () => sweepOnce(envWithLosingQueues().env);

/** Posts citations, and makes their first attempt. */
async function citeOnce(call_id: string): Promise<void> {
  const lossy = envWithLosingQueues();
  const path = `/v1/postcall/calls/${call_id}/citations`;
  await request(lossy.env, org, { method: "POST", path, body: CITED });
  const [message] = lossy.deliveries;
  if (message === undefined) throw new Error("the citations enqueued nothing");
  const { v: _v, ...key } = message.body;
  await attempt(key);
}

describe("of a call and its citations, sent apart", () => {
  beforeEach(() => configure({ erase_payload_when_delivered: true, webhook_events: ["citations"] }));

  test("a call that failed keeps its payload when its citations are delivered", async () => {
    const failing = await receiver(500, 200);
    await set(org, failing.url, { retry_schedule: [] });
    const key = await reportUnheard(org, failing.url, { status: "completed", transcript: "undelivered" });
    await attempt(key);
    await citeOnce(key.call_id);
    expect(await citationsLogOf(key.call_id)).toMatchObject({ status: "delivered" });
    await sweepLossy();
    expect(await logOf(org, key.call_id)).toMatchObject({
      status: "failed",
      payload: { transcript: "undelivered" },
    });
  });

  test("citations that failed stay when the call was delivered and its time is over", async () => {
    await configure({ citations_timeout_seconds: 1 });
    const failing = await receiver(200, 500);
    await set(org, failing.url, { retry_schedule: [] });
    const key = await reportUnheard(org, failing.url, { status: "completed" });
    await attempt(key);
    await citeOnce(key.call_id);
    await scheduler.wait(1_100);
    await sweepLossy();
    expect(await citationsLogOf(key.call_id)).toMatchObject({ status: "failed", payload: CITED });
  });
});

describe("of a call that wants no citations", () => {
  beforeEach(() => configure({ erase_payload_when_delivered: true }));

  test("citations that come after its erasure go too", async () => {
    const key = await reportUnheard(org, crm.url, { status: "completed" });
    await attempt(key);
    await sweepLossy();
    await cite(key.call_id, CITED);
    await sweepLossy();
    const { data } = (await call(org, "GET", `/v1/postcall/calls/${key.call_id}`)).body;
    expect(data.citations).toBeNull();
  });

  test("a webhook of its erased citations is not created", async () => {
    const key = await reportUnheard(org, crm.url, { status: "completed" });
    await cite(key.call_id, CITED);
    await attempt(key);
    await sweepLossy();
    const answer = await call(org, "POST", "/v1/postcall/webhooks/create", {
      body: { call_ids: [key.call_id], event: "citations", webhook_url: crm.url },
    });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ reason: "payload_erased" }] } });
  });
});

test("an attempt that is recorded after the erasure brings no receiver's answer back", async () => {
  await configure({ erase_payload_when_delivered: true });
  const slow = await receiver(500, { status: 200, body: "what was said", held: true }, 200);
  const key = await reportUnheard(org, slow.url);
  await attempt(key);
  await letTimePass(key, 5_000);
  const retry = { ...key, attempt: 2 };
  await attempt(retry, "postcall-retries"); // it is under way
  const again = await resendUnheard(org, key);
  const batch = attempt(again);
  await slow.answer();
  await batch;
  await attempt(again);
  await sweepLossy();
  expect(await logOf(org, key.call_id)).toMatchObject({ status: "delivered", payload: null });
  await attempt(retry, "postcall-retries");
  expect((await logOf(org, key.call_id)).metadata).toHaveLength(3);
  expect(await detailsOf(key.call_id)).toEqual([]);
});
