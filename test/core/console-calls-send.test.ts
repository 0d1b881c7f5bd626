/** Sending many calls again: what is told beforehand, the order of requests, and what was not sent. */
import { describe, expect, test } from "vitest";
import { planOf, planWords, reasonWords, targetWords } from "../../src/console/calls/plan.ts";
import { chunksOf, sendAgain, type Verbs } from "../../src/console/calls/send.ts";

type Answer = Awaited<ReturnType<Verbs<string>["post"]>>;
type Request = Parameters<Verbs<string>["post"]>[0];

const callsOf = (count: number, event = "call") =>
  Array.from({ length: count }, (_, index) => ({ call_id: `c-${index}`, event }));

const OK: Answer = { ok: true, data: "logs" };
const refused = (status: number, error = "X", message = "No.", more = {}): Answer => ({
  ...{ ok: false, status, errors: [{ error, message, ...more }] },
});

/** Sends to a server that answers in turn, the last answer for ever. Records what was done. */
async function play(
  count: number,
  answers: (Answer | ((request: Request) => Answer))[],
  change: Partial<Verbs<string>> = {},
) {
  const done: string[] = [];
  const requests: Request[] = [];
  let keys = 0;
  const outcome = await sendAgain<string>(callsOf(count), {
    post: async (request) => {
      requests.push(request);
      const answer = answers[Math.min(requests.length, answers.length) - 1] ?? OK;
      const given = typeof answer === "function" ? answer(request) : answer;
      done.push(
        `post ${request.call_ids.length} ${request.idempotencyKey} ${given.ok ? "ok" : given.status}`,
      );
      return given;
    },
    ready: async () => true,
    pause: async () => void done.push("pause"),
    newKey: () => `key${++keys}`,
    sent: (logs) => void done.push(`sent ${logs}`),
    progress: (value) => void done.push(`progress ${value}`),
    ...change,
  });
  return { outcome, done, requests };
}

