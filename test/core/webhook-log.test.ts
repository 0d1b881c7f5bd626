/** The text that names an attempt: the same for equal keys, another for every other one. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { attemptKeyText, LOG_EVENTS } from "../../src/core/webhook-log.ts";
import { keyOf } from "./samples.ts";

test("an attempt's name ignores the order and the surplus of its key's members", () => {
  const { attempt, event, ...rest } = keyOf();
  expect(attemptKeyText({ attempt, event, ...rest })).toBe(attemptKeyText(keyOf()));
  expect(attemptKeyText({ ...keyOf(), ...{ v: 1 } })).toBe(attemptKeyText(keyOf()));
});

test("two attempts share a name only where they are the same one", () => {
  const id = fc.constantFrom("a", "b", "1", "call", "a:b");
  const key = fc.record({
    user_id: id,
    call_id: id,
    event: fc.constantFrom(...LOG_EVENTS),
    delivery_id: id,
    attempt: fc.integer({ min: 1, max: 12 }),
  });
  fc.assert(
    fc.property(key, key, (one, other) => {
      const same = JSON.stringify(keyOf(one)) === JSON.stringify(keyOf(other));
      expect(attemptKeyText(one) === attemptKeyText(other)).toBe(same);
    }),
    { numRuns: 500 },
  );
});
