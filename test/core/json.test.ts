/** JSON whose numbers keep their digits: the bytes survive, and the values are those of `JSON.parse`. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compactJson, DEPTH_LIMIT, isJsonObject, parseJson } from "../../src/core/json.ts";

const parsed = (text: string) => {
  const result = parseJson(text);
  if (!result.ok) throw new Error(`Not parsed: ${result.reason}`);
  return result.json;
};

/** Any number that JSON's grammar allows (RFC 8259 section 6). */
const anyNumber = fc.oneof(
  fc.stringMatching(/^-?(0|[1-9]\d{0,24})(\.\d{1,12})?([eE][+-]?\d{1,4})?$/),
  fc.constantFrom(
    "1.10",
    "1E5",
    "-0",
    "-0.0",
    "1e-7",
    "1e400",
    "1e300",
    "-2.0e305",
    "12345678901234567890",
    "0.1",
    "1",
  ),
);
/** Numbers as JavaScript prints them itself. */
const ownNumber = fc
  .oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((number) => JSON.stringify(number));
const someString = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("\ud800", '"\\\u2028', "1.10", "null"),
);

/** JSON text with these numbers, keys and gaps; `distinct`: no key twice in an object. */
function jsonText(parts: {
  number: fc.Arbitrary<string>;
  key: fc.Arbitrary<string>;
  gap: fc.Arbitrary<string>;
  distinct: boolean;
}): fc.Arbitrary<string> {
  const { number, key, gap, distinct } = parts;
  return fc.letrec<{ value: string }>((tie) => {
    const member = fc.tuple(key, gap, tie("value"));
    const members = distinct
      ? fc.uniqueArray(member, { selector: ([name]) => name, maxLength: 6 })
      : fc.array(member, { maxLength: 6 });
    const object = fc.tuple(members, gap).map(([list, space]) => {
      const texts = list.map(([name, spaces, value]) => `${JSON.stringify(name)}${spaces}:${spaces}${value}`);
      return `{${space}${texts.join(`${space},`)}}`;
    });
    const array = fc
      .tuple(fc.array(tie("value"), { maxLength: 6 }), gap)
      .map(([list, space]) => `[${list.join(`,${space}`)}${space}]`);
    const string = someString.map((text) => JSON.stringify(text));
    const literal = fc.constantFrom("true", "false", "null");
    return { value: fc.oneof({ depthSize: "small" }, number, string, literal, array, object) };
  }).value;
}

const noGap = fc.constant("");
const anyGap = fc.constantFrom("", " ", "\n\t", "\r\n  ");
const NAMES = ["__proto__", "constructor", "toString", "length", "toJSON", "rawJSON", ""];
const orderedKey = fc.oneof(someString, fc.constantFrom(...NAMES)).filter((name) => !/^\d+$/.test(name));
const anyKey = fc.constantFrom("a", "b", "__proto__", "toJSON", "0", "1", "10", "01", "-1", "4294967295");

