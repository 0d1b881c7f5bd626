import { describe, expect, it } from "vitest";
import type { Attempt } from "../../src/console/answers.ts";
import { textOf } from "../../src/console/log-state.ts";
import {
  eventsChoiceOf,
  eventsOf,
  isNumberFound,
  numberPath,
  numbersSentence,
  testSentence,
  withoutSpacing,
} from "../../src/console/numbers/words.ts";

it("takes a number as people write it, and guesses no country", () => {
  expect(withoutSpacing("+1 (415) 555-0100")).toBe("+14155550100");
  expect(withoutSpacing("0415 555 0100")).toBe("04155550100");
});

describe("which events a number sends", () => {
  it("is the org's, the call alone, or the citations too", () => {
    const choices = [null, [], ["queue"], ["citations"]].map((webhook_events) =>
      eventsChoiceOf({ webhook_events }),
    );
    expect(choices).toEqual(["org", "call", "call", "citations"]);
  });

  it("keeps the other names that were set", () => {
    expect(eventsOf("citations", ["queue"])).toEqual(["queue", "citations"]);
    expect(eventsOf("call", ["queue", "citations"])).toEqual(["queue"]);
    expect(eventsOf("citations", null)).toEqual(["citations"]);
    expect(eventsOf("org", ["queue"])).toBeNull();
  });
});

describe("a test's outcome in words", () => {
  const said = (response_code: number | null, error: Attempt["error"], response_time = "12ms") =>
    textOf(
      testSentence({
        metadata: [
          {
            ...{ sent_at: "2026-11-26T15:00:00.000Z", response_code, response_time, send_type: "create" },
            ...{ attempt: 1, delivery_id: "dlv_1", error },
          },
        ],
      }),
    );

  it("says that it arrived and how long it took", () => {
    expect(said(200, null)).toBe("200 in 12 ms: it arrived.");
  });

  it("says why it failed", () => {
    expect(said(404, "http_status")).toBe("404 in 12 ms: moved?");
    expect(said(302, "redirect")).toBe("302 in 12 ms: it redirects, and redirects are not followed.");
    expect(said(418, "http_status")).toBe("418 in 12 ms.");
    expect(said(null, "timeout", "15001ms")).toBe("No answer in time after 15 s: too slow, or away?");
    expect(said(null, "connect")).toBe("No connection: does it run?");
  });

  it("says that no answer has come yet", () => {
    expect(textOf(testSentence({ metadata: [] }))).toBe("It is on its way, and no answer has come yet.");
  });
});

describe("the list of numbers", () => {
  const number = (webhook: string | null) => ({
    ...{ phone_number: "+14155550100", webhook, webhook_events: null },
  });
  const own = number("https://CRM.example/hook");

  it("is summed up in a sentence", () => {
    expect(numbersSentence([own], false)).toBe("1 number, with a URL of its own.");
    expect(numbersSentence([own, own], true)).toBe("The first 2 numbers, each with a URL of its own.");
    expect(numbersSentence([number(null)], false)).toBe("1 number, with the org's URL.");
    expect(numbersSentence([own, number(null)], false)).toBe(
      "2 numbers: 1 has a URL of its own, the other takes the org's.",
    );
  });

  it("finds by digits, however they are spaced, and by URL", () => {
    expect(isNumberFound(own, "(415) 555")).toBe(true);
    expect(isNumberFound(own, "crm.EX")).toBe(true);
    expect(isNumberFound(own, "-")).toBe(false);
    expect(isNumberFound(number(null), "crm")).toBe(false);
  });
});

it("escapes the plus sign of a number in its path", () => {
  expect(numberPath("+14155550100")).toBe("/v1/inbound/%2B14155550100");
});
