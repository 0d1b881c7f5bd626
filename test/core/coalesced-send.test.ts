/** Messages that share one send: every entry is sent once, even if the request that should send it is gone. */
import { describe, expect, test, vi } from "vitest";
import { openCoalescedSend } from "../../src/queue/coalesced-send.ts";
import { keyOf } from "./samples.ts";

const A = { key: keyOf({ call_id: "a" }) };
const B = { key: keyOf({ call_id: "b" }) };
const C = { key: keyOf({ call_id: "c" }) };
const D = { key: keyOf({ call_id: "d" }) };

/** A clock and waits that the test moves. */
function scene() {
  const send = vi.fn(async () => {});
  let at = 0;
  const waits: (() => void)[] = [];
  const wait = () => new Promise<void>((done) => waits.push(done));
  const coalesce = openCoalescedSend({ send, wait, now: () => at });
  return { coalesce, send, pass: (ms: number) => (at += ms), wake: (nth: number) => waits[nth]?.() };
}

test("what comes alone is sent at once", async () => {
  const { coalesce, send, pass } = scene();
  await coalesce([A]);
  pass(21);
  await coalesce([B, C]);
  expect(send.mock.calls).toEqual([[[A]], [[B, C]]]);
});

describe("what follows within twenty milliseconds", () => {
  test("shares the send that the first of it is to keep alive", async () => {
    const { coalesce, send, pass, wake } = scene();
    await coalesce([A]);
    pass(20);
    const sending = coalesce([B]);
    pass(5);
    expect(coalesce([C, D])).toBeNull();
    expect(send).toHaveBeenCalledTimes(1);
    wake(0);
    await sending;
    expect(send.mock.calls).toEqual([[[A]], [[B, C, D]]]);
  });

  test("has a send of its own once the one before has gone out, in the same millisecond too", async () => {
    const { coalesce, send, wake } = scene();
    await coalesce([A]);
    const first = coalesce([B]);
    wake(0);
    await first;
    const second = coalesce([C]);
    wake(1);
    await second;
    expect(send.mock.calls).toEqual([[[A]], [[B]], [[C]]]);
  });

  test("does not wait for a send whose keeper is gone", async () => {
    const { coalesce, send, pass, wake } = scene();
    await coalesce([A]);
    coalesce([B]);
    pass(21);
    await coalesce([C]);
    pass(1);
    const third = coalesce([D]);
    wake(1);
    await third;
    expect(send.mock.calls).toEqual([[[A]], [[C]], [[D]]]);
  });
});

test("a send that the queue refuses rejects for its keeper, and the next is made", async () => {
  const { coalesce, send, wake } = scene();
  send.mockRejectedValueOnce(new Error("the queue is away"));
  await expect(coalesce([A])).rejects.toThrow("the queue is away");
  const next = coalesce([B]);
  wake(0);
  await next;
  expect(send.mock.calls).toEqual([[[A]], [[B]]]);
});