describe("the bytes", () => {
  test("of compact JSON survive, whatever digits its numbers have", () => {
    const text = jsonText({ number: anyNumber, key: orderedKey, gap: noGap, distinct: true });
    fc.assert(
      fc.property(text, (compact) => {
        expect(compactJson(compact)).toBe(compact);
      }),
      { numRuns: 500 },
    );
  });

  test("are those of JSON.stringify(JSON.parse(text)) where JavaScript prints the numbers itself", () => {
    const text = jsonText({ number: ownNumber, key: anyKey, gap: anyGap, distinct: false });
    fc.assert(
      fc.property(text, (loose) => {
        expect(compactJson(loose)).toBe(JSON.stringify(JSON.parse(loose)));
      }),
      { numRuns: 500 },
    );
  });

  test("mean the same to JSON.parse as the text did, with any numbers, keys and gaps", () => {
    const text = jsonText({ number: anyNumber, key: anyKey, gap: anyGap, distinct: false });
    fc.assert(
      fc.property(text, (loose) => {
        expect(JSON.parse(compactJson(loose))).toStrictEqual(JSON.parse(loose));
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["1.10", "1.10"],
    ["-0", "-0"],
    ["12345678901234567890", "12345678901234567890"],
    ['{"a":1E5,"b":[1e-7,1.0]}', '{"a":1E5,"b":[1e-7,1.0]}'],
    ['{"a":1.10,"a":2.20}', '{"a":2.20}'],
    ['{"a":[1.10],"b":3.30,"a":2.20}', '{"a":2.20,"b":3.30}'],
    ['{"b":1.10,"10":2.20,"9":3.30}', '{"9":3.30,"10":2.20,"b":1.10}'],
    ['{"__proto__":{"x":1.10}}', '{"__proto__":{"x":1.10}}'],
    ['{ "a" : 1.10 ,\n"b":"\\u0041\\/" }', '{"a":1.10,"b":"A/"}'],
    ['{"a":"1.10, \\"1.0","b":1.0}', '{"a":"1.10, \\"1.0","b":1.0}'],
    ['{"a":1e300,"b":1.0,"c":1e+301}', '{"a":1e300,"b":1.0,"c":1e+301}'],
  ])("of %s become %s", (text, bytes) => {
    expect(compactJson(text)).toBe(bytes);
  });

  test("of a part keep their digits too", () => {
    const { exact, write } = parsed('{"a":1E2,"items":[{"price":1.10},7]}');
    const { items } = exact as { items: unknown[] };
    expect(write(items[0])).toBe('{"price":1.10}');
    expect(write({ items, own: 2.5 })).toBe('{"items":[{"price":1.10},7],"own":2.5}');
  });
});

describe("the value", () => {
  test("is that of JSON.parse, and the exact one gives back each number's digits", () => {
    const { value, exact, digitsOf } = parsed('{"a":1,"b":-1.50,"c":1e999,"d":2e300}');
    expect(value).toStrictEqual({ a: 1, b: -1.5, c: Number.POSITIVE_INFINITY, d: 2e300 });
    expect(Object.values(exact as Record<string, number>).map(digitsOf)).toEqual([
      "1",
      "-1.50",
      "1e999",
      "2e300",
    ]);
  });

  test("keeps __proto__ an own member and the prototype untouched", () => {
    const value = parsed('{"__proto__":{"admin":true},"a":1.10}').exact as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(["__proto__", "a"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(value.admin).toBeUndefined();
  });

  test.each([
    ["{}", true],
    ['{"a":1.10}', true],
    ['{"rawJSON":"1"}', true],
    ["[]", false],
    ["null", false],
    ["1", false],
    ["1.10", false],
    ["12345678901234567890", false],
    ['"{}"', false],
    ["true", false],
  ])("of %s is a JSON object: %s", (text, expected) => {
    expect(isJsonObject(parsed(text).value)).toBe(expected);
  });
});

describe("a text", () => {
  test.each([
    "",
    " ",
    "{",
    '{"a":}',
    "[1,]",
    "01",
    "+1",
    "1.",
    ".5",
    "NaN",
    "'a'",
    '"\n"',
    "{} {}",
    "\ufeff{}",
  ])("such as %j is not JSON, and the detail says where it broke", (text) => {
    expect(parseJson(text)).toEqual({
      ok: false,
      reason: "not_json",
      detail: expect.stringMatching(/JSON|token|control character/i),
    });
  });

  test("is JSON exactly where JSON.parse says so", () => {
    const nearlyJson = fc.array(fc.constantFrom("{", "}", "[", "]", ",", ":", '"a"', "1.10", "-", " ", "e"));
    fc.assert(
      fc.property(nearlyJson, (tokens) => {
        const text = tokens.join("");
        let expected = true;
        try {
          JSON.parse(text);
        } catch {
          expected = false;
        }
        expect(parseJson(text).ok).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["arrays", "[", "]"],
    ["objects", '{"a":', "}"],
  ])(
    "of 1,000 nested %s is read, and of one more is too deep, with and without white space",
    (_name, open, close) => {
      const nested = (levels: number, space = "") =>
        `${open.repeat(levels)}${space}1.10${close.repeat(levels)}`;
      expect(compactJson(nested(DEPTH_LIMIT))).toBe(nested(DEPTH_LIMIT));
      expect(compactJson(nested(DEPTH_LIMIT, " "))).toBe(nested(DEPTH_LIMIT));
      for (const text of [nested(DEPTH_LIMIT + 1), nested(DEPTH_LIMIT + 1, " "), nested(100_000)]) {
        expect(parseJson(text)).toEqual({ ok: false, reason: "too_deep" });
      }
    },
  );
});
