/**
 * The soak's accounts: compares every accepted call with its log and with what its receiver got. Plain data in,
 * figures out; no I/O, no clock.
 */

/** The members of a log that the accounts look at. */
export interface Log {
  call_id: string;
  status: string;
  metadata: { delivery_id: string; attempt: number; response_code: number | null }[];
}

/** An accepted call, how it has to end, and its log at the end (null if there is none). */
export interface Accepted {
  call_id: string;
  ends: "delivered" | "failed";
  log: Log | null;
}

export interface Account {
  accepted: number;
  delivered: number;
  failed: number;
  /** Calls that are in no log, are still due long after, or read `delivered` although the receiver got nothing. */
  lost: string[];
  /** Arrivals beyond one for each recorded attempt. */
  duplicates: number;
  /** Contradictions between a call's log and its receiver, a sentence each. */
  unaccounted: string[];
}

const isDue = ({ status }: Log): boolean => status === "pending" || status === "retrying";

/** `arrivals`: how often each attempt arrived, by `call id/delivery/number`. */
export function account(calls: readonly Accepted[], arrivals: Readonly<Record<string, number>>): Account {
  const total = Object.values(arrivals).reduce((sum, times) => sum + times, 0);
  const logs = calls.flatMap(({ log }) => log ?? []);
  const recordedArrivals = logs.flatMap(attemptKeys).filter((key) => (arrivals[key] ?? 0) > 0).length;
  return {
    accepted: calls.length,
    delivered: logs.filter(({ status }) => status === "delivered").length,
    failed: logs.filter(({ status }) => status === "failed").length,
    lost: calls.filter((call) => isLost(call, arrivals)).map(({ call_id }) => call_id),
    duplicates: total - recordedArrivals,
    unaccounted: [...calls.flatMap((call) => contradictions(call, arrivals)), ...strangers(calls, arrivals)],
  };
}

const attemptKeys = ({ call_id, metadata }: Log): string[] =>
  metadata.map(({ delivery_id, attempt }) => `${call_id}/${delivery_id}/${attempt}`);

function isLost({ log }: Accepted, arrivals: Readonly<Record<string, number>>): boolean {
  if (log === null || isDue(log)) return true;
  return log.status === "delivered" && !attemptKeys(log).some((key) => (arrivals[key] ?? 0) > 0);
}

function contradictions(
  { call_id, ends, log }: Accepted,
  arrivals: Readonly<Record<string, number>>,
): string[] {
  if (log === null) return [];
  const ending =
    isDue(log) || log.status === ends ? [] : [`${call_id} is ${log.status} and had to be ${ends}`];
  const keys = attemptKeys(log);
  const twice = keys.length === new Set(keys).size ? [] : [`${call_id} has an attempt twice in its log`];
  const unheard = log.metadata.flatMap(({ response_code }, index) =>
    response_code !== null && (arrivals[keys[index] ?? ""] ?? 0) === 0
      ? [`${keys[index]} is recorded as answered ${response_code} and never arrived`]
      : [],
  );
  return [...ending, ...twice, ...unheard];
}

function strangers(calls: readonly Accepted[], arrivals: Readonly<Record<string, number>>): string[] {
  const known = new Set(calls.map(({ call_id }) => call_id));
  const unknown = Object.keys(arrivals).filter((key) => !known.has(key.split("/")[0] ?? ""));
  return unknown.map((key) => `${key} arrived and was never accepted`);
}
