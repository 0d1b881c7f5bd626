/** What an attempt queue answers when an attempt is looked up. It never makes one. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  heldQueue,
  made,
  passMs,
  quickQueue,
  RUNNING,
  requestFor,
  SUPERSEDED,
  WAITING,
} from "./attempt-queue-scene.ts";
import { keyOf } from "./samples.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("an attempt that is known", () => {
  test("is lookedUp with the entry it was made with, as often as it is asked for, and not sent again", async () => {
    const queue = heldQueue();
    const asked = queue.ask(requestFor({}));
    await passMs(0);
    const entry = await queue.answer();
    await asked;
    expect(await queue.lookUp(keyOf())).toEqual(made(entry));
    expect(await queue.lookUp(keyOf())).toEqual(made(entry));
    expect(queue.sent()).toEqual(["dlv_1 1"]);
    expect(queue.kept).toHaveLength(1);
  });

  test("is lookedUp as made where it ends within two seconds", async () => {
    const queue = heldQueue();
    const asked = queue.ask(requestFor({}));
    const lookedUp = queue.lookUp(keyOf());
    await passMs(1_999);
    const entry = await queue.answer();
    expect(await Promise.all([asked, lookedUp])).toEqual([made(entry), made(entry)]);
    expect(queue.sent()).toEqual(["dlv_1 1"]);
  });

  test("is under way where it still runs after two seconds, and lookedUp as made once it has ended", async () => {
    const queue = heldQueue();
    const asked = queue.ask(requestFor({}));
    await passMs(2_000);
    expect(await asked).toEqual(RUNNING);
    const settled = vi.fn();
    const lookedUp = queue.lookUp(keyOf()).finally(settled);
    await passMs(1_999);
    expect(settled).not.toHaveBeenCalled();
    await passMs(1);
    expect(await lookedUp).toEqual(RUNNING);
    const entry = await queue.answer();
    expect(await queue.lookUp(keyOf())).toEqual(made(entry));
    expect(queue.sent()).toEqual(["dlv_1 1"]);
  });

  test("is under way where its turn has not come after two seconds, and is sent in its turn alone", async () => {
    const queue = heldQueue();
    const asked = [
      queue.ask(requestFor({ delivery_id: "one" })),
      queue.ask(requestFor({ delivery_id: "two" })),
    ];
    const lookedUp = queue.lookUp(keyOf({ delivery_id: "two" }));
    await passMs(2_000);
    expect(await Promise.all([...asked, lookedUp])).toEqual([RUNNING, WAITING, WAITING]);
    expect(queue.sent()).toEqual(["one 1"]);
    await queue.answer();
    const entry = await queue.answer();
    expect(await queue.lookUp(keyOf({ delivery_id: "two" }))).toEqual(made(entry));
    expect(queue.sent()).toEqual(["one 1", "two 1"]);
  });

  test("is lookedUp after its delivery was replaced", async () => {
    const queue = heldQueue();
    const retry = queue.ask(requestFor({ attempt: 2 }, { delivery_ordinal: 1 }));
    await passMs(0);
    const resend = queue.ask(requestFor({ delivery_id: "dlv_2" }, { delivery_ordinal: 2 }));
    const entries = [await queue.answer(), await queue.answer()];
    expect(await Promise.all([retry, resend])).toEqual(entries.map(made));
    expect([
      await queue.lookUp(keyOf({ attempt: 2 })),
      await queue.lookUp(keyOf({ delivery_id: "dlv_2" })),
    ]).toEqual(entries.map(made));
  });

  test("is superseded where the queue refused to send it", async () => {
    const { ask, lookUp, sent } = quickQueue();
    await ask(requestFor({ delivery_id: "new" }, { delivery_ordinal: 2 }));
    await ask(requestFor({ delivery_id: "old", attempt: 2 }, { delivery_ordinal: 1 }));
    expect(await lookUp(keyOf({ delivery_id: "old", attempt: 2 }))).toEqual(SUPERSEDED);
    expect(sent).toHaveLength(1);
  });
});

describe("an attempt that is not known", () => {
  test("is superseded, sends nothing, and is sent as ever where it is asked for afterwards", async () => {
    const queue = heldQueue();
    expect(await queue.lookUp(keyOf())).toEqual(SUPERSEDED);
    expect({ sent: queue.sent(), kept: queue.kept }).toEqual({ sent: [], kept: [] });
    const asked = queue.ask(requestFor({}));
    await passMs(0);
    const entry = await queue.answer();
    expect(await asked).toEqual(made(entry));
    expect(queue.sent()).toEqual(["dlv_1 1"]);
  });

  test("is never sent once a lookUp has named a newer delivery, however late it is asked for", async () => {
    const { ask, lookUp, sent } = quickQueue();
    expect(await lookUp(keyOf({ attempt: 3 }), 2)).toEqual(SUPERSEDED);
    expect(await ask(requestFor({ attempt: 3 }, { delivery_ordinal: 1 }))).toEqual(SUPERSEDED);
    expect(sent).toHaveLength(0);
    await ask(requestFor({ delivery_id: "dlv_2" }, { delivery_ordinal: 2 }));
    expect(sent).toHaveLength(1);
  });

  test("is superseded at once while another one runs", async () => {
    const queue = heldQueue();
    const asked = queue.ask(requestFor({}));
    await passMs(0);
    expect(await queue.lookUp(keyOf({ attempt: 2 }))).toEqual(SUPERSEDED);
    const entry = await queue.answer();
    expect(await asked).toEqual(made(entry));
  });

  test.each([
    ["number", { attempt: 2 }],
    ["delivery", { delivery_id: "dlv_2" }],
    ["event", { event: "citations" as const }],
    ["call", { call_id: "call-2" }],
    ["org", { user_id: "org_2" }],
  ])("is every one whose %s differs from one that was made", async (_name, change) => {
    const { ask, lookUp, sent } = quickQueue();
    await ask(requestFor({}));
    expect(await lookUp(keyOf(change))).toEqual(SUPERSEDED);
    expect(sent).toHaveLength(1);
  });

  test("is one made before the last 16, which looks up do not make more of", async () => {
    const { ask, lookUp, sent } = quickQueue();
    for (let attempt = 1; attempt <= 17; attempt++) await ask(requestFor({ attempt }));
    for (let times = 0; times < 20; times++) expect(await lookUp(keyOf({ attempt: 1 }))).toEqual(SUPERSEDED);
    expect(await lookUp(keyOf({ attempt: 2 }))).toMatchObject({ kind: "made" });
    expect(sent).toHaveLength(17);
  });

  test("is one that was lost: whoever waits for it is rejected, and later it is superseded", async () => {
    const queue = heldQueue();
    const lost = [queue.ask(requestFor({})), queue.lookUp(keyOf())].map((reply) =>
      expect(reply).rejects.toThrow("lost"),
    );
    await passMs(0);
    await queue.lose();
    await Promise.all(lost);
    expect(await queue.lookUp(keyOf())).toEqual(SUPERSEDED);
    expect(queue.sent()).toEqual(["dlv_1 1"]);
  });
});

test("a lookUp leaves no timer once its answer is there", async () => {
  const queue = heldQueue();
  await queue.lookUp(keyOf());
  expect(vi.getTimerCount()).toBe(0);
  const asked = [queue.ask(requestFor({})), queue.lookUp(keyOf())];
  expect(vi.getTimerCount()).toBe(2);
  await passMs(0);
  await queue.answer();
  await Promise.all(asked);
  expect(vi.getTimerCount()).toBe(0);
});
