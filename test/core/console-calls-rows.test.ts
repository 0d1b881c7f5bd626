/** The rows of a list that goes on by itself. */
import { describe, expect, test } from "vitest";
import type { ListedLog, WebhookLog } from "../../src/console/answers.ts";
import {
  append,
  begin,
  between,
  idsToAsk,
  isFull,
  keyOf,
  letIn,
  mergeNamed,
  mergePage,
  mergeSent,
  newestFitting,
  PAGE_SIZE,
  perMinute,
  ROWS_LIMIT,
  type Rows,
} from "../../src/console/calls/rows.ts";

const NOON = Date.UTC(2026, 10, 26, 12);
const iso = (time: number): string => new Date(time).toISOString();

const attempt = (delivery_id: string): ListedLog["metadata"][number] => ({
  ...{ sent_at: iso(NOON), response_code: 200, response_time: "5ms", send_type: "spawn" },
  ...{ attempt: 1, delivery_id, error: null },
});

/** A call that was reported this many seconds before noon. */
const logOf = (secondsAgo: number, change: Partial<ListedLog> = {}): ListedLog => ({
  ...{ call_id: `c-${secondsAgo}`, user_id: "org_1", event: "call", url: "https://crm.example/hook" },
  ...{ created_at: iso(NOON - secondsAgo * 1_000), metadata: [], status: "delivered", reason: null },
  ...{ next_attempt_at: null, to: "+14155550100", from: null, inbound: true, attempts_total: 0 },
  ...change,
});

const logsOf = (...secondsAgo: number[]): ListedLog[] => secondsAgo.map((seconds) => logOf(seconds));
const idsOf = (logs: readonly ListedLog[]): string[] => logs.map(({ call_id }) => call_id);
const LIVE = { isHeld: false, since: null };
const HELD = { isHeld: true, since: null };

const many = (count: number): ListedLog[] => Array.from({ length: count }, (_, index) => logOf(index + 1));

describe("page one, asked again", () => {
  const rows = begin({ logs: logsOf(20, 30), next: null });

  test("new rows come in on top, and are known as new", () => {
    const merged = mergePage(rows, { logs: logsOf(10, 20, 30), next: null }, LIVE);
    expect(idsOf(merged.shown)).toEqual(["c-10", "c-20", "c-30"]);
    expect([...merged.arrived]).toEqual(["c-10 call"]);
  });

  test("new rows wait while somebody looks, and come in together", () => {
    const held = mergePage(rows, { logs: logsOf(10, 20, 30), next: null }, HELD);
    const longer = mergePage(held, { logs: logsOf(5, 10, 20, 30), next: null }, HELD);
    expect(idsOf(longer.shown)).toEqual(["c-20", "c-30"]);
    expect(idsOf(longer.waiting)).toEqual(["c-5", "c-10"]);
    expect(idsOf(letIn(longer).shown)).toEqual(["c-5", "c-10", "c-20", "c-30"]);
    expect(letIn(longer).waiting).toEqual([]);
  });

  test("a row that waits is kept when page one has moved on", () => {
    const held = mergePage(rows, { logs: logsOf(10, 20), next: "x" }, HELD);
    const later = mergePage(held, { logs: logsOf(5, 20), next: "x" }, HELD);
    expect(idsOf(later.waiting)).toEqual(["c-5", "c-10"]);
  });

  test("shown rows change where they are, even while new ones wait", () => {
    const page = { logs: [logOf(10), logOf(20, { status: "failed" }), logOf(30)], next: null };
    const merged = mergePage(rows, page, HELD);
    expect(merged.shown.map(({ status }) => status)).toEqual(["failed", "delivered"]);
  });

  test("a row that has not changed stays the same object", () => {
    const merged = mergePage(rows, { logs: logsOf(20, 30), next: null }, LIVE);
    expect(merged.shown[0]).toBe(rows.shown[0]);
  });

  test("a row that comes to match lies where its time is", () => {
    const merged = mergePage(rows, { logs: logsOf(20, 25, 30), next: null }, LIVE);
    expect(idsOf(merged.shown)).toEqual(["c-20", "c-25", "c-30"]);
  });

  test("both events of a call are rows of their own", () => {
    const citations = logOf(20, { event: "citations" });
    const merged = mergePage(rows, { logs: [citations, ...logsOf(20, 30)], next: null }, LIVE);
    expect(merged.shown.map(keyOf)).toEqual(["c-20 citations", "c-20 call", "c-30 call"]);
  });

  test("where nothing shown is on it any more, the list begins anew", () => {
    const page = { logs: logsOf(1, 2), next: "later" };
    expect(mergePage(rows, page, LIVE)).toMatchObject({ shown: page.logs, next: "later" });
    const held = mergePage(rows, page, HELD);
    expect(idsOf(held.shown)).toEqual(["c-20", "c-30"]);
    expect(letIn(held)).toMatchObject({ shown: page.logs, next: "later", anew: null });
  });

  test("rows that it should have and has not are asked for by their ids", () => {
    const merged = mergePage(rows, { logs: logsOf(30), next: "x" }, LIVE);
    expect(merged.missing).toEqual(["c-20"]);
    expect(idsToAsk(merged, 0)).toEqual(["c-20"]);
  });

  test("rows that the time has left behind fall out, unless somebody looks", () => {
    const since = NOON - 25_000;
    expect(idsOf(mergePage(rows, { logs: logsOf(20), next: null }, { isHeld: false, since }).shown)).toEqual([
      "c-20",
    ]);
    expect(mergePage(rows, { logs: logsOf(20), next: null }, { isHeld: true, since }).shown).toHaveLength(2);
  });
});

