/** Two JSON objects that mean the same, however they are spelled; and the names of what differs. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalNumber, differingMembers } from "../../src/core/same-json.ts";

describe("a number", () => {
  test.each([
    ["1", "1.0", "10e-1", "0.1E1", "1e0", "1e+00"],
    ["-1.5", "-15e-1", "-1.50"],
    ["0", "-0", "0.00", "0e99", "-0.0e-7"],
    ["12345678901234567890", "1234567890123456789e1", "12345678901234567890.000"],
    ["1e400", "10e399", "0.1e401"],
  ])("%s is the same however it is spelled", (...spellings) => {
    expect(new Set(spellings.map(canonicalNumber)).size).toBe(1);
  });

  test.each([
    ["12345678901234567890", "12345678901234567891"],
    ["1", "-1"],
    ["1e400", "1e401"],
    ["0.1", "0.10000000000000001"],
    ["1", "10"],
  ])("%s is not %s", (one, other) => {
    expect(canonicalNumber(one)).not.toBe(canonicalNumber(other));
  });

  test("that JavaScript can hold is the same exactly where JavaScript says so", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -3, max: 3 }), fc.integer(), (n, power, other) => {
        expect(canonicalNumber(`${n}e${power}`)).toBe(canonicalNumber(`${BigInt(n) * 1000n}e${power - 3}`));
        expect(canonicalNumber(String(n)) === canonicalNumber(String(other))).toBe(n === other);
      }),
    );
  });
});

describe("two objects", () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value !== "object" || value === null) return value;
    const members = Object.entries(value).map(([name, member]) => [name, shuffled(member)]);
    return Object.fromEntries(members.reverse());
  };

  test("differ in nothing where one is the other in another order", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        expect(differingMembers(JSON.stringify(value), JSON.stringify(shuffled(value)))).toEqual([]);
      }),
    );
  });

  test("differ in the members that JavaScript finds different, and in no others", () => {
    const some = fc.dictionary(
      fc.constantFrom("a", "b", "10", "9", "__proto__"),
      fc.constantFrom(1, "1", null, [1], {}),
    );
    fc.assert(
      fc.property(some, some, (one, other) => {
        const names = [...new Set([...Object.keys(one), ...Object.keys(other)])].sort();
        const expected = names.filter(
          (name) =>
            !(Object.hasOwn(one, name) && Object.hasOwn(other, name)) ||
            JSON.stringify(one[name]) !== JSON.stringify(other[name]),
        );
        expect(differingMembers(JSON.stringify(one), JSON.stringify(other))).toEqual(expected);
      }),
    );
  });
});
