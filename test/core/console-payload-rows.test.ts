import { describe, expect, test } from "vitest";
import {
  allOpen,
  firstView,
  revealing,
  rowAt,
  rowsOf,
  type TreeRow,
  toggled,
  withMore,
} from "../../src/console/call/payload-rows.ts";
import { indexJson } from "../../src/console/json-text.ts";
import { MATCHES_LIMIT, piecesOf, placesInJson, placesOf } from "../../src/console/text-search.ts";

const textOf = (text: string, rows: TreeRow[]) =>
  rows.map((row) =>
    row.kind === "more"
      ? `${row.depth} ${row.siblings - row.shown} more`
      : `${row.depth} ${text.slice((row.child.name ?? row.child).start, row.count === null ? row.child.end : row.child.start + 1)}`,
  );

describe("the rows of a payload's tree", () => {
  const text = '{"a":{"b":[1,2]},"c":3}';
  const index = indexJson(text);

  test("are the first level at first", () => {
    expect(textOf(text, rowsOf(index, firstView()))).toEqual(["1 {", '2 "a":{', '2 "c":3']);
  });

  test("grow and shrink where one is opened and closed", () => {
    const opened = toggled(firstView(), text.indexOf('{"b"'));
    expect(textOf(text, rowsOf(index, opened))).toEqual(["1 {", '2 "a":{', '3 "b":[', '2 "c":3']);
    expect(rowsOf(index, toggled(opened, text.indexOf('{"b"')))).toEqual(rowsOf(index, firstView()));
  });

  test("are all of a small payload if all is opened", () => {
    expect(textOf(text, rowsOf(index, allOpen(index)))).toEqual([
      ...["1 {", '2 "a":{', '3 "b":[', "4 1", "4 2", '2 "c":3'],
    ]);
  });

  test("of 1,000 elements are 200, and 200 more each time", () => {
    const long = `[${Array.from({ length: 1_000 }, (_, place) => place).join()}]`;
    const many = indexJson(long);
    const first = rowsOf(many, firstView());
    expect([first.length, textOf(long, first).at(-1)]).toEqual([202, "2 800 more"]);
    expect(textOf(long, rowsOf(many, withMore(firstView(), 0))).at(-1)).toBe("2 600 more");
  });

  test("are opened as far as a place needs, in a long list and 1,000 levels down", () => {
    const long = `[${Array.from({ length: 1_000 }, (_, place) => place).join()},"here"]`;
    const many = indexJson(long);
    const rows = rowsOf(many, revealing(many, firstView(), long.indexOf("here")));
    expect(textOf(long, rows)[rowAt(rows, long.indexOf("here"))]).toBe('2 "here"');
    const deep = `${'[{"d":'.repeat(1_000)}"here"${"}]".repeat(1_000)}`;
    const levels = indexJson(deep);
    const path = rowsOf(levels, revealing(levels, firstView(), deep.indexOf("here")));
    expect(textOf(deep, path)[rowAt(path, deep.indexOf("here"))]).toBe('2001 "d":"here"');
  });
});

describe("a search", () => {
  test("finds each place in any case, and takes no character for a pattern", () => {
    expect(placesOf("a.b A.B axb", "a.b")).toEqual([0, 4]);
    expect(placesOf("anything", "")).toEqual([]);
    expect(placesOf("(?:[x]{2})-\\", "(?:[x]{2})-\\")).toEqual([0]);
  });

  test("stops counting in time", () => {
    expect(placesOf("a".repeat(5_000), "a")).toHaveLength(MATCHES_LIMIT);
  });

  test("finds text with quotes as it stands in JSON", () => {
    const json = JSON.stringify({ text: 'she said "hi"\nand left' });
    expect(placesInJson(json, 'said "hi"').places).toHaveLength(1);
    expect(placesInJson(json, '"text":').places).toEqual([1]);
  });

  test("cuts text into pieces, of which every second one matches", () => {
    expect(piecesOf("one Two two", "two")).toEqual(["one ", "Two", " ", "two", ""]);
  });
});