describe("rows", () => {
  test("a further page goes below, without what is shown already", () => {
    const rows = append(begin({ logs: logsOf(10, 20), next: "a" }), { logs: logsOf(20, 30), next: null });
    expect(idsOf(rows.shown)).toEqual(["c-10", "c-20", "c-30"]);
    expect(rows.next).toBeNull();
  });

  test("are 500 at most: the oldest fall off", () => {
    const full = append(begin({ logs: many(490), next: "a" }), {
      logs: logsOf(...range(491, 40)),
      next: "b",
    });
    expect(full.shown).toHaveLength(ROWS_LIMIT);
    expect(isFull(full)).toBe(true);
    const newer = mergePage(full, { logs: [logOf(0), ...many(49)], next: "c" }, LIVE);
    expect(newer.shown).toHaveLength(ROWS_LIMIT);
    expect(newer.shown[0]?.call_id).toBe("c-0");
  });

  test("of calls that are gone disappear", () => {
    const rows = begin({ logs: logsOf(10, 20), next: null });
    expect(idsOf(mergeNamed(rows, ["c-10", "c-20"], logsOf(20)).shown)).toEqual(["c-20"]);
  });

  test("show at once what was answered when they were sent again", () => {
    const rows = begin({ logs: [logOf(10, { status: "failed" })], next: null });
    const { to: _to, from: _from, inbound: _inbound, attempts_total: _total, ...log } = logOf(10);
    const sent: WebhookLog = {
      ...log,
      status: "pending",
      metadata: Array(25).fill(attempt("d")),
      payload: {},
    };
    const [row] = mergeSent(rows, [sent]).shown;
    expect(row).toMatchObject({ status: "pending", attempts_total: 25, to: "+14155550100" });
    expect(row?.metadata).toHaveLength(20);
    expect(row).not.toHaveProperty("payload");
  });
});

describe("the ids to ask for", () => {
  /** Rows that are all below page one. */
  const below = (logs: ListedLog[]): Rows => append(begin({ logs: [], next: "a" }), { logs, next: null });
  const pending = (count: number): Rows =>
    below(many(count).map((log) => ({ ...log, status: "pending" as const })));

  test("are not those of page one, which keeps its rows up itself", () => {
    const logs = [logOf(1, { status: "retrying" })];
    expect(idsToAsk(begin({ logs, next: "a" }), 0)).toEqual([]);
    const rows = begin({ logs: [logOf(0), ...logs], next: "a" });
    expect(idsToAsk(mergePage(rows, { logs: [logOf(0)], next: null }, LIVE), 0)).toEqual(["c-1"]);
  });

  test("are those of rows that may still change, each once", () => {
    const logs = [
      logOf(1, { status: "retrying" }),
      logOf(1, { event: "citations", status: "held" }),
      logOf(2),
    ];
    expect(idsToAsk(below(logs), 0)).toEqual(["c-1"]);
  });

  test("are 200 at most, and all have their turn", () => {
    const rows = pending(450);
    const turns = [0, 1, 2].map((turn) => idsToAsk(rows, turn));
    expect(turns.map(({ length }) => length)).toEqual([200, 200, 200]);
    expect(new Set(turns.flat()).size).toBe(450);
  });

  test("make an address that is not too long", () => {
    const logs = many(200).map((log) => ({
      ...log,
      status: "held" as const,
      call_id: log.call_id.padEnd(128, ":"),
    }));
    const ids = idsToAsk(below(logs), 0);
    expect(encodeURIComponent(ids.join(",")).length).toBeLessThan(6_001);
    expect(ids.length).toBeGreaterThan(5);
  });
});

describe("calls a minute", () => {
  test("are those of the last one", () => {
    expect(perMinute({ shown: logsOf(5, 30, 90), next: null }, NOON)).toBe(2);
  });

  test("are scaled up where page one is less than a minute", () => {
    const busy = many(PAGE_SIZE).map((log, index) => ({ ...log, created_at: iso(NOON - (index + 1) * 100) }));
    expect(perMinute({ shown: busy, next: "a" }, NOON)).toBe(600);
  });
});

test("a range is all rows between two, in either direction; without its beginning, the one that is clicked", () => {
  const logs = logsOf(1, 2, 3, 4);
  expect(between(logs, "c-3 call", "c-1 call")).toEqual(["c-1 call", "c-2 call", "c-3 call"]);
  expect(between(logs, "c-9 call", "c-2 call")).toEqual(["c-2 call"]);
});

test("a row shows as many of the newest attempts as it has room for; a new delivery takes room too", () => {
  const [log] = logsOf(1);
  if (log === undefined) throw new Error("There is no log.");
  const fitting = (metadata: ListedLog["metadata"], changed: Partial<ListedLog> = {}) =>
    newestFitting({ ...log, ...changed, metadata, attempts_total: metadata.length }).length;
  expect(fitting(Array(12).fill(attempt("d")))).toBe(12);
  expect(fitting(Array(20).fill(attempt("d")))).toBe(8);
  expect(fitting(Array.from({ length: 20 }, (_, index) => attempt(`d${index}`)))).toBe(4);
  expect(fitting([attempt("d")])).toBe(1);
  const due = { next_attempt_at: iso(NOON) };
  expect(fitting(Array(10).fill(attempt("d")), due)).toBe(10);
  expect(fitting(Array(11).fill(attempt("d")), due)).toBe(6);
});

function range(from: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}
