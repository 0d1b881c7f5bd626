/** Payload storage: a payload is read as it was written, and no read loads more than its limit. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { getPayload, PAYLOAD_READ_LIMIT_BYTES, putPayload, readRuns } from "../../src/record/payload.ts";

const LIMIT = PAYLOAD_READ_LIMIT_BYTES;
const bytesOf = (run: readonly { answer_bytes: number }[]) =>
  run.reduce((sum, { answer_bytes }) => sum + answer_bytes, 0);

test("a payload is had back as it was put, with its length", () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: "grapheme" }), fc.nat(200), (json, times) => {
      const text = json.repeat(times);
      const payload_bytes = new TextEncoder().encode(text).length;
      const stored = putPayload(text, payload_bytes);
      expect(getPayload(stored)).toBe(text);
      expect(stored.payload_bytes).toBe(payload_bytes);
    }),
  );
});

test("a payload that shrinks to 0.7 is compressed, and one that does not is stored as it is", () => {
  const repeated = "[1.10,1.10]".repeat(100);
  expect(putPayload(repeated, 1_100)).toMatchObject({ payload_encoding: "deflate" });
  expect(putPayload(repeated, 1_100).payload.length).toBeLessThan(100);
  expect(putPayload('{"price":1.10}', 14)).toEqual({
    ...{ payload: '{"price":1.10}', payload_encoding: null, payload_bytes: 14 },
  });
});

describe("runs of rows", () => {
  const sizes = fc.oneof(
    fc.nat({ max: LIMIT + 2 }),
    fc.constantFrom(0, 1, LIMIT / 2, LIMIT - 1, LIMIT, LIMIT + 1),
  );
  const someRows = fc
    .array(sizes, { maxLength: 30 })
    .map((list) => list.map((answer_bytes, index) => ({ index, answer_bytes })));

  test("are the rows again, in their order", () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        expect([...readRuns(rows)].flat()).toEqual(rows);
      }),
    );
  });

  test("fit one read each, or are one row", () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        for (const run of readRuns(rows)) {
          expect(run.length).toBeGreaterThan(0);
          expect(run.length === 1 || bytesOf(run) <= LIMIT).toBe(true);
        }
      }),
    );
  });

  test("are as few as their order allows: the row after a run did not fit it", () => {
    fc.assert(
      fc.property(someRows, (rows) => {
        const runs = [...readRuns(rows)];
        for (const [index, next] of runs.slice(1).entries())
          expect(bytesOf([...(runs[index] ?? []), ...next.slice(0, 1)])).toBeGreaterThan(LIMIT);
      }),
    );
  });

  test("end exactly at the limit, which is 4 MiB", () => {
    const rows = [LIMIT - 1, 1, 1, LIMIT + 1, LIMIT].map((answer_bytes) => ({ answer_bytes }));
    expect([...readRuns(rows)].map((run) => run.length)).toEqual([2, 1, 1, 1]);
    expect(LIMIT).toBe(4_194_304);
    expect([...readRuns([])]).toEqual([]);
  });
});
