/**
 * Keeps the rate of an endpoint: which due attempts have their turn, and the slots of the others. Plain data in and out;
 * no I/O, no clock. Times are milliseconds since the epoch, with fractions.
 *
 * Two times in the record do it, for all batches and lanes together. `paced_until` moves on by a step with each attempt
 * that is let through, and none is while it lies ahead (the generic cell rate algorithm: ITU-T I.371, annex A).
 * `next_slot_at` moves on by a step with each call that waits: it is the slot of the last one.
 */

export const stepMs = (ratePerSecond: number): number => 1_000 / ratePerSecond;

/** Attempts that were let through apart may arrive together: by so much they are kept apart more, if a step is less. */
const MARGIN_MS = 100;

/**
 * How far `paced_until` may lag behind: what comes late, and queues count whole seconds, may be made up for. As much as
 * leaves no second over twice the rate and no ten seconds over 1.1 times of it; a step in any case.
 */
export function lagMs(ratePerSecond: number): number {
  const step = stepMs(ratePerSecond);
  const within = (windowMs: number, times: number) =>
    (Math.floor((times * ratePerSecond * windowMs) / 1_000 + ROUNDING) + 1) * step - windowMs;
  const margin = step <= MARGIN_MS ? MARGIN_MS : 0;
  return Math.max(step, Math.min(within(10_000, 1.1), within(1_000, 2)) - margin);
}

/** A step is a fraction that no number holds exactly. */
export const ROUNDING = 1e-6;

/** How many of `count` attempts have their turn, and how long each of the others would wait for one, in milliseconds. */
export function turnsOf(input: { pacedUntil: number; count: number; ratePerSecond: number; now: number }): {
  granted: number;
  waitsMs: number[];
} {
  const { count, ratePerSecond, now } = input;
  const step = stepMs(ratePerSecond);
  const base = Math.max(input.pacedUntil, now - lagMs(ratePerSecond));
  const granted = Math.max(0, Math.min(count, Math.floor((now - base) / step + ROUNDING)));
  const waitsMs = Array.from({ length: count - granted }, (_, index) => {
    return base + (granted + index + 1) * step - now;
  });
  return { granted, waitsMs };
}

/** The slots of `count` calls, after `next_slot_at` moved on by all of them. */
export const slotsOf = (input: { nextSlotAt: number; count: number; ratePerSecond: number }): number[] =>
  Array.from({ length: input.count }, (_, index) =>
    Math.ceil(input.nextSlotAt - (input.count - 1 - index) * stepMs(input.ratePerSecond)),
  );
