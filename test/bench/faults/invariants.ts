/** What must hold for each log at the end of a program. Each invariant names what broke it, or nothing. Pure. */
import type { Received } from "../../support/receiver-server.ts";
import type { LogHistory } from "./history.ts";
import { RETRY_AFTER_SECONDS } from "./program.ts";
import { deliveryOf, isAccepted, keyOf, keyOfEntry, repeated } from "./requests.ts";
import { SENDING_INVARIANTS } from "./sending-invariants.ts";

type Invariant = (call: LogHistory) => string[];

const entriesOf = ({ log }: LogHistory) => log?.metadata ?? [];

/** Citations may be in the call's log; both logs are judged together elsewhere. */
const whatWasAcceptedEnds: Invariant = ({ event, log, asked }) => {
  const accepted = asked.filter((one) => isAccepted(one) && one.kind !== "erase");
  if (log === undefined)
    return event === "citations" || accepted.length === 0
      ? []
      : ["a request was accepted and there is no log"];
  const ended = log.url === null ? ["no_webhook"] : ["delivered", "failed", "disabled"];
  if (log.url === null && accepted.some(({ kind }) => kind === "resend" || kind === "create"))
    return ["it was sent without a URL"];
  return ended.includes(log.status) && log.next_attempt_at === null
    ? []
    : [`it came to rest as ${log.status}`];
};

const whatIsDeliveredArrived: Invariant = ({ log, received }) => {
  if (log?.status !== "delivered") return [];
  const arrived = received.some(
    (request) => deliveryOf(request) === log.delivery_id && request.status === 200,
  );
  return arrived ? [] : ["it is delivered, and its delivery never arrived"];
};

const entriesSayWhatWasAnswered: Invariant = (call) =>
  entriesOf(call).flatMap((entry) => {
    const { response_code } = entry;
    const requests = call.received.filter((request) => keyOf(request) === keyOfEntry(entry));
    if (response_code === null || requests.some(({ status }) => status === response_code)) return [];
    return [`entry ${keyOfEntry(entry)} has ${response_code}, which was never answered to it`];
  });

const eachAttemptStandsOnce: Invariant = (call) =>
  repeated(entriesOf(call).map(keyOfEntry)).map((key) => `attempt ${key} stands twice`);

const attemptsAreCounted: Invariant = (call) => {
  const { log } = call;
  const deliveries = Map.groupBy(entriesOf(call), ({ delivery_id }) => delivery_id);
  const gaps = [...deliveries].flatMap(([id, entries]) => {
    const attempts = entries.map(({ attempt }) => attempt);
    return attempts.every((attempt, index) => attempt === index + 1)
      ? []
      : [`delivery ${id} has the attempts ${attempts}`];
  });
  const current = deliveries.get(log?.delivery_id ?? "")?.length ?? 0;
  return current === (log?.attempts ?? 0)
    ? gaps
    : [...gaps, `the log counts ${log?.attempts} attempts and has ${current}`];
};

/**
 * A resend joins a delivery that has not made its first attempt. Unless that one is parked or failed in its last
 * round, it is not replaced.
 */
const everyDeliveryBeganWithAnAttempt: Invariant = (call) => {
  const { log, mayBeParked, wornOut } = call;
  if (log === undefined || mayBeParked) return [];
  const begun = new Set(entriesOf(call).map(({ delivery_id }) => delivery_id));
  return begun.size <= log.delivery_ordinal && begun.size >= log.delivery_ordinal - wornOut
    ? []
    : [`of ${log.delivery_ordinal} deliveries ${begun.size} made an attempt`];
};

/** Nothing follows a success, and a log is delivered exactly if its last entry is one. */
const entriesExplainTheStatus: Invariant = (call) => {
  const { log } = call;
  const deliveries = Map.groupBy(entriesOf(call), ({ delivery_id }) => delivery_id);
  const followed = [...deliveries.values()].flatMap((entries) =>
    entries.slice(0, -1).flatMap((entry) => (entry.error === null ? [`${keyOfEntry(entry)} succeeded`] : [])),
  );
  const last = deliveries.get(log?.delivery_id ?? "")?.at(-1);
  if (last === undefined || (last.error === null) === (log?.status === "delivered")) return followed;
  return [...followed, `it is ${log?.status} after an attempt that came to ${last.error}`];
};

const entriesAreInOrder: Invariant = (call) => {
  // A run with old reads and a new object do not know of entries in between.
  if (call.stalls > 0 && call.objectLosses > 0) return [];
  return entriesOf(call).flatMap((entry, index, entries) => {
    const before = entries[index - 1];
    return before === undefined || before.sent_at < entry.sent_at
      ? []
      : [`entries ${keyOfEntry(before)} and ${keyOfEntry(entry)} were both sent at ${entry.sent_at}`];
  });
};

const entriesStandInTheOrderTheyWereSentIn: Invariant = (call) => {
  if (call.objectLosses > 0) return [];
  const arrived = call.received.map(keyOf);
  const positions = entriesOf(call)
    .filter(({ error }) => error !== "interrupted")
    .map((entry) => arrived.indexOf(keyOfEntry(entry)));
  return positions.every((position, index) => index === 0 || position > (positions[index - 1] ?? -1))
    ? []
    : [`the entries arrived in the order ${positions}`];
};

/** How early a retry may come: a message's tolerance, and two clocks that are off. */
const EARLY_LIMIT_MS = 6_000;

