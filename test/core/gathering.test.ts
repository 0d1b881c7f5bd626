/** Messages that share one send: every entry is in exactly one, also where whoever was to send it is gone. */
import { describe, expect, test, vi } from "vitest";
import { openGathering } from "../../src/queue/gathering.ts";
import { keyOf } from "./samples.ts";

const A = { key: keyOf({ call_id: "a" }) };
const B = { key: keyOf({ call_id: "b" }) };
const C = { key: keyOf({ call_id: "c" }) };

/** A clock and a wait that end when they are told to. */
function scene() {
  const send = vi.fn(async () => {});
  let at = 0;
  const waits: (() => void)[] = [];
  const wait = () => new Promise<void>((done) => waits.push(done));
  const gather = openGathering({ send, wait, now: () => at });
  return { gather, send, pass: (ms: number) => (at += ms), wake: (nth: number) => waits[nth]?.() };
}

describe("what comes within a moment", () => {
  test("share the send that the first of them is to keep alive", async () => {
    const { gather, send, pass, wake } = scene();
    const sending = gather([A]);
    pass(5);
    expect(gather([B, C])).toBeNull();
    expect(send).not.toHaveBeenCalled();
    wake(0);
    await sending;
    expect(send.mock.calls).toEqual([[[A, B, C]]]);
  });

  test("have a send of their own once the one before has gone out, in the same millisecond too", async () => {
    const { gather, send, wake } = scene();
    const first = gather([A]);
    wake(0);
    await first;
    const second = gather([B]);
    wake(1);
    await second;
    expect(send.mock.calls).toEqual([[[A]], [[B]]]);
  });

  test("don't wait for a send whose keeper is gone", async () => {
    const { gather, send, pass, wake } = scene();
    gather([A]);
    pass(11);
    const second = gather([B]);
    expect(gather([C])).toBeNull();
    wake(1);
    await second;
    expect(send.mock.calls).toEqual([[[B, C]]]);
  });

  test("stay together where the one before was only late", async () => {
    const { gather, send, pass, wake } = scene();
    const first = gather([A]);
    pass(11);
    const second = gather([B]);
    wake(0);
    await first;
    expect(gather([C])).toBeNull();
    wake(1);
    await second;
    expect(send.mock.calls).toEqual([[[A]], [[B, C]]]);
  });
});

test("a send that the queue refuses rejects for its keeper, and the next is made", async () => {
  const { gather, send, wake } = scene();
  send.mockRejectedValueOnce(new Error("the queue is away"));
  const first = gather([A]);
  wake(0);
  await expect(first).rejects.toThrow("the queue is away");
  const second = gather([B]);
  wake(1);
  await second;
  expect(send.mock.calls).toEqual([[[A]], [[B]]]);
});
