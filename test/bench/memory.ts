/** How much memory the runtime holds after few and after many calls: simulated queues, D1 and objects are in it. */

import type { LocalServer } from "../../src/local/server.ts";
import { newCalls, pause, type Receiver, reportAll, untilRecorded } from "./driver.ts";
import { demandArrivals } from "./evidence.ts";
import { residentBytes } from "./processes.ts";

const REPORTERS = 16;
/** How many calls are held by the benchmark at a time. */
const STEP_CALLS = 2_000;
/** Objects without work are gone after this long. */
const RETIREMENT_MS = 15_000;

/** The runtime's memory in bytes after so many calls have been delivered. */
export async function memoryAfter(
  server: LocalServer & { pid: number },
  receiver: Receiver,
  { sizes, progress }: { sizes: readonly number[]; progress: (text: string) => void },
): Promise<{ calls: number; bytes: number }[]> {
  const found: { calls: number; bytes: number }[] = [];
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
