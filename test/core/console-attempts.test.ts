import { describe, expect, test } from "vitest";
import type { AttemptWithDetails, Endpoint } from "../../src/console/answers.ts";
import { doneWords, sendActionOf } from "../../src/console/call/actions.ts";
import { deliveriesOf, keyOf, merged, nextOf, sinceReport } from "../../src/console/call/attempt-list.ts";
import { adviceOf, outcomeWords, statusLine, whyNoDetails } from "../../src/console/call/attempt-words.ts";
import { curlOf, quoted } from "../../src/console/call/curl.ts";

const attemptOf = (given: Partial<AttemptWithDetails> = {}): AttemptWithDetails => ({
  sent_at: "2026-11-26T10:00:00.000Z",
  response_code: 503,
  response_time: "100ms",
  send_type: "spawn",
  attempt: 1,
  delivery_id: "dlv_1",
  error: "http_status",
  request: null,
  response: null,
  requested_by: null,
  details_dropped: false,
  ...given,
});

describe("a timeline", () => {
  test("has the newest delivery first, and its newest attempt first", () => {
    const attempts = [
      attemptOf(),
      attemptOf({ attempt: 2 }),
      attemptOf({ delivery_id: "dlv_2", send_type: "resend" }),
    ];
    const shown = deliveriesOf(attempts).map((group) => [
      group.ordinal,
      group.send_type,
      group.attempts.map(keyOf).join(),
    ]);
    expect(shown).toEqual([
      [2, "resend", "dlv_2.1"],
      [1, "spawn", "dlv_1.2,dlv_1.1"],
    ]);
  });

  test("has an attempt that the log tells of before its details are there", () => {
    const [first, second] = [attemptOf(), attemptOf({ attempt: 2, sent_at: "2026-11-26T10:00:05.000Z" })];
    expect(merged([first], [first, second]).map(keyOf)).toEqual(["dlv_1.1", "dlv_1.2"]);
    expect(merged(null, [first])).toEqual([first]);
  });

  test("tells how long after the report an attempt was made", () => {
    expect(sinceReport("2026-11-26T10:00:00.000Z", "2026-11-26T10:00:05.400Z")).toBe("+5.4 s");
    expect(sinceReport("2026-11-26T10:00:00.000Z", "2026-11-26T10:00:00.011Z")).toBe("+0.01 s");
    expect(sinceReport("2026-11-26T10:00:00.000Z", "2026-11-26T09:59:59.000Z")).toBe("+0.00 s");
  });
});

describe("what comes next", () => {
  const log = { status: "retrying", reason: null, next_attempt_at: "2026-11-26T10:05:06.100Z" } as const;
  const attempts = [attemptOf()];

  test("is the attempt that is due, as long after the last as it is", () => {
    expect(nextOf(log, { attempts })).toMatchObject({
      at: log.next_attempt_at,
      title: "Attempt 2",
      look: "wait",
    });
    expect(nextOf(log, { attempts })?.why).toMatch(/^5 min 6 s after the last, at \d\d:\d\d:\d\d$/);
  });

  test("names the endpoint's own schedule where it is known", () => {
    const endpoint = { settings: { retry_schedule: ["5m", "30m"] } } as Endpoint;
    expect(nextOf(log, { attempts, endpoint })?.why).toBe("5 min after the last, ±10 %");
  });

  test("names the receiver's retry-after where that decides", () => {
    const asked = [attemptOf({ response: { headers: { "retry-after": "306" }, body: "" } })];
    expect(nextOf(log, { attempts: asked })?.why).toBe("5 min 6 s after the last, as its retry-after asks");
  });

  test("is the first attempt of a delivery that has made none", () => {
    expect(nextOf({ ...log, status: "pending" }, { attempts })?.title).toBe("Attempt 1");
  });

  test("has no time while it waits for its endpoint, and says why", () => {
    const parked = { ...log, reason: "endpoint_paused", next_attempt_at: null } as const;
    expect(nextOf(parked, { attempts })).toMatchObject({ at: null, look: "off" });
  });

  test("is nothing once it is delivered", () => {
    expect(nextOf({ status: "delivered", reason: null, next_attempt_at: null }, { attempts })).toBeNull();
  });
});

