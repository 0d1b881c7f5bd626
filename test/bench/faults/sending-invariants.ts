/** What must hold of what was sent, whatever became of its log. Each invariant names what broke it, or nothing. Pure. */
import type { LogHistory } from "./history.ts";
import {
  byObject,
  deliveryOf,
  keyOf,
  keyOfEntry,
  mayHaveActed,
  oncePerKey,
  repeated,
  variantOf,
} from "./requests.ts";

type Invariant = (call: LogHistory) => string[];

/** A log's bytes are fixed from its first request on, and stay the same when it does not have them any more. */
const whatIsSentIsTheLogsPayload: Invariant = ({ log, received }) => {
  const content = log?.payload ?? received[0]?.body;
  return received
    .filter(({ body }) => body !== content)
    .map(({ body }) => `${body} was sent, and the log has ${content}`);
};

const anObjectSendsAnAttemptOnce: Invariant = (call) =>
  byObject(call).flatMap(([object, requests]) =>
    repeated(requests.map(keyOf)).map((key) => `${object} sent ${key} again`),
  );

const anObjectSendsNothingThatWasReplaced: Invariant = (call) =>
  byObject(call).flatMap(([object, requests]) => {
    const deliveries = requests.map(deliveryOf).filter((id, index, all) => id !== all[index - 1]);
    return repeated(deliveries).map((id) => `${object} sent ${id} again after a newer delivery`);
  });

const nothingIsSentForWhatWasRefused: Invariant = ({ asked, received }) => {
  const acted = asked.filter((one) => mayHaveActed(one) && !one.isReplayed);
  const limits = {
    spawn: Math.min(1, acted.filter(({ kind }) => kind === "report" || kind === "cite").length),
    create: Math.min(1, acted.filter(({ kind }) => kind === "create").length),
    resend: oncePerKey(acted.filter(({ kind }) => kind === "resend")).length,
  };
  const tooMany = Object.entries(limits).flatMap(([sendType, limit]) => {
    const requests = received.filter(({ headers }) => headers["x-postcall-send-type"] === sendType);
    const { size } = new Set(requests.map(deliveryOf));
    return size <= limit ? [] : [`${size} deliveries by ${sendType}, and ${limit} were asked for`];
  });
  const variants = acted
    .filter(({ kind }) => kind === "report" || kind === "cite")
    .map(({ variant }) => variant);
  const foreign = received.filter((request) => !variants.includes(variantOf(request)));
  return [...tooMany, ...foreign.map(({ body }) => `${body} was sent, and was never accepted`)];
};

const nothingIsSentThatIsKnownNotToBeRecorded: Invariant = ({ sentInVain }) =>
  sentInVain.map((key) => `${keyOfEntry(key)} was sent by an isolate that could not write`);

/** But for the first attempt of a manual send. */
const nothingIsSentToAnEndpointThatWasReadAsPaused: Invariant = ({ sentToPaused }) =>
  sentToPaused
    .filter(({ send_type, attempt }) => send_type === "spawn" || attempt > 1)
    .map((key) => `${keyOfEntry(key)} was sent, and its endpoint was read as paused`);

/** But for what its batch had read before. */
const nothingIsSentForASuspendedOrg: Invariant = ({ sentWhileSuspended }) =>
  sentWhileSuspended.map((key) => `${keyOfEntry(key)} was sent, and its org was suspended`);

export const SENDING_INVARIANTS = {
  whatIsSentIsTheLogsPayload,
  anObjectSendsAnAttemptOnce,
  anObjectSendsNothingThatWasReplaced,
  nothingIsSentForWhatWasRefused,
  nothingIsSentThatIsKnownNotToBeRecorded,
  nothingIsSentToAnEndpointThatWasReadAsPaused,
  nothingIsSentForASuspendedOrg,
};
