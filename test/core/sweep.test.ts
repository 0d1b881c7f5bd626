/** A sweep with more to do than it can: it stays within what D1 takes of one invocation, and the next one goes on. */
import { expect, test, vi } from "vitest";
import { type SweepVerbs, sweep } from "../../src/queue/sweep.ts";
import { keyOf } from "./samples.ts";

/** The queries that D1 takes of one invocation, from its list of limits. */
const D1_QUERIES = 1_000;
/** The most queries that each verb makes: `record` holds them. */
const QUERIES = {
  tryWrite: 2,
  walk: 6,
  readOverdue: 1,
  claim: 1,
  wakeUnsuspended: 4,
  readLateWakes: 1,
  forget: 4,
  eraseOrg: 125,
  removeActs: 4,
  remove: 81,
  eraseContents: 60,
  removeExpired: 3,
  countUsage: 32,
  reencrypt: 42,
  readLateness: 2,
};

test("a sweep whose backlog has no end makes fewer queries than an invocation may", async () => {
  const keys = (limit: number) =>
    Array.from({ length: limit }, (_, index) => keyOf({ call_id: `call-${index}` }));
  const verbs = {
    tryWrite: vi.fn(async () => {}),
    readSize: vi.fn(async () => 0),
    walk: vi.fn(async () => ({ isAtEnd: false })),
    readOverdue: vi.fn(async (limit: number) => keys(limit)),
    claim: vi.fn(async () => {}),
    enqueue: vi.fn(async () => {}),
    wakeUnsuspended: vi.fn(async () => true),
    readLateWakes: vi.fn(async (limit: number) =>
      Array.from({ length: limit }, (_, index) => ({ user_id: "org", url: `https://crm.example/${index}` })),
    ),
    enqueueWakes: vi.fn(async () => {}),
    forget: vi.fn(async () => 0),
    eraseOrg: vi.fn(async () => 0),
    removeActs: vi.fn(async () => 0),
    remove: vi.fn(async () => 0),
    eraseContents: vi.fn(async () => 0),
    removeExpired: vi.fn(async () => {}),
    countUsage: vi.fn(async () => {}),
    reencrypt: vi.fn(async () => null),
    readLateness: vi.fn(async () => ({})),
    print: vi.fn(),
  } satisfies SweepVerbs;
  await sweep(verbs);
  const queries = Object.entries(QUERIES).reduce(
    (sum, [verb, each]) => sum + each * verbs[verb as keyof typeof QUERIES].mock.calls.length,
    0,
  );
  expect(queries).toBeLessThan(D1_QUERIES);
  expect(verbs.walk.mock.calls.length).toBeGreaterThanOrEqual(50); // 50,000 logs, what is reported in a minute and more
  expect(verbs.readOverdue).toHaveBeenCalledTimes(100);
  expect(verbs.print).toHaveBeenCalledWith(expect.objectContaining({ swept: 10_000, woken: 1_000 }));
});
