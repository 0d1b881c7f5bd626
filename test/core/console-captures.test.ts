/** The list of what an inbox has received, as pages of it, streamed requests and erasures come. */
import { describe, expect, test } from "vitest";
import type { CapturedRequest } from "../../src/console/answers.ts";
import {
  bodyBytes,
  type Captures,
  callIdIn,
  pathBelow,
  queryRows,
  ROWS_LIMIT,
  shortTime,
  withArrived,
  withOlder,
  withPageOne,
} from "../../src/console/inboxes/captures.ts";

const request = (id: number, changes: Partial<CapturedRequest> = {}): CapturedRequest => ({
  id: String(id),
  received_at: "2026-11-26T10:00:00.000Z",
  method: "POST",
  path: `/inbox/${"a".repeat(64)}`,
  query: "",
  headers: {},
  body: "{}",
  body_encoding: "utf-8",
  truncated: false,
  signature: "valid",
  ...changes,
});

const page = (ids: number[], next: string | null = null): Captures => ({
  rows: ids.map((id) => request(id)),
  next,
});

const idsOf = ({ rows }: Captures) => rows.map(({ id }) => Number(id));

describe("the first page", () => {
  test("is the list where nothing is known", () => {
    expect(withPageOne(null, page([3, 2], "2"))).toEqual(page([3, 2], "2"));
  });

  test("comes before the older rows that it reaches, which keep their cursor", () => {
    const joined = withPageOne(page([4, 3, 2, 1], "1"), page([6, 5, 4], "4"));
    expect(idsOf(joined)).toEqual([6, 5, 4, 3, 2, 1]);
    expect(joined.next).toBe("1");
  });

  test("takes away what was erased in its range", () => {
    expect(idsOf(withPageOne(page([5, 4, 3, 2, 1], "1"), page([5, 3], "3")))).toEqual([5, 3, 2, 1]);
  });

  test("takes away all that it does not have if it is the only one", () => {
    expect(idsOf(withPageOne(page([5, 4, 3]), page([4])))).toEqual([4]);
    expect(idsOf(withPageOne(page([5, 4, 3]), page([])))).toEqual([]);
  });

  test("begins the list anew if requests between were missed", () => {
    expect(withPageOne(page([3, 2, 1]), page([60, 59], "59"))).toEqual(page([60, 59], "59"));
  });

  test("keeps the rows that are known as they are", () => {
    const known = page([2, 1]);
    expect(withPageOne(known, page([3, 2, 1])).rows[1]).toBe(known.rows[0]);
  });
});

test("older rows come after the last", () => {
  expect(withOlder(page([5, 4], "4"), page([3, 2], "2"))).toEqual(page([5, 4, 3, 2], "2"));
});

describe("a streamed request", () => {
  test("comes first", () => {
    expect(idsOf(withArrived(page([2, 1]), request(3)))).toEqual([3, 2, 1]);
  });

  test("takes its place if a newer one was faster", () => {
    expect(idsOf(withArrived(page([4, 2]), request(3)))).toEqual([4, 3, 2]);
  });

  test("that is known changes nothing", () => {
    const known = page([2, 1]);
    expect(withArrived(known, request(2))).toBe(known);
  });

  test("pushes the oldest out of a full list", () => {
    const full = page(Array.from({ length: ROWS_LIMIT }, (_, index) => ROWS_LIMIT - index));
    const ids = idsOf(withArrived(full, request(ROWS_LIMIT + 1)));
    expect(ids).toHaveLength(ROWS_LIMIT);
    expect([ids[0], ids.at(-1)]).toEqual([ROWS_LIMIT + 1, 2]);
  });
});

describe("a request", () => {
  test("shows its path below the inbox's own", () => {
    const own = `/inbox/${"0f".repeat(32)}`;
    expect([own, `${own}/`, `${own}/a/b`, "/inbox/short/a"].map(pathBelow)).toEqual([
      ...["/", "/", "/a/b", "/inbox/short/a"],
    ]);
  });

  test("names its call if the body says so near its beginning", () => {
    expect(callIdIn(request(1, { body: '{"a":1,"call_id" : "c-1:x"}' }))).toBe("c-1:x");
    expect(callIdIn(request(1, { body: '{"call_id":"with spaces"}' }))).toBeNull();
    expect(callIdIn(request(1, { body: `{"a":"${"x".repeat(5_000)}","call_id":"c-1"}` }))).toBeNull();
    expect(callIdIn(request(1, { body: '"call_id":"c1"', body_encoding: "base64" }))).toBeNull();
  });

  test("counts its body's bytes, not its characters", () => {
    expect(bodyBytes(request(1, { body: "é€" }))).toBe(5);
    expect(bodyBytes(request(1, { body: "AAEC", body_encoding: "base64" }))).toBe(3);
    expect(bodyBytes(request(1, { body: "AAE=", body_encoding: "base64" }))).toBe(2);
    expect(bodyBytes(request(1, { body: "AA==", body_encoding: "base64" }))).toBe(1);
    expect(bodyBytes(request(1, { body: "" }))).toBe(0);
  });

  test("of today tells the time of day, an older one its day too", () => {
    const at = new Date(2026, 10, 26, 9, 5, 7).toISOString();
    expect(shortTime(at, "2026-11-26")).toBe("09:05:07");
    expect(shortTime(at, "2026-11-27")).toBe("2026-11-26 09:05");
  });

  test("shows each value of a query, decoded", () => {
    expect(queryRows("a=1&b=two%20words&a=3&c")).toEqual([
      ["a", "1"],
      ["b", "two words"],
      ["a", "3"],
      ["c", ""],
    ]);
  });
});