describe("sending again", () => {
  test("goes in chunks of 50, each with a key of its own, and tells how far it is", async () => {
    const { outcome, done } = await play(120, [OK]);
    expect(outcome).toEqual({ sent: 120, notSent: [] });
    expect(done.filter((act) => !act.startsWith("sent"))).toEqual([
      ...[
        "post 50 key1 ok",
        "progress 50",
        "post 50 key2 ok",
        "progress 100",
        "post 20 key3 ok",
        "progress 120",
      ],
    ]);
  });

  test("keeps both events apart", () => {
    const calls = [...callsOf(2), ...callsOf(1, "citations")];
    expect(chunksOf(calls)).toEqual([
      { event: "call", call_ids: ["c-0", "c-1"] },
      { event: "citations", call_ids: ["c-0"] },
    ]);
  });

  test("leaves out the calls that the server refuses, and sends the rest again under another key", async () => {
    const refusal: Answer = {
      ok: false,
      status: 400,
      errors: [{ error: "invalid_parameter", message: "…", call_id: "c-1", reason: "held" }],
    };
    const { outcome, requests } = await play(3, [refusal, OK]);
    expect(outcome.sent).toBe(2);
    expect(outcome.notSent).toEqual([
      { call_id: "c-1", event: "call", why: expect.stringContaining("held") },
    ]);
    expect(requests.map(({ call_ids, idempotencyKey }) => [idempotencyKey, ...call_ids])).toEqual([
      ["key1", "c-0", "c-1", "c-2"],
      ["key2", "c-0", "c-2"],
    ]);
  });

  test("sends nothing again where all are refused", async () => {
    const all = ({ call_ids }: Request): Answer => ({
      ...{ ok: false, status: 400 },
      errors: call_ids.map((call_id) => ({ error: "X", message: "No.", call_id, reason: "other" })),
    });
    const { outcome, requests } = await play(2, [all]);
    expect(requests).toHaveLength(1);
    expect(outcome.notSent.map(({ why }) => why)).toEqual(["No.", "No."]);
  });

  test.each([429, 401])(
    "waits as long as it takes after a %i, and repeats under the same key",
    async (status) => {
      const { outcome, done } = await play(1, [...Array(8).fill(refused(status, "RATE_LIMITED")), OK]);
      expect(outcome.sent).toBe(1);
      expect(done.filter((act) => act.startsWith("post")).every((act) => act.includes("key1"))).toBe(true);
    },
  );

  test.each([0, 409, 500, 503])(
    "repeats a request that came to nothing (%i), under the same key",
    async (status) => {
      const { outcome, done } = await play(1, [refused(status), OK]);
      expect(outcome.sent).toBe(1);
      expect(done.slice(0, 3)).toEqual([`post 1 key1 ${status}`, "pause", "post 1 key1 ok"]);
    },
  );

  test("gives up where no answer comes at all, and names all that is left", async () => {
    const { outcome, requests } = await play(60, [refused(0, "UNREACHABLE", "No answer.")]);
    expect(requests).toHaveLength(6);
    expect(outcome.sent).toBe(0);
    expect(outcome.notSent).toHaveLength(60);
  });

  test("goes on with the others where one request fails", async () => {
    const { outcome } = await play(60, [refused(400, "invalid_parameter", "Odd."), OK]);
    expect(outcome.sent).toBe(10);
    expect(outcome.notSent).toHaveLength(50);
  });

  test("ends at a full quota: it does not pass while somebody waits", async () => {
    const { outcome, requests } = await play(60, [refused(429, "QUOTA_EXCEEDED", "Full.")]);
    expect(requests).toHaveLength(1);
    expect(outcome.notSent.every(({ why }) => why === "Full.")).toBe(true);
  });

  test("halves a request that is too large", async () => {
    const { outcome, requests } = await play(4, [
      ({ call_ids }) => (call_ids.length > 1 ? refused(413) : OK),
    ]);
    expect(outcome).toEqual({ sent: 4, notSent: [] });
    expect(requests.map(({ call_ids }) => call_ids.length)).toEqual([4, 2, 1, 1, 2, 1, 1]);
  });

  test("stops when somebody stops it: what is left is named", async () => {
    let chunks = 0;
    const { outcome } = await play(120, [OK], { ready: async () => ++chunks <= 1 });
    expect(outcome.sent).toBe(50);
    expect(outcome.notSent).toHaveLength(70);
    expect(outcome.notSent[0]?.why).toMatch(/stopped/);
  });
});

describe("the plan", () => {
  const logOf = (change: Partial<Parameters<typeof planOf>[0][number]> = {}) => ({
    ...{
      call_id: "c-1",
      event: "call" as const,
      url: "https://crm.example/hook?x=1",
      status: "failed" as const,
    },
    ...change,
  });
  const DISABLED = new Set(["https://gone.example/"]);
  const wordsOf = (...logs: ReturnType<typeof logOf>[]) => planWords(planOf(logs, DISABLED));
  const held = logOf({ status: "held" });
  const noWebhook = logOf({ url: null, status: "no_webhook" });

  test("says how many can be sent, and why the others can't", () => {
    expect(wordsOf(logOf(), logOf(), held, noWebhook)).toBe(
      "2 of 4 can be sent again: one is held, one has no webhook",
    );
    expect(wordsOf(held, held, logOf({ url: "https://gone.example/?a" }))).toBe(
      "None of 3 can be sent again: 2 are held, one goes to a disabled endpoint",
    );
    expect(wordsOf(logOf({ payload_erased_at: "2026-11-26T12:00:00.000Z" }))).toBe(
      "It can't be sent again: it has no payload any more",
    );
  });

  test("says nothing where all can be sent", () => {
    expect(wordsOf(logOf(), logOf())).toBe("");
  });

  test("names where calls go, those with the most first", () => {
    const logs = ["a", "b", "b", "c", "d", "e"].map((host) => logOf({ url: `https://${host}.example/` }));
    expect(targetWords(logs)).toBe("b.example (2), a.example (1), c.example (1) and 2 more endpoints");
  });

  test("a reason that is not known is told in the server's words", () => {
    expect(reasonWords("toString", "The server's.")).toBe("The server's.");
    expect(reasonWords("endpoint_disabled", "…")).toMatch(/Enable it first/);
  });
});