const retriesComeNoEarlierThanAsked: Invariant = (call) =>
  entriesOf(call).flatMap((entry, index, entries) => {
    const retry = entries[index + 1];
    if (entry.response_code !== 503 || retry?.delivery_id !== entry.delivery_id) return [];
    const waitMs = Date.parse(retry.sent_at) - Date.parse(entry.sent_at);
    return waitMs >= RETRY_AFTER_SECONDS * 1_000 - EARLY_LIMIT_MS
      ? []
      : [`${keyOfEntry(retry)} was sent after ${waitMs} ms`];
  });

const whatWasSentStandsInTheLog: Invariant = (call) => {
  const { log, received, objectLosses, messageLosses, stalls } = call;
  const recorded = new Set(entriesOf(call).map(keyOfEntry));
  // An attempt of a replaced delivery that is under way is known to its object and its message only. A stalled run
  // has lost its messages to others, who ack what it has yet to send. An attempt to an endpoint that was disabled,
  // known only to its object, is found there or made again when the endpoint is enabled. A delivery that failed in its
  // last round is not sent again.
  const isForgiven = (request: Received) =>
    deliveryOf(request) === log?.delivery_id
      ? (log.status === "disabled" || log.reason === "dead_letter") && objectLosses + stalls > 0
      : objectLosses + messageLosses + stalls > 0;
  return received
    .filter((request) => !recorded.has(keyOf(request)) && !isForgiven(request))
    .map((request) => `${keyOf(request)} was sent and is not in the log`);
};

/** A lost object takes with it all attempts that nobody asked after: several, if a delivery was replaced. */
const noMoreIsSentThanIsAccountedFor: Invariant = (call) => {
  const { received, unheard, crashes } = call;
  const heard = received.length - unheard.length;
  const accounted = entriesOf(call).filter(({ error }) => error !== "interrupted").length + crashes;
  return heard <= accounted
    ? []
    : [`${heard} requests' outcomes were heard, and ${accounted} are accounted for`];
};

const onlyWhatIsLostIsUnheard: Invariant = (call) => {
  const { unheard, objectLosses, messageLosses, stalls, failedAsks } = call;
  if (objectLosses + messageLosses + stalls > 0) return [];
  const askedInVain = failedAsks.map(keyOfEntry);
  return unheard
    .filter((request) => !askedInVain.includes(keyOf(request)))
    .map((request) => `nobody heard of ${keyOf(request)}, and nothing was lost`);
};

/** An attempt that its object rejects is asked for twice more, and then recorded. */
const ASKS_LIMIT = 3;

/** A round that could not be recorded is repeated. */
const whatIsLostIsRepeatedTwice: Invariant = ({ failedAsks, crashes }) =>
  [...Map.groupBy(failedAsks, keyOfEntry)].flatMap(([key, { length }]) =>
    length <= ASKS_LIMIT + crashes ? [] : [`${key} was asked for ${length} times, all in vain`],
  );

/** An attempt that was given up, because its endpoint is disabled or in its last round, is not repeated. */
const onlyWhatIsLostIsInterrupted: Invariant = (call) =>
  entriesOf(call).flatMap((entry) => {
    if (entry.error !== "interrupted") return [];
    const { length } = call.failedAsks.filter((key) => keyOfEntry(key) === keyOfEntry(entry));
    return length >= (call.mayBeParked || call.wornOut > 0 ? 1 : ASKS_LIMIT)
      ? []
      : [`${keyOfEntry(entry)} is interrupted, and was asked for ${length} times in vain`];
  });

/** A schedule of the programs' variables has this many attempts. */
const SCHEDULE_ATTEMPTS = 3;

const onlyWhatWasNotSparedUsesUpASchedule: Invariant = ({ log, spared }) => {
  if (log?.reason !== "attempts_exhausted") return [];
  return log.attempts - spared === SCHEDULE_ATTEMPTS
    ? []
    : [`it ended after ${log.attempts} attempts, of which ${spared} were spared`];
};

const nothingIsDueWithoutItsPayload: Invariant = ({ dueWithoutPayload }) =>
  dueWithoutPayload === 0 ? [] : ["it was due although its payload was erased"];

const INVARIANTS = {
  whatWasAcceptedEnds,
  whatIsDeliveredArrived,
  entriesSayWhatWasAnswered,
  eachAttemptStandsOnce,
  attemptsAreCounted,
  everyDeliveryBeganWithAnAttempt,
  entriesExplainTheStatus,
  entriesAreInOrder,
  entriesStandInTheOrderTheyWereSentIn,
  retriesComeNoEarlierThanAsked,
  whatWasSentStandsInTheLog,
  noMoreIsSentThanIsAccountedFor,
  onlyWhatIsLostIsUnheard,
  whatIsLostIsRepeatedTwice,
  onlyWhatIsLostIsInterrupted,
  onlyWhatWasNotSparedUsesUpASchedule,
  nothingIsDueWithoutItsPayload,
};

/** What was broken in a log, each with the invariant's name. Of an erased one only what was sent can be judged. */
export const brokenInLog = (history: LogHistory): string[] =>
  Object.entries({ ...(history.isErased ? {} : INVARIANTS), ...SENDING_INVARIANTS }).flatMap(
    ([name, invariant]) => invariant(history).map((what) => `${name}: ${history.event}: ${what}`),
  );
