/** Group commit: writes that come together share a transaction, and none depends on another. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openGroupCommit } from "../../src/record/group-commit.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A database whose commits end when they are told to. `bad` writes fail any transaction they are in. */
function openDatabase() {
  const commits: string[][] = [];
  const pending: (() => void)[] = [];
  const commit = (writes: readonly string[]) =>
    new Promise<string[]>((done, fail) => {
      commits.push([...writes]);
      pending.push(() =>
        writes.includes("away")
          ? fail(new Error("away"))
          : writes.includes("bad")
            ? fail(new Error("bad"))
            : done(writes.map((write) => `${write}!`)),
      );
    });
  const end = async () => {
    for (const finish of pending.splice(0)) finish();
    await vi.advanceTimersByTimeAsync(0);
  };
  return {
    commits,
    write: openGroupCommit({ commit, isShared: (error) => String(error).includes("away") }),
    end,
  };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

test("a write that comes alone is made at once, by itself", async () => {
  const { commits, write, end } = openDatabase();
  const one = write("a");
  await settle();
  expect(commits).toEqual([["a"]]);
  await end();
  expect(await one).toBe("a!");
});

test("those that come while one is made are made together, in their order", async () => {
  const { commits, write, end } = openDatabase();
  const first = write("a");
  await settle();
  const others = ["b", "c", "d"].map(write);
  await settle();
  expect(commits).toEqual([["a"]]);
  await end();
  await end();
  expect(commits).toEqual([["a"], ["b", "c", "d"]]);
  expect(await Promise.all([first, ...others])).toEqual(["a!", "b!", "c!", "d!"]);
});

test("a group has sixteen writes at most", async () => {
  const { commits, write, end } = openDatabase();
  const all = Array.from({ length: 20 }, (_, index) => write(`${index}`));
  for (let round = 0; round < 4; round++) await end();
  expect((await Promise.all(all)).length).toBe(20);
  expect(commits.map(({ length }) => length)).toEqual([1, 16, 3]);
});

test("where a group fails each of its writes is made by itself, and only the bad one fails", async () => {
  const { commits, write, end } = openDatabase();
  const before = write("before");
  const all = Promise.allSettled(["a", "bad", "c"].map(write));
  for (let round = 0; round < 4; round++) await end();
  expect(await before).toBe("before!");
  expect(await all).toMatchObject([
    { status: "fulfilled", value: "a!" },
    { status: "rejected", reason: new Error("bad") },
    { status: "fulfilled", value: "c!" },
  ]);
  expect(commits).toEqual([["before"], ["a", "bad", "c"], ["a"], ["bad"], ["c"]]);
});

test("where the database is away all of a group fail, and none is repeated", async () => {
  const { commits, write, end } = openDatabase();
  const before = write("before");
  const all = Promise.allSettled(["a", "away", "c"].map(write));
  for (let round = 0; round < 3; round++) await end();
  await before;
  expect((await all).map(({ status }) => status)).toEqual(Array(3).fill("rejected"));
  expect(commits).toEqual([["before"], ["a", "away", "c"]]);
});

test("behind a group that hangs the next is led on, and who has joined one that hangs goes alone", async () => {
  const { commits, write, end } = openDatabase();
  const hanging = write("a");
  await settle();
  const next = [write("b"), write("c")];
  await vi.advanceTimersByTimeAsync(100);
  expect(commits).toEqual([["a"], ["b", "c"]]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(commits.slice(2)).toEqual([["c"]]);
  await end();
  expect(await Promise.all([hanging, ...next])).toEqual(["a!", "b!", "c!"]);
});
