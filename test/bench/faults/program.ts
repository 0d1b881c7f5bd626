/** A fault program: the steps of reporters, receivers, queue and clock, and the faults. Data; runs nothing. */

/** The calls a program knows: `c` is reported only by steps that need one of their own, and the last one never. */
export const CALLS = ["a", "b", "c", "unknown"] as const;
export type CallName = (typeof CALLS)[number];

/**
 * A fault at the `at`th operation of a run on a binding (a statement, a queue's send, a call to an object), before or
 * after it took effect.
 * - `fail`: it rejects, and an object is lost.
 * - `late`: it rejects; a statement takes effect long afterwards, and an object fails to make the attempt but lives
 *   on.
 * - `kill`: the run ends there.
 * - `stall`: the run stops there and goes on after a `wake`.
 */
export interface Fault {
  at: number;
  when: "before" | "after";
  what: "fail" | "late" | "kill" | "stall";
}

/** The faults of one run. `skewMs`: how far its clock is off. `isolate`: whose memory it shares; the first where none. */
export interface Luck {
  faults: readonly Fault[];
  skewMs: number;
  isolate?: number;
}

export type Step =
  /** A held one has its webhook wait for citations. */
  | {
      kind: "report";
      call: CallName;
      to: "receiver" | "nobody" | "forbidden";
      isToBeHeld: boolean;
      variant: number;
      luck: Luck;
    }
  /** The call's citations; null: there are none. */
  | { kind: "cite"; call: CallName; variant: number | null; luck: Luck }
  /** With `key` so many equal requests at once, each with that Idempotency-Key. */
  | {
      kind: "resend" | "create";
      calls: readonly CallName[];
      luck: Luck;
      key?: { name: string; times: number };
    }
  /** Ends a hold by hand. */
  | { kind: "release"; call: CallName; luck: Luck }
  /** `isRepeated`: whether it is asked again at the end, if it got no answer. */
  | { kind: "erase"; call: CallName; isRepeated: boolean; luck: Luck }
  /** Whether payloads are to go once they are delivered. */
  | { kind: "erase_delivered"; on: boolean; luck: Luck }
  /** What the operator does to the org. */
  | { kind: "suspend" | "unsuspend"; luck: Luck }
  /** Without `redeliver` the calls that wait for the endpoint end. */
  | { kind: "enable"; redeliver: boolean; luck: Luck }
  | { kind: "pause"; luck: Luck }
  | { kind: "probe"; luck: Luck }
  /** Attempts a second that the endpoint may get; null: any number. */
  | { kind: "limit"; rate: number | null; luck: Luck }
  | { kind: "sweep"; luck: Luck }
  /** The messages that come first, once they are due. */
  | { kind: "deliver_due"; luck: Luck }
  /** Messages out of order, early or late. */
  | { kind: "deliver_some"; picks: readonly number[]; luck: Luck }
  /** Messages that their lane gives up on. Before that, their logs have had at least so many rounds. */
  | { kind: "give_up"; picks: readonly number[]; rounds: number; luck: Luck }
  | { kind: "lose" | "repeat"; pick: number }
  /** The database refuses writes from now on, as one that is full, or takes them again. */
  | { kind: "refuse_writes" | "take_writes" }
  /** The floor of the sweep's walk is gone, or as it was an hour ago. */
  | { kind: "lose_floor" | "age_floor" }
  | { kind: "pass"; seconds: number }
  /** Objects that do nothing are evicted. */
  | { kind: "forget" }
  /** The receiver answers the requests that it kept waiting. */
  | { kind: "answer" }
  /** Runs that were stalled go on. */
  | { kind: "wake" };

/** A receiver that answers 503 asks for this long a wait. */
export const RETRY_AFTER_SECONDS = 60;

/** One answer of the receiver; the last one is given to all further requests. */
export interface ReceiverAnswer {
  status: number;
  isHeld: boolean;
}

export interface Program {
  answers: readonly ReceiverAnswer[];
  steps: readonly Step[];
}
