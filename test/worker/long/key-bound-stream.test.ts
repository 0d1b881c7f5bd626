/** A stream ends when its key expires, is revoked, or can't be looked up. */
import { env, exports } from "cloudflare:workers";
import { describe, expect, test, vi } from "vitest";
import { sha256Hex } from "../../../src/core/signature.ts";
import { whileKeyIsValid } from "../../../src/http/inboxes/key-bound-stream.ts";
import { makeInbox, send } from "../../support/inboxes.ts";
import { makeKey, makeOrg } from "../../support/words.ts";

/** An endless stream bound to a key. `check` ends one wait. */
function scene(answers: (boolean | Error)[]) {
  const cancelled = Promise.withResolvers<void>();
  const source = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
  const readable = new ReadableStream<Uint8Array>({
    start: source.resolve,
    cancel: () => cancelled.resolve(),
  });
  const waits: (() => void)[] = [];
  const isStillValid = vi.fn(async () => {
    const answer = answers.shift() ?? true;
    if (answer instanceof Error) throw answer;
    return answer;
  });
  const stream = whileKeyIsValid(readable, {
    isStillValid,
    wait: (signal) =>
      new Promise<void>((done, fail) => {
        waits.push(done);
        signal.addEventListener("abort", () => fail(signal.reason));
      }),
  });
  const reader = stream.getReader();
  return {
    send: async (text: string) => (await source.promise).enqueue(new TextEncoder().encode(text)),
    next: async () => {
      const { done, value } = await reader.read();
      return done ? null : new TextDecoder().decode(value);
    },
    check: async () => {
      waits.shift()?.();
      await scheduler.wait(0);
    },
    cancel: () => reader.cancel(),
    end: async () => (await source.promise).close(),
    cancelled: cancelled.promise,
    isStillValid,
  };
}

describe("a stream", () => {
  test("goes on while its key is valid, and ends when it is not", async () => {
    const { send, next, check, cancelled, isStillValid } = scene([true, false]);
    await send("one");
    expect(await next()).toBe("one");
    await check();
    await send("two");
    expect(await next()).toBe("two");
    const last = next();
    await check();
    expect(await last).toBeNull();
    await cancelled;
    expect(isStillValid).toHaveBeenCalledTimes(2);
  });

  test("ends where nobody can say whether its key is valid", async () => {
    const { next, check, cancelled } = scene([new Error("away")]);
    const last = next();
    await check();
    expect(await last).toBeNull();
    await cancelled;
  });

  test("asks no more once it has ended, or its client is gone", async () => {
    for (const over of ["end", "cancel"] as const) {
      const { [over]: stop, next, check, isStillValid } = scene([]);
      if (over === "end") void next();
      await stop();
      await scheduler.wait(5);
      await check();
      expect(isStillValid).not.toHaveBeenCalled();
    }
  });
});

describe("an inbox's stream", () => {
  const open = (key: string, id: string) =>
    exports.default.fetch(`http://postcall.test/v1/inboxes/${id}/stream`, {
      headers: { authorization: key },
    });

  test("ends when its key expires", async () => {
    const org = await makeOrg();
    const { id } = await makeInbox(org);
    const answer = await open(await makeKey(org.user_id, { expires_at: Date.now() + 1_500 }), id);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(": listening\n\n");
  });

  test("goes on where the record knows better than what was remembered of its key", async () => {
    const org = await makeOrg();
    const { id, url } = await makeInbox(org);
    const expires_at = Date.now() + 1_000;
    const key = await makeKey(org.user_id, { expires_at });
    const reader = (await open(key, id)).body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe(": listening\n\n");
    const digest = sha256Hex(key);
    await env.DB.prepare("UPDATE api_keys SET expires_at = NULL WHERE digest = ?").bind(digest).run();
    await scheduler.wait(1_200);
    await send(url, { body: "later" });
    expect((await reader?.read())?.value).toContain('"body":"later"');
    await reader?.cancel();
  });
});
