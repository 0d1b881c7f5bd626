/** A stream that ends when the key it was opened with is no longer valid. Reads no clock and no record itself. */

const END = { done: true, value: undefined } as const;

/**
 * The stream's bytes until it ends, its client leaves, or `isStillValid` answers no or fails. `isStillValid` is asked
 * after each `wait`. Nothing is read before the client takes it.
 */
export function whileKeyIsValid(
  stream: ReadableStream<Uint8Array>,
  {
    isStillValid,
    wait,
  }: { isStillValid: () => Promise<boolean>; wait: (signal: AbortSignal) => Promise<unknown> },
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  const over = new AbortController();

  async function watch(): Promise<void> {
    try {
      do await wait(over.signal);
      while (!over.signal.aborted && (await isStillValid()));
    } catch {
      // The stream also ends if the record can't tell whether the key is valid. The client can open it again.
    }
    await reader.cancel().catch(() => {});
  }

  void watch();
  return new ReadableStream(
    {
      pull: async (controller) => {
        // A read that is under way rejects when the reader is cancelled.
        const { done, value } = await reader.read().catch(() => END);
        if (!done) return controller.enqueue(value);
        over.abort();
        controller.close();
      },
      cancel: () => over.abort(),
    },
    { highWaterMark: 0 },
  );
}
