import { describe, expect, test } from "vitest";
import { citationCount, citationRows } from "../../src/console/call/citation-rows.ts";
import { citedRanges, clockOf, conversationOf, segmentsOf } from "../../src/console/call/conversation.ts";
import { sampleOf } from "../../src/core/samples.ts";

const input = { call_id: "call-1", user_id: "org_1", phone_number: null, now: 1_795_000_000_000 };
const sample = sampleOf("completed", input) as Record<string, unknown>;
const citations = citationRows(
  JSON.stringify((sampleOf("citations", input) as unknown as { citations: unknown }).citations),
);

describe("a conversation", () => {
  test("has the time of each utterance from the call's beginning", () => {
    const { utterances, source } = conversationOf(sample);
    expect(source).toBe("transcripts");
    expect(utterances.slice(0, 2).map(({ speaker, seconds }) => [speaker, seconds])).toEqual([
      ["assistant", 1],
      ["caller", 7],
    ]);
  });

  test("is read from the corrected transcript, or else from the concatenated one, where the first is missing", () => {
    const corrected = [{ start: 1.5, end: 2, speaker_label: "user", text: "Hello" }];
    expect(conversationOf({ transcripts: "none", corrected_transcript: corrected })).toEqual({
      utterances: [{ speaker: "caller", text: "Hello", seconds: 1.5 }],
      without_text: 0,
      source: "corrected_transcript",
    });
    expect(conversationOf({ concatenated_transcript: "user: Hi: there \n assistant: Yes\nno name" })).toEqual(
      {
        utterances: [
          { speaker: "caller", text: "Hi: there", seconds: null },
          { speaker: "assistant", text: "Yes", seconds: null },
          { speaker: "–", text: "no name", seconds: null },
        ],
        without_text: 0,
        source: "concatenated_transcript",
      },
    );
  });

  test("tells how many entries have no text", () => {
    const transcripts = [
      { user: "user", text: "Hello" },
      { user: "assistant", text: null },
      "Bye",
      { user: "x" },
    ];
    expect(conversationOf({ transcripts })).toMatchObject({
      utterances: [{ text: "Hello" }],
      without_text: 3,
    });
  });

  test("is empty for whatever else was reported", () => {
    const hostile: unknown[] = [
      null,
      [],
      "text",
      { transcripts: {} },
      { transcripts: [1, null, [], { text: 5 }, { user: "x" }] },
      { corrected_transcript: [[]], concatenated_transcript: { a: 1 } },
      { transcripts: [], concatenated_transcript: " \n " },
    ];
    for (const payload of hostile) expect(conversationOf(payload).utterances).toEqual([]);
  });

  test("takes speakers and times of any type", () => {
    const transcripts = [
      { user: 5, text: "one", created_at: "never" },
      { user: "toString", text: "two", created_at: 17 },
    ];
    expect(conversationOf({ transcripts }).utterances).toEqual([
      { speaker: "–", text: "one", seconds: null },
      { speaker: "toString", text: "two", seconds: null },
    ]);
  });

  test("shows a time as a clock", () => {
    expect([0, 6.9, 61, 3_723].map(clockOf)).toEqual(["0:00", "0:06", "1:01", "1:02:03"]);
  });
});

describe("citations in a conversation", () => {
  test("mark the value where it was said, and otherwise what was cited", () => {
    const { utterances } = conversationOf(sample);
    const ranges = citedRanges(utterances, citations);
    const marked = ranges.map((each, place) =>
      segmentsOf(utterances[place]?.text ?? "", each)
        .filter(({ cited }) => cited.length > 0)
        .map(({ text }) => text),
    );
    expect(marked[3]).toEqual(["Jonas Weller"]);
    expect(marked[6]).toEqual([utterances[6]?.text]);
    expect(marked[0]).toEqual([]);
  });

  test("are found by their words where their number is missing or wrong", () => {
    const utterances = [
      { speaker: "a", text: "nothing here", seconds: null },
      { speaker: "b", text: "on Monday at nine", seconds: null },
    ];
    const row = { variable: "day", type: "string", value: "monday" };
    for (const idx of [null, 0, 99, -1])
      expect(citedRanges(utterances, [{ ...row, said: [{ idx, text: "Monday at nine" }] }])).toEqual([
        [],
        [{ from: 3, to: 9, citation: 0 }],
      ]);
  });

  test("may overlap", () => {
    const segments = segmentsOf("abcdef", [
      { from: 0, to: 4, citation: 0 },
      { from: 2, to: 6, citation: 1 },
    ]);
    expect(segments).toEqual([
      { text: "ab", cited: [0] },
      { text: "cd", cited: [0, 1] },
      { text: "ef", cited: [1] },
    ]);
  });
});

describe("citations in a table", () => {
  test("keep the digits of their values", () => {
    const [row] = citationRows(
      '[{"variable_name":"n","variable_type":"number","value":12345678901234567890.10}]',
    );
    expect(row).toEqual({ variable: "n", type: "number", value: "12345678901234567890.10", said: [] });
  });

  test("may have any shape", () => {
    expect(
      citationRows('[1,null,"x",[],{"cited_utterances":[5,{"transcript":7},{"transcript":"t","idx":"1"}]}]'),
    ).toEqual([
      { variable: "", type: "", value: "1", said: [] },
      { variable: "", type: "", value: "null", said: [] },
      { variable: "", type: "", value: "x", said: [] },
      { variable: "", type: "", value: "[]", said: [] },
      { variable: "", type: "", value: "", said: [{ idx: null, text: "t" }] },
    ]);
    expect([citationRows("null"), citationCount("null"), citationCount("[1,2]")]).toEqual([[], 0, 2]);
  });
});
