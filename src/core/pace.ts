/**
 * Keeps the rate of an endpoint: which due attempts have their turn, and the slots of the others. Plain data in and out;
 * no I/O, no clock. Times are milliseconds since the epoch, with fractions.
 *
 * Two times in the record do it, for all batches and lanes together. `paced_until` moves on by a step with each attempt
 * that is let through, and none is let through while it lies ahead (the generic cell rate algorithm: ITU-T I.371,
 * annex A). `next_slot_at` moves on by a step with each call that waits: its slot is when it comes again.
 */

/** What an endpoint that was idle may get at once, as a time: queues count whole seconds. One attempt in any case. */
export const BURST_MS = 1_000;

export const stepMs = (ratePerSecond: number): number => 1_000 / ratePerSecond;

/**
 * How long each of `count` attempts has to wait for its turn, in milliseconds, after `paced_until` moved on by all of
 * them. Those with 0 are let through; the turns of the others are given back.
 */
export function turnWaits(input: {
  pacedUntil: number;
  count: number;
  ratePerSecond: number;
  now: number;
}): number[] {
  const { pacedUntil, count, ratePerSecond, now } = input;
  return Array.from({ length: count }, (_, index) => {
    const waitMs = pacedUntil - (count - 1 - index) * stepMs(ratePerSecond) - now;
    return waitMs > ROUNDING_MS ? waitMs : 0;
  });
}

/** A step is a fraction that no number holds exactly, and times have thirteen digits before it. */
const ROUNDING_MS = 0.01;

/** The slots of `count` calls, after `next_slot_at` moved on by all of them. */
export const slotsOf = (input: { nextSlotAt: number; count: number; ratePerSecond: number }): number[] =>
  Array.from({ length: input.count }, (_, index) =>
    Math.ceil(input.nextSlotAt - (input.count - 1 - index) * stepMs(input.ratePerSecond)),
  );
