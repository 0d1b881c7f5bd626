/** Citations and their call's webhook, over every order of events: one webhook, and nothing twice. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type CitedCall, citedCallOf, decideCitations } from "../../src/core/citations.ts";
import { areEmpty, citationsEvent, combinedPayload } from "../../src/core/citations-payload.ts";
import { firstState } from "../support/first-status.ts";
import { NOW } from "./samples.ts";

type Event =
  | { kind: "citations"; digest: string; isEmpty: boolean }
  /** A batch reads the log after its time is over; before that a batch changes nothing. */
  | { kind: "due" }
  /** A create gives the call a webhook. */
  | { kind: "create" };

/** A report that is held. */
const REPORT = {
  url: "https://crm.example" as string | null,
  isDisabled: false,
  isParking: false,
  wanted: true,
  delayed: true,
  completed: true,
};

const someReport = fc.record({
  url: fc.constantFrom(REPORT.url, REPORT.url, null),
  isDisabled: fc.boolean(),
  isParking: fc.boolean(),
  wanted: fc.boolean(),
  delayed: fc.boolean(),
  completed: fc.boolean(),
});

const somePost = fc
  .constantFrom(
    { digest: "a", isEmpty: false },
    { digest: "b", isEmpty: false },
    { digest: "none", isEmpty: true },
  )
  .map((post) => ({ kind: "citations" as const, ...post }));
const someEvent: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: somePost },
  { weight: 1, arbitrary: fc.constant({ kind: "due" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "create" as const }) },
);

/** What goes to the receiver, in order. */
type Sent = "plain" | "combined" | "separate";

function play({ url, ...report }: typeof REPORT, events: readonly Event[]) {
  const state = firstState({ ...report, hasUrl: url !== null });
  const status = state === "parked" ? "pending" : state;
  const wants_citations = report.wanted ? (1 as const) : null;
  let call = citedCallOf({ status, url, wants_citations, accepted: null });
  const sent: Sent[] = status === "no_webhook" || status === "held" ? [] : ["plain"];
  const decisions: string[] = [];
  const take = (event: Event): CitedCall => {
    if (event.kind === "due") {
      if (call.webhook !== "held") return call;
      sent.push("plain");
      return { ...call, webhook: "decided" };
    }
    if (event.kind === "create") {
      if (call.webhook !== "none") return call; // refused: it has a webhook
      sent.push("plain");
      return { ...call, webhook: "decided" };
    }
    const decision = decideCitations(call, event);
    decisions.push(decision);
    if (decision === "combine") sent.push("combined");
    if (decision === "release") sent.push("plain");
    if (decision === "separate") sent.push("separate");
    if (call.accepted !== null) return call;
    return { ...call, webhook: call.webhook === "held" ? "decided" : call.webhook, accepted: event.digest };
  };
  for (const event of events) call = take(event);
  return { call, sent, decisions, held: status === "held" };
}

const count = (sent: readonly Sent[], what: Sent) => sent.filter((one) => one === what).length;

describe("in every order of events", () => {
  const holds = (predicate: (played: ReturnType<typeof play>, events: readonly Event[]) => void) =>
    fc.assert(
      fc.property(someReport, fc.array(someEvent, { maxLength: 8 }), (report, events) => {
        predicate(play(report, events), events);
      }),
      { numRuns: 2_000 },
    );

  test("a call's own webhook goes once at most, plain or combined", () =>
    holds(({ sent }) => expect(count(sent, "plain") + count(sent, "combined")).toBeLessThanOrEqual(1)));

  test("the combined and the separate one never both go, and the separate one goes once at most", () =>
    holds(({ sent }) => expect(count(sent, "combined") + count(sent, "separate")).toBeLessThanOrEqual(1)));

  test("a held call ends with the first of its citations or its time", () =>
    holds(({ call, sent, held }, events) => {
      const first = events.find(({ kind }) => kind !== "create");
      if (!held) return;
      expect(call.webhook).toBe(first === undefined ? "held" : "decided");
      const isTold = first?.kind === "citations" && !first.isEmpty;
      expect(sent[0]).toBe(first === undefined ? undefined : isTold ? "combined" : "plain");
    }));

  test("the first citations are accepted, equal ones are repeated, and others conflict", () =>
    holds(({ decisions }, events) => {
      const posts = events.flatMap((event) => (event.kind === "citations" ? [event.digest] : []));
      decisions.forEach((decision, index) => {
        const expected = posts[index] === posts[0] ? "repeated" : "conflict";
        if (index > 0) expect(decision).toBe(expected);
        else expect(["combine", "release", "separate", "keep"]).toContain(decision);
      });
    }));

  test("empty ones are sent to nobody, and nothing is sent that was not wanted or has no receiver", () =>
    fc.assert(
      fc.property(someReport, fc.array(someEvent, { maxLength: 8 }), (report, events) => {
        const { sent } = play(report, events);
        const first = events.find((event) => event.kind === "citations");
        const isTold = count(sent, "combined") + count(sent, "separate") > 0;
        if (!report.wanted || first?.isEmpty) expect(isTold).toBe(false);
        if (report.url === null && !events.some(({ kind }) => kind === "create")) expect(sent).toEqual([]);
      }),
    ));
});

