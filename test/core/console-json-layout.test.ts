/** JSON that is laid out for reading keeps every token. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { layOutJson } from "../../src/console/inboxes/json-layout.ts";

test("objects and arrays go over several lines, empty ones don't", () => {
  expect(layOutJson('{"a":[1,{"b":null}],"c":{},"d":[]}')).toBe(
    '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": {},\n  "d": []\n}',
  );
});

test("numbers keep their digits, and a member given twice stays", () => {
  expect(layOutJson('{"n":12345678901234567890,"n":1.10}')).toBe(
    '{\n  "n": 12345678901234567890,\n  "n": 1.10\n}',
  );
});

test("strings keep their spelling and what looks like marks", () => {
  expect(layOutJson(String.raw`["{a:[,]}","\"\\","é"]`)).toBe(
    `[\n  "{a:[,]}",\n  ${String.raw`"\"\\"`},\n  "é"\n]`,
  );
});

test.each(["", "{", "hello", '{"a":1', "{'a':1}"])("%j is no JSON", (text) => {
  expect(layOutJson(text)).toBeNull();
});

test.each(["1", '"a"', "true", "null"])("%s alone stays as it is", (text) => {
  expect(layOutJson(` ${text} `)).toBe(text);
});

test("any JSON is laid out as JSON.stringify would", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      expect(layOutJson(text)).toBe(JSON.stringify(JSON.parse(text), null, 2));
    }),
  );
});
