/** A repeated write: for five seconds, for trouble that passes, and for no other. */
import { describe, expect, test } from "vitest";
import { writeWithRetry } from "../../src/record/write-with-retry.ts";

const LOST = new Error("D1_ERROR: Network connection lost.");

/** A clock that only waiting moves, and a write that fails `failures` times. */
function scene(failures: number, error: Error = LOST) {
  const waits: number[] = [];
  let at = 0;
  let tries = 0;
  const clock = {
    now: () => at,
    random: () => 0.5,
    wait: async (ms: number) => {
      waits.push(ms);
      at += ms;
    },
  };
  const write = async () => {
    tries++;
    if (tries <= failures) throw error;
    return "written";
  };
  return { clock, write, waits, tries: () => tries };
}

describe("a write", () => {
  test("that succeeds is made once", async () => {
    const { clock, write, tries } = scene(0);
    expect(await writeWithRetry(write, clock)).toEqual({ value: "written", repeated: false });
    expect(tries()).toBe(1);
  });

  test.each([
    LOST,
    new Error("D1_ERROR: storage caused object to be reset; will be retried"),
    new Error("D1 failed", { cause: new Error("Network connection lost.") }),
  ])("that fails in passing is made again after pauses that double: %s", async (error) => {
    const { clock, write, waits } = scene(3, error);
    expect(await writeWithRetry(write, clock)).toEqual({ value: "written", repeated: true });
    expect(waits).toEqual([50, 100, 200]);
  });

  test("that goes on failing is given up after five seconds, with its error", async () => {
    const { clock, write, waits } = scene(Number.POSITIVE_INFINITY);
    await expect(writeWithRetry(write, clock)).rejects.toBe(LOST);
    const waited = waits.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThan(3_500);
    expect(waited).toBeLessThanOrEqual(5_000);
    expect(Math.max(...waits)).toBe(1_000);
  });

  test.each([
    new Error("D1_ERROR: D1 DB is overloaded. Requests queued for too long."),
    new Error("D1_ERROR: UNIQUE constraint failed: SQLITE_CONSTRAINT"),
    new TypeError("undefined is not a function"),
  ])("that fails otherwise is not made again: %s", async (error) => {
    const { clock, write, tries } = scene(1, error);
    await expect(writeWithRetry(write, clock)).rejects.toBe(error);
    expect(tries()).toBe(1);
  });
});
