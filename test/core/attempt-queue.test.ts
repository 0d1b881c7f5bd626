/** A call's attempt queue: its order, what it remembers, what it refuses, and the times of its attempts. */
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openAttemptQueue } from "../../src/call/attempt-queue.ts";
import type { AttemptRequest } from "../../src/call/attempt-request.ts";
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
import { entryOf, keyOf, NOW } from "./samples.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe("order", () => {
  test("an attempt begins when the one before it has ended", async () => {
    const queue = heldQueue();
    const first = queue.ask(requestFor({ delivery_id: "one" }));
    const second = queue.ask(requestFor({ delivery_id: "two" }));
    await passMs(0);
    expect(queue.sent()).toEqual(["one 1"]);
    const entries = [await queue.answer()];
    expect(queue.sent()).toEqual(["one 1", "two 1"]);
    entries.push(await queue.answer());
    expect(await Promise.all([first, second])).toEqual(entries.map(made));
  });

  test("attempts are made in the order asked for and never overlap", async () => {
    const plan = fc.array(fc.record({ ticks: fc.nat({ max: 5 }), fails: fc.boolean() }), { maxLength: 15 });
    await fc.assert(
      fc.asyncProperty(plan, async (steps) => {
        const events: string[] = [];
        const send = async ({ key }: AttemptRequest) => {
          const step = steps[Number(key.delivery_id)];
          events.push(`begin ${key.delivery_id}`);
          for (let tick = 0; tick < (step?.ticks ?? 0); tick++) await Promise.resolve();
          events.push(`end ${key.delivery_id}`);
          if (step?.fails) throw new Error("lost");
          return entryOf();
        };
        const { attempt: ask } = openAttemptQueue({ send, keepAlive: () => {}, now: () => NOW });
        const asked = steps.map((_, index) => ask(requestFor({ delivery_id: String(index) })));
        const kinds = (await Promise.allSettled(asked)).map(({ status }) => status);
        expect(kinds).toEqual(steps.map(({ fails }) => (fails ? "rejected" : "fulfilled")));
        expect(events).toEqual(steps.flatMap((_, index) => [`begin ${index}`, `end ${index}`]));
      }),
    );
  });
});

describe("memory", () => {
  test("the same attempt asked for twice is sent once and answered with one entry", async () => {
    const queue = heldQueue();
    const asked = [queue.ask(requestFor({})), queue.ask(requestFor({}))];
    await passMs(0);
    const entry = await queue.answer();
    expect(await Promise.all(asked)).toEqual([made(entry), made(entry)]);
    expect(await queue.ask(requestFor({}, { payload: "{}" }))).toEqual(made(entry));
    expect(queue.sent()).toEqual(["dlv_1 1"]);
  });

  test("attempts that differ in delivery, number or event are each sent", async () => {
    const { ask, sent } = quickQueue();
    const keys = [{}, { attempt: 2 }, { delivery_id: "dlv_2" }, { event: "citations" as const }];
    for (const key of keys) await ask(requestFor(key));
    expect(sent.map(({ request }) => request.key)).toEqual(keys.map(keyOf));
  });

  test("an attempt still to be made is never forgotten, however many wait", async () => {
    const queue = heldQueue();
    const first = queue.ask(requestFor({ attempt: 1 }));
    const others = Array.from({ length: 20 }, (_, index) =>
      queue.ask(requestFor({ delivery_id: `dlv_${index}` })),
    );
    const again = queue.ask(requestFor({ attempt: 1 }));
    await passMs(0);
    const entry = await queue.answer();
    expect(await Promise.all([first, again])).toEqual([made(entry), made(entry)]);
    expect(queue.sent().slice(0, 2)).toEqual([`${keyOf({}).delivery_id} 1`, "dlv_0 1"]);
    for (const _other of others) await queue.answer();
  });

  test("the last 16 attempts are remembered, and an older one of the same delivery is superseded", async () => {
    const { ask, sent } = quickQueue();
    const asking = async (from: number, to: number) => {
      for (let attempt = from; attempt <= to; attempt++) await ask(requestFor({ attempt }));
      return sent.length;
    };
    expect(await asking(1, 17)).toBe(17);
    expect(await asking(2, 17)).toBe(17);
    expect(await ask(requestFor({ attempt: 1 }))).toEqual(SUPERSEDED);
    expect(sent).toHaveLength(17);
  });
});

