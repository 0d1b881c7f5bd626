/** Names are resolved once a minute, for both families or not at all, and failed look-ups are repeated. */
import { describe, expect, test } from "vitest";
import { openResolver } from "../../src/call/resolver.ts";

/** A resolver that gets these answers in turn; the last one repeats. `pass` ends the waits that are over. */
function scene(...answers: (string[] | Error | "silent")[]) {
  const questions: string[] = [];
  let waits: { ms: number; until: number; done: () => void }[] = [];
  let at = 0;
  const resolve = openResolver({
    ask: async (hostname, type) => {
      const answer = type === "A" ? (answers.length > 1 ? answers.shift() : answers[0]) : [];
      questions.push(`${hostname} ${type}`);
      if (answer === "silent") return new Promise(() => {});
      if (answer instanceof Error) throw answer;
      return answer ?? [];
    },
    wait: (ms) => new Promise<void>((done) => waits.push({ ms, until: at + ms, done })),
    now: () => at,
  });
  const pass = async (ms: number) => {
    at += ms;
    for (const { until, done } of waits) if (until <= at) done();
    waits = waits.filter(({ until }) => until > at);
    await new Promise((done) => setTimeout(done));
  };
  return { resolve, questions, pass, waited: () => waits.map(({ ms }) => ms) };
}

const FAILED = new Error("SERVFAIL");

describe("a name", () => {
  test("is asked for once a minute, however many ask at once", async () => {
    const { resolve, questions, pass } = scene(["8.8.8.8"], ["8.8.4.4"]);
    const all = await Promise.all([resolve("a.example"), resolve("a.example"), resolve("a.example")]);
    expect(all).toEqual([["8.8.8.8"], ["8.8.8.8"], ["8.8.8.8"]]);
    await pass(59_999);
    expect(await resolve("a.example")).toEqual(["8.8.8.8"]);
    expect(questions).toEqual(["a.example A", "a.example AAAA"]);
    await pass(1);
    expect(await resolve("a.example")).toEqual(["8.8.4.4"]);
  });

  test("without an address is remembered too", async () => {
    const { resolve, questions } = scene([]);
    expect([await resolve("a.example"), await resolve("a.example")]).toEqual([[], []]);
    expect(questions).toHaveLength(2);
  });

  test("that the resolver has trouble with is asked for again, and then resolved", async () => {
    const { resolve, pass, waited } = scene(FAILED, FAILED, ["8.8.8.8"]);
    const resolved = resolve("a.example");
    await pass(0);
    expect(waited()).toEqual([100]);
    await pass(100);
    expect(waited()).toEqual([500]);
    await pass(500);
    expect(await resolved).toEqual(["8.8.8.8"]);
  });

  test("that it has trouble with three times rejects, and is asked for anew the next time", async () => {
    const { resolve, pass, questions } = scene(FAILED);
    for (const asked of [6, 12]) {
      const resolved = expect(resolve("a.example")).rejects.toThrow("SERVFAIL");
      await pass(0);
      await pass(100);
      await pass(500);
      await resolved;
      expect(questions).toHaveLength(asked);
    }
  });

  test("whose question another call took with it is asked for anew after two seconds", async () => {
    const { resolve, pass, questions } = scene("silent", ["8.8.8.8"]);
    void resolve("a.example");
    const second = resolve("a.example");
    await pass(2_000);
    expect(await second).toEqual(["8.8.8.8"]);
    expect(questions).toHaveLength(4);
  });

  test("that many wait for is asked for anew once, and they share the second question", async () => {
    const { resolve, pass, questions } = scene("silent", ["8.8.8.8"]);
    void resolve("a.example");
    const waiting = Array.from({ length: 100 }, () => resolve("a.example"));
    await pass(2_000);
    expect(await Promise.all(waiting)).toEqual(Array(100).fill(["8.8.8.8"]));
    expect(questions).toHaveLength(4);
  });

  test("that many wait for in vain is not asked for after they have their answer", async () => {
    const { resolve, pass, questions } = scene(FAILED);
    const all = Promise.allSettled(Array.from({ length: 100 }, () => resolve("a.example")));
    for (const ms of [0, 100, 500]) await pass(ms);
    expect((await all).map(({ status }) => status)).toEqual(Array(100).fill("rejected"));
    await pass(2_000);
    expect(questions).toHaveLength(6);
  });

  test("is forgotten first where a thousand others came after it", async () => {
    const { resolve, questions } = scene(["8.8.8.8"]);
    for (let n = 0; n <= 1_000; n++) await resolve(`${n}.example`);
    const before = questions.length;
    await resolve("1000.example");
    expect(questions).toHaveLength(before);
    await resolve("0.example");
    expect(questions).toHaveLength(before + 2);
  });
});
