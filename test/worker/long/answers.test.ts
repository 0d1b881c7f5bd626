/** What each answer of a receiver does to its call: the entry, the state, the retry, and nothing to other calls. */
import { beforeEach, describe, expect, test } from "vitest";
import type { AttemptKey } from "../../../src/core/webhook-log.ts";
import { envWithLosingQueues, handleAttempts, reportUnheard } from "../../support/handlers.ts";
import type { Answer } from "../../support/receiver-server.ts";
import { logOf, makeOrg, type Org, receiver } from "../../support/words.ts";

let org: Org;
beforeEach(async () => {
  org = await makeOrg();
});

/** Waits of 100 s, so that a shorter `Retry-After` can be told from the schedule's ±10 %. */
const RULES = { RETRY_SCHEDULE: "100s, 100s", DELIVERY_TIMEOUT: "400ms" };

/** The first attempt of a call to this receiver: its outcome, its log, and the delays of the retries enqueued for it. */
async function firstAttempt(answer: Answer) {
  const crm = await receiver(answer);
  const key = await reportUnheard(org, crm.url);
  return { ...(await run([key])), log: await logOf(org, key.call_id), received: await crm.received() };
}

async function run(keys: readonly AttemptKey[]) {
  const { env: lossy, retries } = envWithLosingQueues(RULES);
  const outcomes = await handleAttempts(lossy, keys);
  return { outcomes, delays: retries.map(({ delaySeconds }) => delaySeconds) };
}

const onSchedule = (delay: number | undefined) => delay !== undefined && delay >= 90 && delay <= 110;

/** One request, acked, with this entry, and retried on the schedule. */
function expectRetried(
  { outcomes, delays, log, received }: Awaited<ReturnType<typeof firstAttempt>>,
  entry: { response_code: number | null; error: string },
) {
  expect(outcomes).toEqual(["ack"]);
  expect(log).toMatchObject({ status: "retrying", reason: null, metadata: [{ attempt: 1, ...entry }] });
  expect(delays).toEqual([expect.toSatisfy(onSchedule)]);
  expect(received).toHaveLength(1);
}

/** These bytes, and then the end. */
const raw = (start: string): Answer => ({ raw: { start, end: "close" } });
/** These bytes, and then nothing more. */
const held = (start: string): Answer => ({ raw: { start } });
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

describe("a call answered", () => {
  test.each([200, 201, 202, 204, 205, 206, 226, 299])("%i is delivered", async (status) => {
    const { outcomes, delays, log, received } = await firstAttempt({ status });
    expect(outcomes).toEqual(["ack"]);
    expect(log).toMatchObject({ status: "delivered", metadata: [{ response_code: status, error: null }] });
    expect(delays).toEqual([]);
    expect(received).toHaveLength(1);
  });

  test.each([300, 301, 302, 303, 304, 305, 307, 308, 399])(
    "%i is a redirect, not followed, and retried on the schedule",
    async (status) => {
      const elsewhere = await receiver(200);
      const outcome = await firstAttempt({ status, headers: { location: elsewhere.url } });
      expectRetried(outcome, { response_code: status, error: "redirect" });
      expect(await elsewhere.received()).toEqual([]);
    },
  );

  test.each([
    400, 401, 403, 404, 405, 408, 409, 413, 422, 425, 429, 451, 500, 501, 502, 503, 504, 511, 599, 600, 999,
  ])("%i is retried on the schedule", async (status) => {
    expectRetried(await firstAttempt({ status }), { response_code: status, error: "http_status" });
  });

  test.each([
    [520, "protocol"],
    [521, "connect"],
    [522, "connect"],
    [523, "connect"],
    [524, "timeout"],
    [525, "tls"],
    [526, "tls"],
    [527, "connect"],
    [528, "protocol"],
    [529, "protocol"],
    [530, "dns"],
  ])("%i is recorded as no response, %s, and retried on the schedule", async (status, error) => {
    expectRetried(await firstAttempt({ status }), { response_code: null, error });
  });

  test.each<[string, Answer, string | null]>([
    ["410", { status: 410, headers: { "retry-after": "60" } }, "http_status"],
    ["410 with a body that never ends", { status: 410, neverEnds: true }, "timeout"],
  ])("%s fails for good", async (_what, answer, error) => {
    const { outcomes, delays, log, received } = await firstAttempt(answer);
    expect(outcomes).toEqual(["ack"]);
    expect(log).toMatchObject({
      status: "failed",
      reason: "gone",
      metadata: [{ response_code: 410, error }],
    });
    expect(log.next_attempt_at).toBeNull();
    expect(delays).toEqual([]);
    expect(received).toHaveLength(1);
  });
});