describe("a request that is lost", () => {
  test("rejects its own caller, and the next attempt goes on", async () => {
    const queue = heldQueue();
    const lost = expect(queue.ask(requestFor({ delivery_id: "one" }))).rejects.toThrow("lost");
    const next = queue.ask(requestFor({ delivery_id: "two" }));
    await passMs(0);
    await queue.lose();
    await lost;
    const entry = await queue.answer();
    expect(await next).toEqual(made(entry));
    expect(queue.sent()).toEqual(["one 1", "two 1"]);
  });

  test("is sent again when it is asked for again", async () => {
    const queue = heldQueue();
    const lost = expect(queue.ask(requestFor({}))).rejects.toThrow("lost");
    await passMs(0);
    await queue.lose();
    await lost;
    const repeated = queue.ask(requestFor({}));
    await passMs(0);
    const entry = await queue.answer();
    expect(await repeated).toEqual(made(entry));
    expect(queue.sent()).toEqual(["dlv_1 1", "dlv_1 1"]);
  });

  test("is kept alive to its end and troubles nobody who has been answered already", async () => {
    const queue = heldQueue();
    const asked = queue.ask(requestFor({}));
    await passMs(2_000);
    expect(await asked).toEqual(RUNNING);
    await queue.lose();
    expect(queue.kept).toHaveLength(1);
    await expect(Promise.all(queue.kept)).resolves.toHaveLength(1);
  });
});

describe("waiting", () => {
  test("an attempt still running after two seconds is under way, and is joined by asking again", async () => {
    const queue = heldQueue();
    const settled = vi.fn();
    const asked = queue.ask(requestFor({})).finally(settled);
    await passMs(1_999);
    expect(settled).not.toHaveBeenCalled();
    await passMs(1);
    expect(await asked).toEqual(RUNNING);
    const joined = queue.ask(requestFor({}));
    const entry = await queue.answer();
    expect(await joined).toEqual(made(entry));
    expect(queue.sent()).toEqual(["dlv_1 1"]);
  });

  test("an attempt that is joined is under way after 200 ms, or sooner where it is asked to be", async () => {
    const queue = heldQueue();
    const first = queue.ask(requestFor({}));
    const settled = vi.fn();
    const joined = queue.ask(requestFor({})).finally(settled);
    const hasty = queue.ask(requestFor({}, { waitMs: 50 }));
    await passMs(50);
    expect(await hasty).toEqual(RUNNING);
    await passMs(149);
    expect(settled).not.toHaveBeenCalled();
    await passMs(1);
    expect(await joined).toEqual(RUNNING);
    const entry = await queue.answer();
    expect(await first).toEqual(made(entry));
    expect(queue.sent()).toEqual(["dlv_1 1"]);
  });

  test("an attempt whose turn has not come after two seconds is under way, and is sent in its turn", async () => {
    const queue = heldQueue();
    const asked = [
      queue.ask(requestFor({ delivery_id: "one" })),
      queue.ask(requestFor({ delivery_id: "two" })),
    ];
    await passMs(2_000);
    expect(await Promise.all(asked)).toEqual([RUNNING, WAITING]);
    await queue.answer();
    const entry = await queue.answer();
    expect(queue.sent()).toEqual(["one 1", "two 1"]);
    expect(await queue.ask(requestFor({ delivery_id: "two" }))).toEqual(made(entry));
  });

  test("no timer is left once the answer is there", async () => {
    const queue = heldQueue();
    const asked = [queue.ask(requestFor({})), queue.ask(requestFor({ attempt: 2 }))];
    await passMs(0);
    expect(vi.getTimerCount()).toBe(2);
    await queue.answer();
    expect(vi.getTimerCount()).toBe(1);
    const lost = expect(asked[1]).rejects.toThrow("lost");
    await queue.lose();
    await lost;
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("entries' times only grow, and pass the log's newest entry, even where the clock goes back", async () => {
  const time = fc.integer({ min: 1, max: 60 });
  const steps = fc.array(fc.record({ clock: time, last: fc.option(time) }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      let clock = 0;
      const { ask, sent } = quickQueue(() => clock);
      let before = 0;
      for (const [index, step] of list.entries()) {
        clock = step.clock;
        await ask(requestFor({ delivery_id: String(index) }, { last_sent_at: step.last }));
        const sentAt = sent.at(-1)?.sentAt;
        expect(sentAt).toBe(Math.max(clock, before + 1, (step.last ?? 0) + 1));
        before = sentAt ?? Number.NaN;
      }
    }),
  );
});
