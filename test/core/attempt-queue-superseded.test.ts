/** An attempt queue makes no attempt of a delivery once it was asked for one of a newer delivery. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { heldQueue, made, passMs, quickQueue, requestFor, SUPERSEDED } from "./attempt-queue-scene.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("an attempt of an older delivery", () => {
  const older = { delivery_ordinal: 1 };
  const newer = { delivery_ordinal: 2 };

  test("is superseded once a newer delivery was seen, and stays so", async () => {
    const { ask, sent } = quickQueue();
    await ask(requestFor({ delivery_id: "new" }, newer));
    expect(await ask(requestFor({ delivery_id: "old", attempt: 2 }, older))).toEqual(SUPERSEDED);
    expect(await ask(requestFor({ delivery_id: "old", attempt: 2 }, older))).toEqual(SUPERSEDED);
    expect(await ask(requestFor({ delivery_id: "new", attempt: 2 }, newer))).toMatchObject({ kind: "made" });
    expect(sent.map(({ request }) => request.key.delivery_id)).toEqual(["new", "new"]);
  });

  test("is superseded too where the newer delivery came while it waited its turn", async () => {
    const queue = heldQueue();
    const first = queue.ask(requestFor({ delivery_id: "old", attempt: 2 }, older));
    await passMs(0);
    const retry = queue.ask(requestFor({ delivery_id: "old", attempt: 3 }, older));
    const resend = queue.ask(requestFor({ delivery_id: "new" }, newer));
    const entries = [await queue.answer(), await queue.answer()];
    expect(await retry).toEqual(SUPERSEDED);
    expect(await Promise.all([first, resend])).toEqual(entries.map(made));
    expect(queue.sent()).toEqual(["old 2", "new 1"]);
  });

  test("is superseded too where it is the first one: it stands in the log, or was never to be made", async () => {
    const { ask, sent } = quickQueue();
    await ask(requestFor({ delivery_id: "new" }, newer));
    expect(await ask(requestFor({ delivery_id: "old", attempt: 1 }, older))).toEqual(SUPERSEDED);
    expect(sent.map(({ request }) => request.key.delivery_id)).toEqual(["new"]);
  });

  test("is sent where the newer delivery is another event's", async () => {
    const { ask, sent } = quickQueue();
    await ask(requestFor({ delivery_id: "new", event: "citations" }, newer));
    await ask(requestFor({ delivery_id: "old", attempt: 2 }, older));
    expect(sent.map(({ request }) => request.key.delivery_id)).toEqual(["new", "old"]);
  });
});
