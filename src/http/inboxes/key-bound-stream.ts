/** A stream that goes on only for as long as the key it was opened with is valid. Reads no clock and no record itself. */

const END = { done: true, value: undefined } as const;

/**
 * The stream's bytes until it ends, its client goes, or `isStillValid` says no or fails. That is asked each time `wait`
 * is over. Nothing is read before the client takes it.
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
      // Where the record can't say whether the key is valid the stream ends too: its client asks again.
    }
    await reader.cancel().catch(() => {});
  }

  void watch();
  return new ReadableStream(
    {
      pull: async (controller) => {
        // A read that is under way when the key ends rejects.
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
