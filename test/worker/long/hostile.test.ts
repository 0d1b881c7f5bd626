/**
 * Hostile receivers: an attempt to one takes no longer than the timeout, is recorded for what it was, keeps no
 * connection, and does nothing to the healthy call in the same batch.
 */
import { beforeEach, expect, inject, test } from "vitest";
import { envWithLosingQueues, handleAttempts, reportUnheard } from "../../support/handlers.ts";
import { HOSTILE, type Hostile } from "../../support/hostile-answers.ts";
import {
  detailsOf,
  eventually,
  logOf,
  makeOrg,
  type Org,
  type Receiver,
  receiver,
} from "../../support/words.ts";

/** A batch waits 2 s for an attempt, so an acked attempt has ended well before that. */
const DELIVERY_TIMEOUT = "400ms";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const deploy = () => envWithLosingQueues({ DELIVERY_TIMEOUT }).env;

/** Asserts that the call's log fits this receiver's answer. */
async function expectRecorded({ error, code, kept }: Omit<Hostile, "name" | "raw">, call_id: string) {
  const log = await logOf(org, call_id);
  expect(log).toMatchObject({
    status: error === null ? "delivered" : "retrying",
    metadata: [{ attempt: 1, response_code: code, error }],
  });
  expect(log.metadata).toHaveLength(1);
  const [details] = await detailsOf(call_id);
  if (kept !== undefined) expect(details?.response.body).toBe(kept);
}

/** Asserts that exactly one request came and its connection has ended. */
async function expectOneRequest({ received }: Receiver) {
  expect(await received()).toHaveLength(1);
  await eventually(async () => (await received())[0]?.ended_at ?? undefined);
}

/** Runs one batch of these calls and a healthy one, which is delivered with them. */
async function runWithHealthyCall(urls: readonly string[]): Promise<string[]> {
  const healthy = await receiver(200);
  const keys = await Promise.all([...urls, healthy.url].map((url) => reportUnheard(org, url)));
  expect(await handleAttempts(deploy(), keys)).toEqual(keys.map(() => "ack"));
  const callIds = keys.map(({ call_id }) => call_id);
  expect(await logOf(org, callIds.pop() ?? "")).toMatchObject({
    status: "delivered",
    metadata: [{ response_code: 200, error: null }],
  });
  expect(await healthy.received()).toHaveLength(1);
  return callIds;
}

test.each(HOSTILE)("$name ends as $code and $error, within the timeout", async ({ raw, ...expected }) => {
  const hostile = await receiver({ raw });
  const [callId = ""] = await runWithHealthyCall([hostile.url]);
  await expectRecorded(expected, callId);
  await expectOneRequest(hostile);
});

test("plain text where TLS was asked for is a tls error", async () => {
  const { url, received } = await receiver(200);
  const [callId = ""] = await runWithHealthyCall([url.replace("http:", "https:")]);
  await expectRecorded({ error: "tls", code: null }, callId);
  expect(await received()).toEqual([]);
});

test("a certificate that nobody vouches for is a tls error, and the payload is not shown to it", async () => {
  const { url, received } = await receiver(200);
  const selfSigned = url.replace(inject("receiverServer"), inject("selfSignedServer"));
  const [callId = ""] = await runWithHealthyCall([selfSigned]);
  await expectRecorded({ error: "tls", code: null }, callId);
  expect(await received()).toEqual([]);
});

test("all of them in one batch are each recorded, and the healthy call among them is delivered", async () => {
  const receivers = await Promise.all(HOSTILE.map(({ raw }) => receiver({ raw })));
  const callIds = await runWithHealthyCall(receivers.map(({ url }) => url));
  await Promise.all(HOSTILE.map((expected, index) => expectRecorded(expected, callIds[index] ?? "")));
  await Promise.all(receivers.map(expectOneRequest));
});
