/** What an inbox is told to answer: the form, the words, and what it does to a call. */
import { describe, expect, test } from "vitest";
import {
  answerWords,
  consequenceOf,
  draftOf,
  isSameAnswer,
  PRESETS,
  type Respond,
  respondOf,
} from "../../src/console/inboxes/answer.ts";
import { configureInboxSchema } from "../../src/http/inboxes/schemas.ts";

const respond = (changes: Partial<Respond> = {}): Respond => ({
  ...{ status: 200, delay_ms: 0, headers: {}, body: "{}" },
  ...changes,
});

test.each(PRESETS)("the server takes the preset $name", ({ respond: preset }) => {
  expect(configureInboxSchema.parse({ respond: preset })).toEqual({ respond: preset });
});

test.each(PRESETS)("the form gives back the preset $name", ({ respond: preset }) => {
  expect(respondOf(draftOf(preset))).toEqual(preset);
});

test("rows without a name are left out, and what is no number goes as it is", () => {
  const headers = [
    { name: " x-a ", value: "1" },
    { name: "", value: "2" },
  ];
  expect(respondOf({ status: "abc", delay_ms: "", headers, body: "" })).toEqual({
    ...{ status: "abc", delay_ms: null, headers: { "x-a": "1" }, body: "" },
  });
});

test("two answers are the same whatever the order of their headers", () => {
  const [a, b] = [respond({ headers: { a: "1", b: "2" } }), respond({ headers: { b: "2", a: "1" } })];
  expect(isSameAnswer(a, b)).toBe(true);
  expect(isSameAnswer(a, { ...b, body: "" })).toBe(false);
  expect(isSameAnswer(a, respond({ headers: { a: "1" } }))).toBe(false);
});

test.each([
  [respond(), "200 at once"],
  [respond({ status: 503, headers: { "retry-after": "30" } }), "503 at once, retry after 30 s"],
  [respond({ delay_ms: 20_000 }), "200 after 20 s"],
  [
    respond({ headers: { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" } }),
    "200 at once, retry after Wed, 21 Oct 2026 07:28:00 GMT",
  ],
])("%j reads as %s", (answer, words) => {
  expect(answerWords(answer)).toBe(words);
});

describe("what an answer does to a call", () => {
  test.each([
    [respond(), "ok", /is delivered/],
    [respond({ status: 299 }), "ok", /is delivered/],
    [respond({ status: 302 }), "wait", /never followed/],
    [respond({ status: 500 }), "wait", /on its schedule\.$/],
    [respond({ status: 503, headers: { "retry-after": "30" } }), "wait", /not before Retry-After/],
    [respond({ status: 410 }), "bad", /is disabled/],
    [respond({ delay_ms: 15_000 }), "wait", /timeout/],
  ])("%j", (answer, kind, text) => {
    expect(consequenceOf(answer).kind).toBe(kind);
    expect(consequenceOf(answer).text).toMatch(text);
  });
});
