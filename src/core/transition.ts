/** Computes a log's next state from an attempt. Pure: `now` and `random` are arguments. */
import { backoffSeconds, RETRY_AFTER_LIMIT_SECONDS } from "./backoff.ts";
import { classify } from "./classify.ts";
import type { AttemptEntry, LogStatus } from "./webhook-log.ts";

/** The part of a log that an attempt changes. */
export interface NextState {
  status: Extract<LogStatus, "delivered" | "retrying" | "failed">;
  reason: string | null;
  next_attempt_at: number | null;
  sweep_at: number | null;
  /** If not null, the log is parked at this place, and is due at the times above only if its endpoint is forgotten. */
  parked: number | null;
  /** The failures of its trials in a row; null if its next attempt is none. */
  trials: number | null;
  /** 1 if the attempt used up no step of the schedule. */
  spared: 0 | 1;
}

export interface RetryRules {
  retryScheduleMs: readonly number[];
  sweepGraceMs: number;
}

/** After this many trials that failed in a row, a call waits behind the others. */
export const TRIALS_IN_A_ROW = 3;
/** When a trial that can't be parked is due again, if its schedule has no waits. */
const NO_SCHEDULE_SECONDS = 60;

/** What a log knows of its attempts besides their number. */
export interface Progress {
  created_at: number;
  /** Not null: the attempt is a trial, a probe or one that was released after its call was parked. */
  trials: number | null;
  /** How many attempts of the delivery used up no step of the schedule. */
  spared: number | null;
}

/** The state after the `attempt`th attempt of the current delivery ended with `entry`. */
export function afterAttempt(input: {
  entry: AttemptEntry;
  attempt: number;
  log: Progress;
  rules: RetryRules;
  now: number;
  random: number;
}): NextState {
  const { entry, attempt, log, rules, now, random } = input;
  const ended = { next_attempt_at: null, sweep_at: null, parked: null, trials: null, spared: 0 } as const;
  const verdict = classify(entry, now);
  switch (verdict.kind) {
    case "delivered":
      return { status: "delivered", reason: null, ...ended };
    case "give_up":
      return { status: "failed", reason: verdict.reason, ...ended };
    case "retry": {
      const { retryAfterSeconds } = verdict;
      const step = attempt - (log.spared ?? 0);
      const backoff = { scheduleMs: rules.retryScheduleMs, retryAfterSeconds, random };
      if (log.trials !== null) {
        const scheduled = backoffSeconds({ ...backoff, attempt: Math.max(1, step - 1) });
        const asked = Math.min(retryAfterSeconds ?? 0, RETRY_AFTER_LIMIT_SECONDS);
        const wait = scheduled ?? Math.max(NO_SCHEDULE_SECONDS, asked);
        const due = dueAt(now + wait * 1_000, rules);
        return { status: "retrying", reason: null, ...due, ...afterTrial(log, { now, retryAfterSeconds }) };
      }
      const wait = backoffSeconds({ ...backoff, attempt: step });
      if (wait === null) return { status: "failed", reason: "attempts_exhausted", ...ended };
      return { ...ended, status: "retrying", reason: null, ...dueAt(now + wait * 1_000, rules) };
    }
  }
}

/**
 * A trial that failed is parked again. If its receiver asked for a wait it is due after that instead, and its next
 * attempt is no trial.
 */
function afterTrial(
  { created_at, trials }: Progress,
  { now, retryAfterSeconds }: { now: number; retryAfterSeconds: number | null },
): Pick<NextState, "parked" | "trials" | "spared"> {
  if (retryAfterSeconds !== null) return { parked: null, trials: null, spared: 1 };
  const failed = (trials ?? 0) + 1;
  const isBehind = failed % TRIALS_IN_A_ROW === 0;
  return { parked: isBehind ? Math.max(now, created_at) : created_at, trials: failed, spared: 1 };
}

/** A delivery fails in this round if the consumer could not process its attempt in any: after about four hours. */
const FAULT_LIMIT = 10;
const FIRST_FAULT_MS = 60_000;
const LONGEST_FAULT_MS = 3_600_000;

/** The part of a log that changes when the consumer could not process the due attempt. */
export interface FaultState {
  status: Extract<LogStatus, "pending" | "retrying" | "failed">;
  reason: string;
  faults: number;
  next_attempt_at: number | null;
  sweep_at: number | null;
}

/**
 * The state after one more such round. `reason` says why. The attempt is due again after a minute, then after twice
 * as long, up to an hour.
 */
export function afterFault(input: {
  attempts: number;
  faults: number;
  reason: string;
  rules: Pick<RetryRules, "sweepGraceMs">;
  now: number;
}): FaultState {
  const { reason, rules, now } = input;
  const faults = input.faults + 1;
  if (faults >= FAULT_LIMIT)
    return { status: "failed", reason, faults, next_attempt_at: null, sweep_at: null };
  const pause = Math.min(FIRST_FAULT_MS * 2 ** (faults - 1), LONGEST_FAULT_MS);
  return {
    status: input.attempts === 0 ? "pending" : "retrying",
    reason,
    faults,
    ...dueAt(now + pause, rules),
  };
}

/** The two times of a log whose next attempt is due at `at`: the schedule's, and when the sweep takes it as late. */
export const dueAt = (at: number, rules: Pick<RetryRules, "sweepGraceMs">) => ({
  next_attempt_at: at,
  sweep_at: at + rules.sweepGraceMs,
});

/** The sweep enqueues the same attempt again at doubling intervals, up to this one. */
export const SWEEP_INTERVAL_LIMIT_MS = 3_600_000;

/** The `sent_at` of an attempt: after that of the entry before it, whatever the clocks say. */
export const nextSentAt = (now: number, lastSentAt: number | null): number =>
  lastSentAt === null ? now : Math.max(now, lastSentAt + 1);
