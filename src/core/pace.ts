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

/** How many of `count` attempts have their turn, after `paced_until` moved on by all of them. */
export function countLetThrough(input: {
  pacedUntil: number;
  count: number;
  ratePerSecond: number;
  now: number;
}): number {
  const { pacedUntil, count, ratePerSecond, now } = input;
  const ahead = Math.ceil((pacedUntil - now) / stepMs(ratePerSecond) - ROUNDING);
  return Math.min(count, Math.max(0, count - ahead));
}

/** A step is a fraction that no number holds exactly. */
const ROUNDING = 1e-6;

/** The slots of `count` calls, after `next_slot_at` moved on by all of them. */
export const slotsOf = (input: { nextSlotAt: number; count: number; ratePerSecond: number }): number[] =>
  Array.from({ length: input.count }, (_, index) =>
    Math.ceil(input.nextSlotAt - (input.count - 1 - index) * stepMs(input.ratePerSecond)),
  );
