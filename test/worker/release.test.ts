/** A held call can be released by hand: then it goes as it would when its time is over. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  bodies,
  CITED,
  citationsLogOf,
  cite,
  crm,
  delay,
  newCitedOrg,
  org,
  reportHeld,
} from "../support/citations.ts";
import {
  call,
  endedLogOf,
  eventually,
  expectRefusal,
  logOf,
  newCallId,
  reportCall,
} from "../support/words.ts";

beforeEach(newCitedOrg);
beforeEach(() => delay());

const release = (call_id: string) => call(org, "POST", `/v1/postcall/calls/${call_id}/release`);

describe("a released call", () => {
  test("goes without its citations, which follow as an event of their own", async () => {
    const { call_id } = await reportHeld({ n: 1 });
    const answer = await release(call_id);
    expect(answer).toMatchObject({
      status: 200,
      body: { data: { call_id, status: "pending", reason: null } },
    });
    expect(await endedLogOf(org, call_id)).toMatchObject({ status: "delivered", metadata: [{ attempt: 1 }] });
    expect(await bodies()).toEqual([{ call_id, status: "completed", n: 1 }]);
    expect((await cite(call_id, CITED)).body.data.event).toBe("citations");
    await eventually(async () => ((await citationsLogOf(call_id)).status === "delivered" ? true : undefined));
    expect((await bodies())[1]).toMatchObject({ event_type: "citations", ...CITED });
  });

  test("at the moment its citations come is sent once, with them or without, and never both", async () => {
    for (let round = 0; round < 5; round++) {
      const { call_id } = await reportHeld();
      const [released] = await Promise.all([release(call_id), cite(call_id, CITED)]);
      expect([200, 409]).toContain(released.status);
      await endedLogOf(org, call_id);
      const mine = (await bodies()).filter((body) => body.call_id === call_id);
      const combined = mine.filter((body) => body.citations !== undefined && body.event_type === undefined);
      const plain = mine.filter((body) => body.citations === undefined);
      expect(combined.length + plain.length).toBe(1);
      expect(released.status === 200 ? plain : combined).toHaveLength(1);
    }
  });
});

describe("a release is refused", () => {
  test("if the call is not held, which the message says, and nothing is sent", async () => {
    const { call_id } = await reportCall(org, { webhook: null });
    expectRefusal(await release(call_id), 409, "CONFLICT", /is not held: its status is no_webhook/);
    expect((await call(org, "GET", `/v1/postcall/webhooks/${call_id}`)).status).toBe(404);
    const held = await reportHeld();
    await release(held.call_id);
    await endedLogOf(org, held.call_id);
    expectRefusal(await release(held.call_id), 409, "CONFLICT", /delivered/);
    expect((await logOf(org, held.call_id)).metadata).toHaveLength(1);
    expect(await crm.received()).toHaveLength(1);
  });

  test("if there is no such call", async () => {
    expectRefusal(await release(newCallId()), 404, "NOT_FOUND");
  });
});
