/**
 * How much memory the runtime holds after few and after many calls: simulated queues, D1 and objects are in it. The
 * floor's runtime beside it shows how much of that is the runtime's own.
 */

import type { LocalServer } from "../../src/local/server.ts";
import { newCalls, pause, type Receiver, reportAll, untilRecorded } from "./driver.ts";
import { demandArrivals } from "./evidence.ts";
import { residentBytes } from "./processes.ts";

const REPORTERS = 16;
export interface Memory {
  calls: number;
  bytes: number;
}

/** How many calls are held by the benchmark at a time. */
const STEP_CALLS = 2_000;
/** Objects without work are gone after this long. */
const RETIREMENT_MS = 15_000;

/**
 * The heap of each isolate, half of what the platform gives. Without a limit the simulators' isolates keep hundreds of
 * megabytes of garbage, among which what really grows would not be seen.
 */
const HEAP_MB = 64;

/** Starts a runtime whose isolates have small heaps. */
export async function withSmallHeaps<T>(start: () => Promise<T>): Promise<T> {
  process.env.MINIFLARE_WORKERD_V8_FLAGS = `--max-heap-size=${HEAP_MB}`;
  try {
    return await start();
  } finally {
    delete process.env.MINIFLARE_WORKERD_V8_FLAGS;
  }
}

/** The runtime's memory in bytes after so many calls have been delivered. */
export async function memoryAfter(
  server: LocalServer & { pid: number },
  receiver: Receiver,
  { sizes, progress }: { sizes: readonly number[]; progress: (text: string) => void },
): Promise<Memory[]> {
  const found: Memory[] = [];
  let delivered = 0;
  for (const calls of sizes) {
    for (; delivered < calls; delivered += STEP_CALLS) {
      if (delivered % 10_000 === 0) progress(`memory: ${delivered} of ${calls} calls delivered`);
      const reported = await reportAll(server, {
        ...{ calls: newCalls(STEP_CALLS), webhook: receiver.url(), reporters: REPORTERS },
      });
      demandArrivals(
        await receiver.arrivals(STEP_CALLS),
        reported.map(({ call_id }) => call_id),
      );
      await untilRecorded(server, reported);
    }
    await pause(RETIREMENT_MS);
    found.push({ calls, bytes: residentBytes(server.pid) });
  }
  return found;
}
