/** Hostile request bodies are read, compared and combined like any other. */
import { createExecutionContext, env } from "cloudflare:test";
import { beforeEach, describe, expect, test } from "vitest";
import worker from "../../../src/index.ts";
import {
  call,
  endedLogOf,
  expectRefusal,
  makeOrg,
  newCallId,
  type Org,
  read,
  receiver,
} from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

const CALLS = "/v1/postcall/calls";
const report = (body: string) => call(org, "POST", CALLS, { body });

/** Members whose names have the same hash in V8. Hashing 60,000 of them blocks the thread for 15 s. */
const colliding = (count: number) =>
  Array.from({ length: count }, (_, n) => `"${(n + 1) * 131_072}":0`).join(",");

describe("60,000 members whose names collide, beside a number whose digits are kept,", () => {
  const members = colliding(60_000);

  test("are delivered byte for byte, and the same report again is the same", async () => {
    const crm = await receiver(200);
    const call_id = newCallId();
    const body = `{"webhook":"${crm.url}","payload":{${members},"call_id":"${call_id}","n":1.0}}`;
    expect((await report(body)).status).toBe(202);
    await endedLogOf(org, call_id);
    expect((await crm.received()).map(({ body: sent }) => sent)).toEqual([
      `{${members},"call_id":"${call_id}","n":1.0}`,
    ]);
    const again = `{"payload":{"n":1,${members},"call_id":"${call_id}"},"webhook":"${crm.url}"}`;
    expect((await report(again)).status).toBe(200);
    const other = await report(again.replace('"n":1,', '"n":2,'));
    expectRefusal(other, 409, "CONFLICT", "What differs: payload.n.");
  });

  test("are combined with citations that have as many", async () => {
    await call(org, "PATCH", "/v1/org", {
      body: { webhook_events: ["citations"], delay_for_citations: true },
    });
    const crm = await receiver(200);
    const call_id = newCallId();
    const payload = `{${colliding(20_000)},"call_id":"${call_id}","status":"completed","citations":1.0}`;
    expect((await report(`{"webhook":"${crm.url}","payload":${payload}}`)).status).toBe(202);
    const citations = `[{${colliding(20_000)},"n":1.10}]`;
    const posted = await call(org, "POST", `${CALLS}/${call_id}/citations`, {
      body: `{"citations":${citations}}`,
    });
    expect(posted.status).toBe(200);
    await endedLogOf(org, call_id, ({ status }) => status === "delivered");
    expect((await crm.received()).map(({ body }) => body)).toEqual([
      payload.replace("1.0}", `${citations}}`),
    ]);
  });

  test("are refused in time where they are too many to be kept", async () => {
    const answer = await report(`{"payload":{${colliding(250_000)},"call_id":"${newCallId()}","n":1.0}}`);
    expectRefusal(answer, 413, "PAYLOAD_TOO_LARGE");
  });
});

test("200,000 numbers whose digits are kept come back as they were", async () => {
  const call_id = newCallId();
  const payload = `{"call_id":"${call_id}","n":[${"1.0,".repeat(200_000)}1e300]}`;
  const answer = await report(`{"payload":${payload}}`);
  expect(answer.status).toBe(202);
  expect(answer.text).toContain(`"payload":${payload}`);
});

test("a body in chunks of one byte is read", async () => {
  const call_id = newCallId();
  const text = `{"payload":{"call_id":"${call_id}","text":"${"é".repeat(100_000)}"}}`;
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  const body = new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (at < bytes.length) controller.enqueue(bytes.slice(at, ++at));
      else controller.close();
    },
  });
  const headers = { authorization: org.key };
  const init = { method: "POST", headers, body };
  const inChunks = new Request<unknown, IncomingRequestCfProperties>(`http://postcall.test${CALLS}`, init);
  const answer = await read(await worker.fetch(inChunks, env, createExecutionContext()));
  expect(answer.status).toBe(202);
  expect(answer.body.data.payload.text).toBe("é".repeat(100_000));
});