test.each([
  ["no webhook", { hasUrl: false }, "no_webhook"],
  ["a disabled endpoint", { isDisabled: true }, "parked"],
  ["an endpoint that takes no calls, to be held", { isParking: true }, "held"],
  ["an endpoint that takes no calls", { isParking: true, wanted: false }, "parked"],
  ["citations delayed", {}, "held"],
  ["citations not wanted", { wanted: false }, "pending"],
  ["citations not delayed", { delayed: false }, "pending"],
  ["a call that was not completed", { completed: false }, "pending"],
])("a report with %s is %s", (_what, change, status) => {
  const { url: _url, ...conditions } = REPORT;
  expect(firstState({ ...conditions, hasUrl: true, ...change })).toBe(status);
});

describe("the combined payload", () => {
  const members = '{"citations":[{"value":1.10}],"corrected_transcript":[{"text":"Hi"}]}';

  test("is what was stored, byte for byte, and the citations at its end", () => {
    const stored = '{"call_id":"c","n":12345678901234567890,"m":1.10,"b":"\\"citations\\":"}';
    expect(combinedPayload(stored, members)).toBe(
      `${stored.slice(0, -1)},"citations":[{"value":1.10}],"corrected_transcript":[{"text":"Hi"}]}`,
    );
    expect(combinedPayload(stored, '{"citations":[]}')).toBe(`${stored.slice(0, -1)},"citations":[]}`);
  });

  test("has a member once, in the place where it stood", () => {
    const stored = '{"citations":null,"call_id":"c","n":1.10,"variables":{"citations":1E2}}';
    expect(combinedPayload(stored, '{"citations":[1]}')).toBe(
      '{"citations":[1],"call_id":"c","n":1.10,"variables":{"citations":1E2}}',
    );
  });

  test("of a payload that has such a name further down only is still appended to", () => {
    const stored = '{"call_id":"c","variables":{"citations":1E2},"__proto__":{"citations":2}}';
    expect(combinedPayload(stored, '{"citations":[1]}')).toBe(`${stored.slice(0, -1)},"citations":[1]}`);
  });

  test("is what JavaScript makes of it, whatever was stored", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(fc.string(), fc.constant("citations")), fc.jsonValue()), (value) => {
        const combined = combinedPayload(JSON.stringify({ ...value, call_id: "c" }), '{"citations":[1]}');
        expect(JSON.stringify(JSON.parse(combined))).toBe(combined);
        expect(JSON.parse(combined)).toMatchObject({ call_id: "c", citations: [1] });
      }),
    );
  });
});

test("the separate event names the call, its org and the time", () => {
  const call = { call_id: "c", user_id: "org_1" };
  expect(citationsEvent(call, { citations: '{"citations":[1.10]}', now: NOW })).toBe(
    '{"call_id":"c","user_id":"org_1","event_type":"citations","timestamp":"2026-01-01T00:00:00.000Z","citations":[1.10]}',
  );
});

test("a corrected transcript alone is something to send", () => {
  expect(areEmpty({ citations: [] })).toBe(true);
  expect(areEmpty({ citations: [], corrected_transcript: [] })).toBe(true);
  expect(areEmpty({ citations: [1] })).toBe(false);
  expect(areEmpty({ citations: [], corrected_transcript: [1] })).toBe(false);
});
