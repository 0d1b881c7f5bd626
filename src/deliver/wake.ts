/**
 * Wakes endpoints: a degraded one is probed by the call that has waited longest, an active one releases some of the
 * calls that are parked at it. One read, one write, then the messages. What is lost on the way is done at the next wake
 * or by the sweep.
 */
import { RELEASED_AT_ONCE, waking } from "../core/endpoint.ts";
import { EARLY_TOLERANCE_MS, secondsUntil } from "../core/message.ts";
import type { AttemptKey } from "../core/webhook-log.ts";
import type { EndpointKey } from "../record/endpoints.ts";
import type { Wake, WakingEndpoint, Woken } from "../record/parked.ts";

export interface WakeVerbs {
  /** Of these endpoints, the ones whose time to wake has come, and the oldest calls parked at them. */
  read: (keys: readonly EndpointKey[], asked: { now: number; limit: number }) => Promise<WakingEndpoint[]>;
  /** Writes what the endpoints do, if they are as they were read. */
  write: (woken: readonly Woken[], now: number) => Promise<{ released: AttemptKey[]; waking: Wake[] }>;
  enqueue: (keys: readonly AttemptKey[]) => Promise<void>;
  enqueueWakes: (wakes: { endpoint: EndpointKey; delaySeconds: number }[]) => Promise<void>;
  /** False if the record was found to take no writes: then nothing is to be sent. */
  takesWrites: () => Promise<boolean>;
  now: () => number;
}

/** Rejects if the record is away. */
export async function wake(
  keys: readonly EndpointKey[],
  { deliveryTimeoutMs }: { deliveryTimeoutMs: number },
  verbs: WakeVerbs,
): Promise<void> {
  if (keys.length === 0) return;
  if (!(await verbs.takesWrites())) throw new Error("the record takes no writes");
  const now = verbs.now();
  const due = await verbs.read(keys, { now: now + EARLY_TOLERANCE_MS, limit: RELEASED_AT_ONCE });
  const woken = due.map((endpoint): Woken => {
    const { state, probes, timeout_seconds, waiting } = endpoint;
    const timeoutMs = timeout_seconds === null ? deliveryTimeoutMs : timeout_seconds * 1_000;
    return { endpoint, waking: waiting.length === 0 ? null : waking({ state, probes, timeoutMs, now }) };
  });
  const { released, waking: again } = await verbs.write(woken, now);
  if (released.length > 0) await verbs.enqueue(released);
  const wakes = again.map(({ wake_at, ...endpoint }) => ({
    endpoint,
    delaySeconds: secondsUntil(wake_at, now),
  }));
  if (wakes.length > 0) await verbs.enqueueWakes(wakes);
}
