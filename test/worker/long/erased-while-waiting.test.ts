/** A call may be erased while a request waits for its first attempt. */
import { expect, test } from "vitest";
import { envWithLosingQueues, request } from "../../support/handlers.ts";
import { call, eventually, makeOrg, NOBODY, reportCall } from "../../support/words.ts";

const erase = (org: { key: string }, call_id: string) => call(org, "DELETE", `/v1/postcall/calls/${call_id}`);

/** As much as may be reported, and does not shrink. */
const LARGE = () => {
  const random = () => Math.random().toString(36).slice(2, 12);
  return Array.from({ length: 105_000 }, random).join("").slice(0, 1_000_000);
};

test("a create whose first part of the answer is gone by then is answered with the rest", {
  timeout: 30_000,
}, async () => {
  const org = await makeOrg();
  const calls: string[] = [];
  for (let n = 0; n < 6; n++) {
    const { call_id, answer } = await reportCall(org, { payload: { note: LARGE() } });
    expect(answer.status).toBe(202);
    calls.push(call_id);
  }
  const asked = request(envWithLosingQueues().env, org, {
    method: "POST",
    path: "/v1/postcall/webhooks/create",
    body: { call_ids: calls, webhook_url: NOBODY },
    headers: { prefer: "wait=3" },
  });
  await scheduler.wait(500);
  for (const call_id of calls.slice(0, 5)) await erase(org, call_id);
  const { body } = await asked; // it is JSON
  expect(body.data.map(({ call_id }: { call_id: string }) => call_id)).toEqual([calls[5]]);
});

test("a test that is erased meanwhile is no fault of ours", async () => {
  const org = await makeOrg();
  const asked = request(envWithLosingQueues().env, org, {
    method: "POST",
    path: "/v1/postcall/webhooks/test",
    body: { url: NOBODY },
    headers: { prefer: "wait=2" },
  });
  const call_id = await eventually(
    async () => (await call(org, "GET", "/v1/postcall/webhooks?is_test=true")).body.data[0]?.call_id,
  );
  await erase(org, call_id);
  expect((await asked).status).toBeLessThan(500);
});