describe("an outcome in words", () => {
  const outcome = (
    response_code: number | null,
    error: AttemptWithDetails["error"],
    response_time = "15003ms",
  ) => outcomeWords({ response_code, error, response_time });

  test("is the status line, or why there is none", () => {
    expect([outcome(503, "http_status"), outcome(599, "http_status"), outcome(200, "protocol")]).toEqual([
      "503 Service Unavailable",
      "599",
      "200 OK, but its body broke off",
    ]);
    expect(outcome(null, "timeout")).toBe("timeout: it did not answer within 15 s");
    expect(outcome(null, "blocked_url")).toBe("blocked url: its address may not be called");
    expect(statusLine(418)).toBe("418 I'm a teapot");
  });

  test("comes with one sentence of advice for every failure, and none for a success", () => {
    const errors = [
      "redirect",
      "timeout",
      "dns",
      "connect",
      "tls",
      "protocol",
      "blocked_url",
      "resolver",
      "interrupted",
    ];
    const advice = [
      ...errors.map((error) =>
        adviceOf({ response_code: null, error: error as AttemptWithDetails["error"] }),
      ),
      ...[400, 401, 403, 404, 410, 413, 418, 429, 500, 503, 599].map((response_code) =>
        adviceOf({ response_code, error: "http_status" }),
      ),
    ];
    for (const sentence of advice) expect(sentence).toMatch(/^[A-Z0-9].+\.$/);
    expect(adviceOf({ response_code: 204, error: null })).toBeNull();
  });

  test("tells why its details are gone", () => {
    expect(whyNoDetails({ details_dropped: false }, { isErased: true })).toBeNull();
    expect(whyNoDetails({ details_dropped: true }, { isErased: true })).toMatch(/erased/);
    expect(whyNoDetails({ details_dropped: true }, { isErased: false })).toMatch(/256 KB/);
  });
});

describe("the main action", () => {
  const log = { status: "retrying", reason: null, url: "https://crm.example/" } as const;

  test.each([
    ["retrying", log, "active", "resend", "Send now"],
    ["delivered", { ...log, status: "delivered" }, "active", "resend", "Send again"],
    ["failed", { ...log, status: "failed" }, null, "resend", "Send again"],
    ["held", { ...log, status: "held" }, "active", "release", "Release now"],
    ["without a webhook", { ...log, status: "no_webhook", url: null }, null, "create", "Send to a URL …"],
    ["at a disabled endpoint", { ...log, status: "disabled" }, "disabled", "none", "Send again"],
    [
      "ended at an endpoint that is enabled again",
      { ...log, status: "disabled" },
      "active",
      "resend",
      "Send again",
    ],
    ["erased", { ...log, status: "delivered", payload_erased_at: "2026" }, "active", "none", "Send again"],
  ] as const)("of a call that is %s", (_, given, endpoint, kind, word) => {
    expect(sendActionOf(given, endpoint)).toMatchObject({ kind, word });
  });

  test("says what was done", () => {
    expect(doneWords({ ...log, status: "held" })).toMatch(/without its citations/);
    expect(doneWords({ ...log, reason: "endpoint_paused" })).toMatch(/not well/);
    expect(doneWords(log)).toBe("It is on its way.");
  });
});

describe("a request as a cURL command", () => {
  test("quotes everything for a POSIX shell", () => {
    expect(quoted("it's $HOME `x` \\ !")).toBe("'it'\\''s $HOME `x` \\ !'");
    const command = curlOf(
      { url: "https://crm.example/a'b?x=[1]", headers: { "x-a": "it's", "x-empty": "" } },
      "{}",
    );
    expect(command).toBe(
      [
        "printf %s '{}' |",
        "curl --include --globoff --request POST \\",
        "  --header 'x-a: it'\\''s' \\",
        "  --header 'x-empty;' \\",
        "  --data-binary @- \\",
        "  'https://crm.example/a'\\''b?x=[1]'",
        "",
      ].join("\n"),
    );
  });

  test("leaves a masked header masked, and says so in a comment without characters of the shell", () => {
    const [comment = ""] = curlOf(
      { url: "https://crm.example/", headers: { "auth'`$(x)": "•••9f3a" } },
      "{}",
    ).split("\n");
    expect(comment).toBe("# Masked here, put in your own value: authx");
  });
});
