/** What must hold for the requests to the API of a program. Each invariant names what broke it, or nothing. Pure. */
import type { Asked } from "./asking.ts";
import { haveSameKey, isAccepted, repeated } from "./requests.ts";
import type { Seen } from "./seen.ts";

type Invariant = (asked: readonly Asked[]) => string[];

/** Whether it was answered so, or could not be: something went wrong with it, or the org was suspended. */
const isAnswered = ({ status, isPlain }: Asked, expected: readonly number[]): boolean =>
  status === null || status >= 500 ? !isPlain : status === 403 || expected.includes(status);

const textOf = ({ kind, calls, key, status }: Asked): string =>
  `${kind} ${calls.join(" and ")}${key === null ? "" : ` with key ${key}`} was answered ${status}`;

const isOf = (calls: readonly string[], is: boolean) => (log: { call: string }) =>
  calls.includes(log.call) === is;

/** Whether the record had these logs, all of them or all others of the calls, unchanged before and after. */
const areSame = (
  { before, after }: { before: Seen; after: Seen },
  ofWhich: (log: { call: string }) => boolean,
) => JSON.stringify(before.logs.filter(ofWhich)) === JSON.stringify(after.logs.filter(ofWhich));

/** What follows an erasure's answer. */
const ANSWERS_OF_ERASED: Partial<Record<Asked["kind"], readonly number[]>> = {
  report: [409, 422], // a URL that may not be called is refused first
  cite: [409],
  release: [404],
  resend: [400],
  create: [400],
  erase: [200],
};

const nothingIsTakenOfAnErasedCall: Invariant = (asked) =>
  asked.flatMap((erasure) => {
    const { kind, status, ended, calls } = erasure;
    if (kind !== "erase" || status !== 200) return [];
    return asked
      .filter((one) => one.began > (ended ?? 0) && one.calls.some((call) => calls.includes(call)))
      .filter((one) => one.key === null)
      .filter((one) => !isAnswered(one, ANSWERS_OF_ERASED[one.kind] ?? []))
      .map((one) => `${textOf(one)} after its erasure`);
  });

const erasingChangesNothingElse: Invariant = (asked) =>
  asked.flatMap((one) => {
    const { kind, calls, seen, status } = one;
    if (kind !== "erase" || seen === null) return [];
    const hasChanged = !areSame(seen, isOf(calls, false)) || seen.before.rest !== seen.after.rest;
    const isLeft = status === 200 && seen.after.logs.some(isOf(calls, true));
    const isRefused = status !== null && status >= 400 && status < 500;
    return [
      ...(hasChanged ? [`${textOf(one)}, and something else has changed`] : []),
      ...(isLeft ? [`${textOf(one)}, and it is still there`] : []),
      ...(isRefused && !areSame(seen, isOf(calls, true)) ? [`${textOf(one)}, and it was erased`] : []),
    ];
  });

/** If its write was repeated, a release can't know whether the first try has ended the hold. */
const onlyWhatIsHeldIsReleased: Invariant = (asked) =>
  asked.flatMap((one) => {
    const { kind, calls, seen, isPlain } = one;
    if (kind !== "release" || seen === null) return [];
    const log = seen.before.logs.find(({ call, event }) => event === "call" && calls.includes(call));
    const expected = log === undefined ? 404 : log.status === "held" ? 200 : 409;
    const isWrong = !isAnswered(one, isPlain || expected === 404 ? [expected] : [200, 409]);
    const hasChanged = log?.status !== "held" && !areSame(seen, () => true);
    return [
      ...(isWrong ? [`${textOf(one)}, and its log was ${log?.status}`] : []),
      ...(hasChanged ? [`${textOf(one)}, and it has changed a log that was ${log?.status}`] : []),
    ];
  });

/** All deliveries that requests with the same key have started. Equal requests at once share what they started. */
const aKeyStartsOneDelivery: Invariant = (asked) =>
  asked.flatMap((one, index) => {
    const same = asked.filter((other) => haveSameKey(one, other));
    if (one.key === null || same[0] !== asked[index]) return [];
    const started = [...new Set(same.map((other) => other.started))].flat();
    return repeated(started).map((call_id) => `${textOf(one)}, and that key has sent ${call_id} again`);
  });

const aRepeatedAnswerSendsNothing: Invariant = (asked) =>
  asked.flatMap((one) => {
    const isAlone = asked.filter(({ started }) => started === one.started).length === 1;
    if (!one.isReplayed || !isAlone || one.seen === null) return [];
    const { before, after } = one.seen;
    return areSame(one.seen, () => true) && before.messages === after.messages
      ? []
      : [`${textOf(one)} as repeated, and it has sent something`];
  });

/** Once a request was answered, another one with its key is a repetition, or refused because it asks for something else. */
const aKeyIsRemembered: Invariant = (asked) =>
  asked.flatMap((one) => {
    const first = asked.find((other) => isAccepted(other) && haveSameKey(one, other));
    if (!one.isPlain || first === undefined || one.began < (first.ended ?? 0)) return [];
    const isSame = String(one.calls) === String(first.calls);
    const isRight = isSame ? one.isReplayed : one.status === 409;
    return isRight || one.status === 403 ? [] : [`${textOf(one)}, and that key was used before`];
  });

const nothingIsResentWithoutItsPayload: Invariant = (asked) =>
  asked.flatMap((one) => {
    if (one.kind !== "resend" || !isAccepted(one) || one.isReplayed || one.seen === null) return [];
    const erased = one.seen.before.logs.filter(
      ({ call, event, payload_erased_at }) =>
        event === "call" && payload_erased_at !== null && one.calls.includes(call),
    );
    // Of equal requests at the same time one may be repeated.
    return erased.map(({ call }) => `${textOf(one)}, and the payload of ${call} was erased`);
  });

const INVARIANTS = {
  nothingIsTakenOfAnErasedCall,
  erasingChangesNothingElse,
  onlyWhatIsHeldIsReleased,
  aKeyStartsOneDelivery,
  aRepeatedAnswerSendsNothing,
  aKeyIsRemembered,
  nothingIsResentWithoutItsPayload,
};

/** What was broken by requests, each with the invariant's name. */
export const brokenInRequests = (asked: readonly Asked[]): string[] =>
  Object.entries(INVARIANTS).flatMap(([name, invariant]) =>
    invariant(asked).map((what) => `${name}: ${what}`),
  );
