/** From an attempt to the log's next state. Pure: `now` and `random` are arguments. */
import { backoffSeconds } from "./backoff.ts";
import { classify } from "./classify.ts";
import type { AttemptEntry, LogStatus } from "./webhook-log.ts";

/** The part of a log that an attempt changes. */
export interface NextState {
  status: Extract<LogStatus, "delivered" | "retrying" | "failed">;
  reason: string | null;
  next_attempt_at: number | null;
  sweep_at: number | null;
}

export interface RetryRules {
  retryScheduleMs: readonly number[];
  sweepGraceMs: number;
}

/** The state after the `attempt`th attempt of the current delivery came to `entry`. */
export function afterAttempt(input: {
  entry: AttemptEntry;
  attempt: number;
  rules: RetryRules;
  now: number;
  random: number;
}): NextState {
  const { entry, attempt, rules, now, random } = input;
  const settled = { next_attempt_at: null, sweep_at: null };
  const verdict = classify(entry, now);
  switch (verdict.kind) {
    case "delivered":
      return { status: "delivered", reason: null, ...settled };
    case "give_up":
      return { status: "failed", reason: verdict.reason, ...settled };
    case "retry": {
      const { retryAfterSeconds } = verdict;
      const wait = backoffSeconds({ scheduleMs: rules.retryScheduleMs, attempt, retryAfterSeconds, random });
      if (wait === null) return { status: "failed", reason: "attempts_exhausted", ...settled };
      return { status: "retrying", reason: null, ...dueAt(now + wait * 1_000, rules) };
    }
  }
}

/** The two times of a log whose next attempt is due at `at`: the schedule's, and when the sweep takes it as late. */
export const dueAt = (at: number, rules: Pick<RetryRules, "sweepGraceMs">) => ({
  next_attempt_at: at,
  sweep_at: at + rules.sweepGraceMs,
});

/** The sweep takes the same log again after twice the time it is late by now, an hour later at most. */
export const SWEEP_INTERVAL_LIMIT_MS = 3_600_000;

/** Where an attempt stands in its log: after the entry before it, whatever the clocks say. */
export const nextSentAt = (now: number, lastSentAt: number | null): number =>
  lastSentAt === null ? now : Math.max(now, lastSentAt + 1);