describe("an answer of 1xx", () => {
  test.each([
    ["103", `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${OK}`],
    ["102", `HTTP/1.1 102 Processing\r\n\r\n${OK}`],
    ["100 many times", `${"HTTP/1.1 100 Continue\r\n\r\n".repeat(1_000)}${OK}`],
  ])("%s before a 200 is passed over", async (_what, start) => {
    const { outcomes, delays, log, received } = await firstAttempt(raw(start));
    expect(outcomes).toEqual(["ack"]);
    expect(log).toMatchObject({ status: "delivered", metadata: [{ response_code: 200, error: null }] });
    expect(delays).toEqual([]);
    expect(received).toHaveLength(1);
  });

  const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
  test.each<[string, Answer, number | null, string]>([
    [
      "103 before a 503",
      raw("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"),
      503,
      "http_status",
    ],
    ["101 that nobody asked for", raw(SWITCH), 101, "http_status"],
    ["101 that holds the line", held(SWITCH), 101, "http_status"],
    ["103 and then the end", raw("HTTP/1.1 103 Early Hints\r\n\r\n"), null, "connect"],
    ["100 and then the end", raw("HTTP/1.1 100 Continue\r\n\r\n"), null, "connect"],
    ["103 and then silence", held("HTTP/1.1 103 Early Hints\r\n\r\n"), null, "timeout"],
    ["099", raw("HTTP/1.1 099 Odd\r\ncontent-length: 0\r\n\r\n"), null, "connect"],
    ["1000", raw("HTTP/1.1 1000 Odd\r\ncontent-length: 0\r\n\r\n"), null, "connect"],
  ])("%s is a failure and is retried on the schedule", async (_what, answer, response_code, error) => {
    expectRetried(await firstAttempt(answer), { response_code, error });
  });
});

describe("Retry-After", () => {
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1_000).toUTCString();

  test.each<[number, string, () => string, number]>([
    [429, "seconds", () => "3600", 3_600],
    [503, "seconds", () => "111", 111],
    [500, "seconds", () => "200", 200],
    [302, "seconds", () => "200", 200],
    [429, "a date", () => inSeconds(7_200), 7_200],
    [503, "absurdly many seconds", () => "9".repeat(400), 86_400],
    [503, "a date in the year 9999", () => "Fri, 31 Dec 9999 23:59:59 GMT", 86_400],
  ])("of a %i in %s is waited for", async (status, form, header, seconds) => {
    const { delays, log } = await firstAttempt({ status, headers: { "retry-after": header() } });
    // A date names whole seconds, and some time passes until it is read.
    const earliest = form === "a date" ? seconds - 5 : seconds;
    expect(delays).toEqual([expect.toSatisfy((delay) => delay >= earliest && delay <= seconds)]);
    const waitMs = Date.parse(log.next_attempt_at) - Date.parse(log.metadata[0].sent_at);
    expect(waitMs).toBeGreaterThanOrEqual(earliest * 1_000);
    expect(log).toMatchObject({ status: "retrying", metadata: [{ response_code: status }] });
  });

  test.each([
    ["shorter than the schedule's wait", "5"],
    ["of no wait", "0"],
    ["in the past", "Sun, 06 Nov 1994 08:49:37 GMT"],
    ["negative", "-3600"],
    ["a fraction", "3600.5"],
    ["with a unit", "3600s"],
    ["a word", "tomorrow"],
    ["an ISO date", "2099-01-01T00:00:00Z"],
    ["a date of another zone", "Thu, 01 Jan 2099 00:00:00 +0100"],
    ["empty", ""],
  ])("that is %s leaves the schedule", async (_what, header) => {
    const outcome = await firstAttempt({ status: 429, headers: { "retry-after": header } });
    expectRetried(outcome, { response_code: 429, error: "http_status" });
  });

  test("of 429 and 503 puts off that call alone: the next one to the same receiver is delivered", async () => {
    const headers = { "retry-after": "3600" };
    const crm = await receiver({ status: 429, headers }, { status: 503, headers }, 200);
    const keys = [
      await reportUnheard(org, crm.url),
      await reportUnheard(org, crm.url),
      await reportUnheard(org, crm.url),
    ];
    const delays: number[] = [];
    for (const key of keys) delays.push(...(await run([key])).delays);
    expect(delays).toEqual([3_600, 3_600]);
    const logs = await Promise.all(keys.map(({ call_id }) => logOf(org, call_id)));
    expect(logs.map(({ status }) => status)).toEqual(["retrying", "retrying", "delivered"]);
    expect(await crm.received()).toHaveLength(3);
  });
});
