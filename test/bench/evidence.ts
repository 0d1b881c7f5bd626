/**
 * Checks measurements before they become figures: every count is there, each is as large as the step must have used,
 * and each call arrived as often as it had to. Plain data in, an Error out; no I/O, no clock.
 */

/** What is counted around the service's bindings, as the platform bills it. */
const COUNTS = [
  "rows_read",
  "rows_written",
  "messages", // as they are sent
  "message_retries", // as they are asked for
  "object_requests",
  "object_ms",
  "worker_requests",
  "sweeps",
] as const;

export type Usage = Record<(typeof COUNTS)[number], number>;

/** What requests and batches used, and what the cron did beside them. */
export interface Metered {
  steps: Usage;
  cron: Usage;
}

export const nothing = (): Usage => ({
  ...{ rows_read: 0, rows_written: 0, messages: 0, message_retries: 0 },
  ...{ object_requests: 0, object_ms: 0, worker_requests: 0, sweeps: 0 },
});

export const sum = (one: Usage, other: Usage): Usage => mapCounts((name) => one[name] + other[name]);

/** An answer of `/meter`. Throws where a count is missing. */
export function meteredOf(answer: unknown): Metered {
  const { steps, cron } = (answer ?? {}) as Partial<Record<keyof Metered, Record<string, unknown>>>;
  return { steps: usageOf("steps", steps), cron: usageOf("cron", cron) };
}

const usageOf = (account: keyof Metered, counts: Record<string, unknown> = {}): Usage =>
  mapCounts((name) => demandFinite(`count of ${name} by the ${account}`, counts[name]));

const mapCounts = (countOf: (name: keyof Usage) => number): Usage => {
  const usage = nothing();
  for (const name of COUNTS) usage[name] = countOf(name);
  return usage;
};

/** The value, if it is a usable number. */
export function demandFinite(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Error(`the ${name} is missing: it is ${value}`);
}

/** Throws if a step used less than it must have: then something was not counted. */
export function demandAtLeast(step: string, usage: Usage, least: Partial<Usage>): void {
  for (const name of COUNTS) {
    const minimum = least[name] ?? 0;
    if (usage[name] < minimum)
      throw new Error(`${step}: ${usage[name]} ${name} were counted, and must be at least ${minimum}`);
  }
}

/** Throws if the cron enqueued anything: then it mended a loss, or did a part of what was measured. */
export function demandIdle({ messages }: Usage): void {
  if (messages > 0) throw new Error(`the cron sent ${messages} messages, and had nothing to send`);
}

/** Throws unless these calls arrived and no others, `retried` of them twice and the rest once. */
export function demandArrivals(
  arrivals: Readonly<Record<string, readonly number[]>>,
  callIds: readonly string[],
  retried = 0,
): void {
  const known = new Set(callIds);
  const timesOf = (call_id: string) => arrivals[call_id]?.length ?? 0;
  const wrong = [
    ...callIds.filter((call_id) => timesOf(call_id) < 1 || timesOf(call_id) > (retried > 0 ? 2 : 1)),
    ...Object.keys(arrivals).filter((call_id) => !known.has(call_id)),
  ];
  const [first] = wrong;
  if (first !== undefined)
    throw new Error(
      `${first} arrived ${timesOf(first)} times, and ${wrong.length - 1} other calls as wrongly`,
    );
  const twice = callIds.filter((call_id) => timesOf(call_id) === 2).length;
  if (twice !== retried) throw new Error(`${twice} calls arrived twice, and ${retried} had to`);
}
