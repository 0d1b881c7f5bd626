/** What a call's line answers of attempts it may know, without ever making one. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { heldLine, jobFor, made, passMs, quickLine, RUNNING, SUPERSEDED, WAITING } from "./line-scene.ts";
import { keyOf } from "./samples.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("an attempt that is known", () => {
  test("is recalled with the entry it was made with, as often as it is asked for, and not sent again", async () => {
    const line = heldLine();
    const asked = line.ask(jobFor({}));
    await passMs(0);
    const entry = await line.answer();
    await asked;
    expect(await line.recall(keyOf())).toEqual(made(entry));
    expect(await line.recall(keyOf())).toEqual(made(entry));
    expect(line.sent()).toEqual(["dlv_1 1"]);
    expect(line.kept).toHaveLength(1);
  });

  test("is recalled as made where it ends within two seconds", async () => {
    const line = heldLine();
    const asked = line.ask(jobFor({}));
    const recalled = line.recall(keyOf());
    await passMs(1_999);
    const entry = await line.answer();
    expect(await Promise.all([asked, recalled])).toEqual([made(entry), made(entry)]);
    expect(line.sent()).toEqual(["dlv_1 1"]);
  });

  test("is under way where it still runs after two seconds, and recalled as made once it has ended", async () => {
    const line = heldLine();
    const asked = line.ask(jobFor({}));
    await passMs(2_000);
    expect(await asked).toEqual(RUNNING);
    const settled = vi.fn();
    const recalled = line.recall(keyOf()).finally(settled);
    await passMs(1_999);
    expect(settled).not.toHaveBeenCalled();
    await passMs(1);
    expect(await recalled).toEqual(RUNNING);
    const entry = await line.answer();
    expect(await line.recall(keyOf())).toEqual(made(entry));
    expect(line.sent()).toEqual(["dlv_1 1"]);
  });

  test("is under way where its turn has not come after two seconds, and is sent in its turn alone", async () => {
    const line = heldLine();
    const asked = [line.ask(jobFor({ delivery_id: "one" })), line.ask(jobFor({ delivery_id: "two" }))];
    const recalled = line.recall(keyOf({ delivery_id: "two" }));
    await passMs(2_000);
    expect(await Promise.all([...asked, recalled])).toEqual([RUNNING, WAITING, WAITING]);
    expect(line.sent()).toEqual(["one 1"]);
    await line.answer();
    const entry = await line.answer();
    expect(await line.recall(keyOf({ delivery_id: "two" }))).toEqual(made(entry));
    expect(line.sent()).toEqual(["one 1", "two 1"]);
  });

  test("is recalled after its delivery was replaced", async () => {
    const line = heldLine();
    const retry = line.ask(jobFor({ attempt: 2 }, { delivery_ordinal: 1 }));
    await passMs(0);
    const resend = line.ask(jobFor({ delivery_id: "dlv_2" }, { delivery_ordinal: 2 }));
    const entries = [await line.answer(), await line.answer()];
    expect(await Promise.all([retry, resend])).toEqual(entries.map(made));
    expect([
      await line.recall(keyOf({ attempt: 2 })),
      await line.recall(keyOf({ delivery_id: "dlv_2" })),
    ]).toEqual(entries.map(made));
  });

  test("is superseded where the line refused to send it", async () => {
    const { ask, recall, sent } = quickLine();
    await ask(jobFor({ delivery_id: "new" }, { delivery_ordinal: 2 }));
    await ask(jobFor({ delivery_id: "old", attempt: 2 }, { delivery_ordinal: 1 }));
    expect(await recall(keyOf({ delivery_id: "old", attempt: 2 }))).toEqual(SUPERSEDED);
    expect(sent).toHaveLength(1);
  });
});

describe("an attempt that is not known", () => {
  test("is superseded, sends nothing, and is sent as ever where it is asked for afterwards", async () => {
    const line = heldLine();
    expect(await line.recall(keyOf())).toEqual(SUPERSEDED);
    expect({ sent: line.sent(), kept: line.kept }).toEqual({ sent: [], kept: [] });
    const asked = line.ask(jobFor({}));
    await passMs(0);
    const entry = await line.answer();
    expect(await asked).toEqual(made(entry));
    expect(line.sent()).toEqual(["dlv_1 1"]);
  });

  test("is never sent once a recall has named a newer delivery, however late it is asked for", async () => {
    const { ask, recall, sent } = quickLine();
    expect(await recall(keyOf({ attempt: 3 }), 2)).toEqual(SUPERSEDED);
    expect(await ask(jobFor({ attempt: 3 }, { delivery_ordinal: 1 }))).toEqual(SUPERSEDED);
    expect(sent).toHaveLength(0);
    await ask(jobFor({ delivery_id: "dlv_2" }, { delivery_ordinal: 2 }));
    expect(sent).toHaveLength(1);
  });

  test("is superseded at once while another one runs", async () => {
    const line = heldLine();
    const asked = line.ask(jobFor({}));
    await passMs(0);
    expect(await line.recall(keyOf({ attempt: 2 }))).toEqual(SUPERSEDED);
    const entry = await line.answer();
    expect(await asked).toEqual(made(entry));
  });

  test.each([
    ["number", { attempt: 2 }],
    ["delivery", { delivery_id: "dlv_2" }],
    ["event", { event: "citations" as const }],
    ["call", { call_id: "call-2" }],
    ["org", { user_id: "org_2" }],
  ])("is every one whose %s differs from one that was made", async (_name, change) => {
    const { ask, recall, sent } = quickLine();
    await ask(jobFor({}));
    expect(await recall(keyOf(change))).toEqual(SUPERSEDED);
    expect(sent).toHaveLength(1);
  });

  test("is one made before the last 16, which recalls do not make more of", async () => {
    const { ask, recall, sent } = quickLine();
    for (let attempt = 1; attempt <= 17; attempt++) await ask(jobFor({ attempt }));
    for (let times = 0; times < 20; times++) expect(await recall(keyOf({ attempt: 1 }))).toEqual(SUPERSEDED);
    expect(await recall(keyOf({ attempt: 2 }))).toMatchObject({ kind: "made" });
    expect(sent).toHaveLength(17);
  });

  test("is one that was lost: whoever waits for it is rejected, and later it is superseded", async () => {
    const line = heldLine();
    const lost = [line.ask(jobFor({})), line.recall(keyOf())].map((reply) =>
      expect(reply).rejects.toThrow("lost"),
    );
    await passMs(0);
    await line.lose();
    await Promise.all(lost);
    expect(await line.recall(keyOf())).toEqual(SUPERSEDED);
    expect(line.sent()).toEqual(["dlv_1 1"]);
  });
});

test("a recall leaves no timer once its answer is there", async () => {
  const line = heldLine();
  await line.recall(keyOf());
  expect(vi.getTimerCount()).toBe(0);
  const asked = [line.ask(jobFor({})), line.recall(keyOf())];
  expect(vi.getTimerCount()).toBe(2);
  await passMs(0);
  await line.answer();
  await Promise.all(asked);
  expect(vi.getTimerCount()).toBe(0);
});
