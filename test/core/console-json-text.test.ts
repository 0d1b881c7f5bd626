import { describe, expect, test } from "vitest";
import {
  around,
  childrenAt,
  countAt,
  indented,
  indexJson,
  kindAt,
  memberAt,
  stringAt,
  textOfMember,
} from "../../src/console/json-text.ts";

const TEXT = '{"a":[1.10,12345678901234567890,{"b":"x\\"}"}],"e":{},"f":[],"n":null,"s":"Zo\\u00eb"}';

describe("the places of values in JSON text", () => {
  const index = indexJson(TEXT);

  test("are those of each member, with its digits", () => {
    const members = childrenAt(index, 0).map(({ name, start, end }) => [
      name && stringAt(TEXT, name),
      TEXT.slice(start, end),
    ]);
    expect(members).toEqual([
      ["a", '[1.10,12345678901234567890,{"b":"x\\"}"}]'],
      ["e", "{}"],
      ["f", "[]"],
      ["n", "null"],
      ["s", '"Zo\\u00eb"'],
    ]);
  });

  test("tell how many members and elements there are", () => {
    const a = memberAt(index, 0, "a")?.start ?? -1;
    expect(
      [0, a, TEXT.indexOf("{}"), TEXT.indexOf("[]"), TEXT.indexOf("null")].map((at) => countAt(index, at)),
    ).toEqual([5, 3, 0, 0, null]);
  });

  test("are found through names, the last one where a name is there twice", () => {
    expect(textOfMember('{"d":{"x":1,"x":2.0}}', ["d", "x"])).toBe("2.0");
    expect(textOfMember('{"d":[]}', ["d", "x"])).toBeNull();
    expect(textOfMember("[]", ["d"])).toBeNull();
  });

  test("tell what lies around them", () => {
    const inside = around(index, TEXT.indexOf("x"));
    expect(inside.map((start) => kindAt(TEXT, start))).toEqual(["object", "array", "object"]);
  });

  test("do not depend on white space", () => {
    const spaced = JSON.stringify(JSON.parse(TEXT), null, 2);
    expect(
      childrenAt(indexJson(spaced), 0).map(({ start, end }) => JSON.parse(spaced.slice(start, end))),
    ).toEqual(Object.values(JSON.parse(TEXT)));
  });

  test("are found in hostile text in no time: deep, wide, and full of keys like integers", () => {
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    const wide = `[${"{},".repeat(300_000)}{}]`;
    const keys = `{${Array.from({ length: 60_000 }, (_, place) => `"${place * 4_294}":0`).join()}}`;
    const slashes = `["${"\\\\".repeat(400_000)}"]`;
    const began = performance.now();
    expect(countAt(indexJson(deep), 0)).toBe(1);
    expect(countAt(indexJson(wide), 0)).toBe(300_001);
    expect(childrenAt(indexJson(keys), 0)).toHaveLength(60_000);
    expect(childrenAt(indexJson(slashes), 0)).toHaveLength(1);
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

describe("indented JSON", () => {
  test("keeps digits, order and empty values", () => {
    expect(indented('{"b":1.10,"a":[],"c":{"d":[true,{}]}}')).toBe(
      '{\n  "b": 1.10,\n  "a": [],\n  "c": {\n    "d": [\n      true,\n      {}\n    ]\n  }\n}',
    );
  });

  test("is that of JSON.stringify where JavaScript can hold the numbers", () => {
    const text = JSON.stringify(JSON.parse(TEXT));
    expect(indented(text)).toBe(JSON.stringify(JSON.parse(TEXT), null, 2));
  });

  test("is null for what is no object or array, and for what is no JSON", () => {
    expect(["<h1>", '"text"', "1", "null", "", "{"].map(indented)).toEqual([
      null,
      null,
      null,
      null,
      null,
      null,
    ]);
  });

  test("of brackets alone stays small", () => {
    expect(indented(`${"[".repeat(2_000)}${"]".repeat(2_000)}`)?.length).toBeLessThan(200_000);
  });
});
