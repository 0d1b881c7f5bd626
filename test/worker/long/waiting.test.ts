/** How long a resend or create waits for first attempts, and what it answers then. */
import { beforeEach, describe, expect, test } from "vitest";
import { create, endedLogOf, makeOrg, type Org, receiver, reportCall } from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

describe("waiting", () => {
  test("Prefer: respond-async answers 202 at once, while the attempt is to come", async () => {
    const crm = await receiver({ status: 200, delayMs: 300 });
    const { call_id } = await reportCall(org);
    const answer = await create(org, [call_id], crm.url, { prefer: "respond-async" });
    expect(answer).toMatchObject({ status: 202, body: { data: [{ status: "pending", metadata: [] }] } });
    expect(answer.headers.get("preference-applied")).toBe("respond-async");
    expect((await endedLogOf(org, call_id)).status).toBe("delivered");
  });

  test("Prefer: wait=1 answers 202 after a second, and 200 where the attempt was made by then", async () => {
    const slow = await receiver({ status: 200, delayMs: 1_500 });
    const quick = await receiver(200);
    const [one, other] = [(await reportCall(org)).call_id, (await reportCall(org)).call_id];
    expect((await create(org, [one], slow.url, { prefer: "wait=1" })).status).toBe(202);
    expect((await create(org, [other], quick.url, { prefer: "wait=1" })).status).toBe(200);
    expect((await endedLogOf(org, one)).status).toBe("delivered");
  });

  test("without a preference ends after 10 s with what is recorded", async () => {
    const crm = await receiver({ status: 200, delayMs: 11_500 });
    const { call_id } = await reportCall(org);
    const started = Date.now();
    const answer = await create(org, [call_id], crm.url);
    expect(Date.now() - started).toBeGreaterThanOrEqual(10_000);
    expect(answer).toMatchObject({ status: 200, body: { data: [{ status: "pending", metadata: [] }] } });
    expect((await endedLogOf(org, call_id)).metadata).toMatchObject([{ response_code: 200 }]);
  });
});
