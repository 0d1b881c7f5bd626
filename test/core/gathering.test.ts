/** Messages that share one send: every entry is in exactly one, also where whoever was to send it is gone. */
import { describe, expect, test, vi } from "vitest";
import { openGathering } from "../../src/queue/gathering.ts";
import { keyOf } from "./samples.ts";

const A = { key: keyOf({ call_id: "a" }) };
const B = { key: keyOf({ call_id: "b" }) };
const C = { key: keyOf({ call_id: "c" }) };
const D = { key: keyOf({ call_id: "d" }) };

/** A clock and waits that pass when they are told to. */
function scene() {
  const send = vi.fn(async () => {});
  let at = 0;
  const waits: (() => void)[] = [];
  const wait = () => new Promise<void>((done) => waits.push(done));
  const gather = openGathering({ send, wait, now: () => at });
  return { gather, send, pass: (ms: number) => (at += ms), wake: (nth: number) => waits[nth]?.() };
}

test("what comes alone is sent at once", async () => {
  const { gather, send, pass } = scene();
  await gather([A]);
  pass(21);
  await gather([B, C]);
  expect(send.mock.calls).toEqual([[[A]], [[B, C]]]);
});

describe("what follows within twenty milliseconds", () => {
  test("shares the send that the first of it is to keep alive", async () => {
    const { gather, send, pass, wake } = scene();
    await gather([A]);
    pass(20);
    const sending = gather([B]);
    pass(5);
    expect(gather([C, D])).toBeNull();
    expect(send).toHaveBeenCalledTimes(1);
    wake(0);
    await sending;
    expect(send.mock.calls).toEqual([[[A]], [[B, C, D]]]);
  });

  test("has a send of its own once the one before has gone out, in the same millisecond too", async () => {
    const { gather, send, wake } = scene();
    await gather([A]);
    const first = gather([B]);
    wake(0);
    await first;
    const second = gather([C]);
    wake(1);
    await second;
    expect(send.mock.calls).toEqual([[[A]], [[B]], [[C]]]);
  });

  test("does not wait for a send whose keeper is gone", async () => {
    const { gather, send, pass, wake } = scene();
    await gather([A]);
    gather([B]);
    pass(21);
    await gather([C]);
    pass(1);
    const third = gather([D]);
    wake(1);
    await third;
    expect(send.mock.calls).toEqual([[[A]], [[C]], [[D]]]);
  });
});

test("a send that the queue refuses rejects for its keeper, and the next is made", async () => {
  const { gather, send, wake } = scene();
  send.mockRejectedValueOnce(new Error("the queue is away"));
  await expect(gather([A])).rejects.toThrow("the queue is away");
  const next = gather([B]);
  wake(0);
  await next;
  expect(send.mock.calls).toEqual([[[A]], [[B]]]);
});
